//! The position in a name, and the tables that back-references index.

/// How deep names and types may nest. Bounds the stack that a hostile name can take; compilers give up long before.
pub(super) const MAX_DEPTH: usize = 256;

/// How many names can be referred back to: the references are single digits.
const MAX_NAMES: usize = 10;

/// The names that can be referred back to, in the order of their first appearance.
#[derive(Clone, Copy, Default)]
pub(super) struct Names<'a> {
    texts: [&'a [u8]; MAX_NAMES],
    len: usize,
}

impl<'a> Names<'a> {
    pub(super) fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.texts.get(..self.len)?.get(index).copied()
    }

    fn insert(&mut self, text: &'a [u8]) {
        if self.len < MAX_NAMES && !self.texts[..self.len].contains(&text) {
            self.texts[self.len] = text;
            self.len += 1;
        }
    }
}

/// The two tables, which templates keep apart from those around them.
pub(super) struct References<'a> {
    names: Names<'a>,
    parameters: usize,
}

/// What is left to read of a name.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    pub(super) names: Names<'a>,
    parameters: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self {
            rest,
            names: Names::default(),
            parameters: 0,
            depth: 0,
        }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// What was read since `start` was the rest.
    pub(super) fn since(&self, start: &'a [u8]) -> &'a [u8] {
        &start[..start.len() - self.rest.len()]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    pub(super) fn at(&self, prefix: &[u8]) -> bool {
        self.rest.starts_with(prefix)
    }

    pub(super) fn at_digit(&self) -> bool {
        self.peek().is_some_and(|byte| byte.is_ascii_digit())
    }

    /// Reads `prefix` if it comes next.
    pub(super) fn eat(&mut self, prefix: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Reads any one of `prefixes` if it comes next.
    pub(super) fn eat_any(&mut self, prefixes: &[&[u8]]) -> bool {
        prefixes.iter().any(|prefix| self.eat(prefix))
    }

    /// Reads `prefix`, or fails.
    pub(super) fn expect(&mut self, prefix: &[u8]) -> Option<()> {
        self.eat(prefix).then_some(())
    }

    /// Reads one byte of `set`, or fails.
    pub(super) fn one_of(&mut self, set: &[u8]) -> Option<u8> {
        self.next().filter(|byte| set.contains(byte))
    }

    /// Reads up to the next `@` and drops that.
    pub(super) fn until_at(&mut self) -> Option<&'a [u8]> {
        let length = self.rest.iter().position(|&byte| byte == b'@')?;
        let (text, rest) = self.rest.split_at(length);
        self.rest = &rest[1..];
        Some(text)
    }

    pub(super) fn memorize(&mut self, text: &'a [u8]) {
        self.names.insert(text);
    }

    /// Remembers a parameter's type, while there is room.
    pub(super) fn memorize_parameter(&mut self) {
        self.parameters = (self.parameters + 1).min(MAX_NAMES);
    }

    /// Reads a digit that refers to a parameter's type.
    pub(super) fn parameter_back_reference(&mut self) -> Option<()> {
        let index = usize::from(self.next()?.checked_sub(b'0')?);
        (index < self.parameters).then_some(())
    }

    pub(super) fn take_references(&mut self) -> References<'a> {
        References {
            names: core::mem::take(&mut self.names),
            parameters: core::mem::take(&mut self.parameters),
        }
    }

    pub(super) fn restore_references(&mut self, references: References<'a>) {
        self.names = references.names;
        self.parameters = references.parameters;
    }

    /// Reads something that may contain itself.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }
}
