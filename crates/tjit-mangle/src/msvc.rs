//! MSVC's C++ names, as far as it takes to find where the qualified name ends and the type begins.
//!
//! A recogniser, not a demangler: it builds nothing, but it has to walk through everything a qualified name may hold,
//! which by way of template arguments and local scopes is every kind of name and type. It accepts what LLVM's
//! `MicrosoftDemangle.cpp` accepts, but for malformed names: nesting is limited to [`cursor::MAX_DEPTH`], names that
//! can be referred back to are told apart by their mangled text, where LLVM compares the demangled one, and an error
//! is final, where LLVM forgets it if a pointer type follows.

mod cursor;
mod special;
mod types;

#[cfg(test)]
mod tests;

use cursor::Cursor;

/// The length in bytes of the `?` and the qualified name that `name` begins with; `None` if it cannot be read.
pub(crate) fn qualified_name_len(name: &str) -> Option<usize> {
    let mut cursor = Cursor::new(name.as_bytes());
    cursor.expect(b"?")?;
    cursor.qualified_symbol_name()?;
    Some(name.len() - cursor.rest().len())
}

/// What an unqualified name is, where that decides what may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NameKind {
    /// A constructor or destructor: has to be in a class.
    Structor,
    /// A conversion operator: its type has to be told by that of the function.
    Conversion,
    Other,
}

/// An unqualified name: its kind, and its text for the table of back-references.
#[derive(Clone, Copy)]
struct Name<'a> {
    kind: NameKind,
    text: &'a [u8],
}

/// Where a template's name stands. As a scope or a type it can be referred back to, and cannot be a constructor.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Leaf,
    Scope,
}

impl<'a> Cursor<'a> {
    /// `name scope* @`, with the innermost name first, as symbols have it.
    fn qualified_symbol_name(&mut self) -> Option<Name<'a>> {
        let name = self.unqualified_symbol_name()?;
        let scopes = self.scope_chain()?;
        (name.kind != NameKind::Structor || scopes > 0).then_some(name)
    }

    /// `name scope* @`, as types have it.
    fn qualified_type_name(&mut self) -> Option<()> {
        self.unqualified_type_name()?;
        self.scope_chain().map(drop)
    }

    /// `scope* @`; returns how many scopes there were.
    fn scope_chain(&mut self) -> Option<usize> {
        let mut scopes = 0;
        while !self.eat(b"@") {
            self.scope()?;
            scopes += 1;
        }
        Some(scopes)
    }

    fn scope(&mut self) -> Option<()> {
        if self.at_digit() {
            self.name_back_reference().map(drop)
        } else if self.at(b"?$") {
            self.template_name(Place::Scope).map(drop)
        } else if self.eat(b"?A") {
            let key = self.until_at()?;
            self.memorize(key);
            Some(())
        } else if self.at_local_scope() {
            self.local_scope()
        } else {
            self.simple_name().map(drop)
        }
    }

    fn unqualified_symbol_name(&mut self) -> Option<Name<'a>> {
        if self.at_digit() {
            self.name_back_reference()
        } else if self.at(b"?$") {
            self.template_name(Place::Leaf)
        } else if self.eat(b"?") {
            self.operator_name()
        } else {
            self.simple_name()
        }
    }

    fn unqualified_type_name(&mut self) -> Option<()> {
        if self.at_digit() {
            self.name_back_reference().map(drop)
        } else if self.at(b"?$") {
            self.template_name(Place::Scope).map(drop)
        } else {
            self.simple_name().map(drop)
        }
    }

    /// A name that is spelt out, and remembered.
    fn simple_name(&mut self) -> Option<Name<'a>> {
        let text = self.until_at().filter(|text| !text.is_empty())?;
        self.memorize(text);
        let kind = NameKind::Other;
        Some(Name { kind, text })
    }

    fn name_back_reference(&mut self) -> Option<Name<'a>> {
        let index = usize::from(self.next()? - b'0');
        let text = self.names.get(index)?;
        let kind = NameKind::Other;
        Some(Name { kind, text })
    }

    /// `?$ name arguments @`. Inside, back-references start afresh.
    fn template_name(&mut self, place: Place) -> Option<Name<'a>> {
        let start = self.rest();
        self.expect(b"?$")?;
        let outer = self.take_references();
        let name = self.nested(|cursor| {
            let name = cursor.unqualified_symbol_name()?;
            cursor.template_arguments()?;
            Some(name)
        })?;
        self.restore_references(outer);
        let text = self.since(start);
        if place == Place::Scope {
            if name.kind != NameKind::Other {
                return None;
            }
            self.memorize(text);
        }
        let kind = name.kind;
        Some(Name { kind, text })
    }

    /// The code of an operator or special member function, behind its `?`.
    fn operator_name(&mut self) -> Option<Name<'a>> {
        let start = self.rest();
        let underscores = usize::from(self.eat(b"_")) + usize::from(self.eat(b"_"));
        let code = self
            .next()
            .filter(|code| matches!(code, b'0'..=b'9' | b'A'..=b'Z'))?;
        let kind = match (underscores, code) {
            (0, b'0' | b'1') => NameKind::Structor,
            (0, b'B') => NameKind::Conversion,
            _ => NameKind::Other,
        };
        if (underscores, code) == (2, b'K') {
            // A literal operator: its suffix follows, and is not remembered.
            self.until_at().filter(|suffix| !suffix.is_empty())?;
        }
        let text = self.since(start);
        Some(Name { kind, text })
    }

    /// `? number ? symbol`: a scope inside a function.
    fn local_scope(&mut self) -> Option<()> {
        self.expect(b"?")?;
        self.number()?;
        self.expect(b"?")?;
        self.symbol().map(drop)
    }

    /// Whether a local scope follows: `?`, a digit, or `@`, or digits from `A` to `P` that do not begin with the zero
    /// and end in `@`, then `?`.
    fn at_local_scope(&self) -> bool {
        let Some(rest) = self.rest().strip_prefix(b"?") else {
            return false;
        };
        let number = rest.split(|&byte| byte == b'?').next();
        if number.is_none_or(|number| number.len() == rest.len()) {
            return false;
        }
        match number {
            Some([b'@' | b'0'..=b'9']) => true,
            Some([b'B'..=b'P', digits @ .., b'@']) => {
                digits.iter().all(|digit| matches!(digit, b'A'..=b'P'))
            }
            _ => false,
        }
    }

    /// `?` number `@`, a digit, or digits from `A` to `P` and `@`.
    fn number(&mut self) -> Option<Number> {
        let negative = self.eat(b"?");
        if self.at_digit() {
            let value = u64::from(self.next()? - b'0') + 1;
            return Some(Number { value, negative });
        }
        let mut value = 0u64;
        loop {
            match self.next()? {
                b'@' => return Some(Number { value, negative }),
                digit @ b'A'..=b'P' => value = (value << 4).wrapping_add(u64::from(digit - b'A')),
                _ => return None,
            }
        }
    }

    fn unsigned(&mut self) -> Option<u64> {
        let number = self.number()?;
        (!number.negative).then_some(number.value)
    }

    fn signed(&mut self) -> Option<()> {
        let number = self.number()?;
        i64::try_from(number.value).ok().map(drop)
    }
}

#[derive(Clone, Copy)]
struct Number {
    value: u64,
    negative: bool,
}
