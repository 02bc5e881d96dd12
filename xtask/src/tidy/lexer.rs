//! Tells code, comments and string literals of Rust source apart.

#[cfg(test)]
mod tests;

/// Source text three times over, each time with everything but one part blanked out, so that line numbers stay.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) text: String,
    pub(super) code: String,
    pub(super) comments: String,
    /// The contents of string literals and their quotes.
    pub(super) strings: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Literal,
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        let mut lexer = Lexer {
            chars: text.chars().collect(),
            parts: Vec::new(),
        };
        lexer.run();
        let only = |part: Part| {
            let chars = lexer.chars.iter().zip(&lexer.parts);
            chars
                .map(|(&c, &p)| if p == part || c == '\n' { c } else { ' ' })
                .collect()
        };
        Self {
            code: only(Part::Code),
            comments: only(Part::Comment),
            strings: only(Part::Literal),
            text: text.to_owned(),
        }
    }
}

struct Lexer {
    chars: Vec<char>,
    /// What each character seen so far belongs to.
    parts: Vec<Part>,
}

impl Lexer {
    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('/')) => {
                    self.take_until(Part::Comment, |lexer| lexer.peek(0) == Some('\n'))
                }
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string(),
                ('r', Some('"' | '#')) if !self.in_word() => self.raw_string(),
                ('\'', _) => self.quote(),
                _ => self.take(Part::Code, 1),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.parts.len() + ahead).copied()
    }

    fn take(&mut self, part: Part, count: usize) {
        let end = (self.parts.len() + count).min(self.chars.len());
        self.parts.resize(end, part);
    }

    fn take_until(&mut self, part: Part, stop: impl Fn(&Self) -> bool) {
        while self.peek(0).is_some() && !stop(self) {
            self.take(part, 1);
        }
    }

    /// Whether the character before is part of an identifier that goes on here; the prefixes `b` and `c` are not.
    fn in_word(&self) -> bool {
        let at = self.parts.len();
        let before = |back: usize| {
            at.checked_sub(back)
                .and_then(|at| self.chars.get(at))
                .copied()
        };
        match before(1) {
            Some('b' | 'c') => before(2).is_some_and(super::is_word),
            other => other.is_some_and(super::is_word),
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (None, _) => return,
                _ => {
                    self.take(Part::Comment, 1);
                    continue;
                }
            }
            self.take(Part::Comment, 2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.take(Part::Literal, 1);
        loop {
            match self.peek(0) {
                None => return,
                Some('\\') => self.take(Part::Literal, 2),
                Some('"') => return self.take(Part::Literal, 1),
                Some(_) => self.take(Part::Literal, 1),
            }
        }
    }

    /// `r"…"`, `r#"…"#`; `r#name` is an identifier.
    fn raw_string(&mut self) {
        let hashes = self.chars[self.parts.len() + 1..]
            .iter()
            .take_while(|&&c| c == '#')
            .count();
        if self.peek(1 + hashes) != Some('"') {
            return self.take(Part::Code, 1);
        }
        self.take(Part::Literal, 2 + hashes);
        let closes = |lexer: &Self| {
            lexer.peek(0) == Some('"') && (1..=hashes).all(|i| lexer.peek(i) == Some('#'))
        };
        self.take_until(Part::Literal, closes);
        self.take(Part::Literal, 1 + hashes);
    }

    /// A character literal, or else a lifetime.
    fn quote(&mut self) {
        match (self.peek(1), self.peek(2)) {
            (Some('\\'), _) => {
                self.take(Part::Literal, 3);
                self.take_until(Part::Literal, |lexer| lexer.peek(0) == Some('\''));
                self.take(Part::Literal, 1);
            }
            (Some(_), Some('\'')) => self.take(Part::Literal, 3),
            _ => self.take(Part::Code, 1),
        }
    }
}
