//! Whole symbols: what a local scope or a template argument may hold.

use super::{
    Name, NameKind,
    cursor::Cursor,
    types::{Qualifiers, ResultType, This, TypeKind},
};

/// The text of string literals is cut off by compilers well before this many characters.
const MAX_LITERAL: usize = 128;

/// A whole symbol.
#[derive(Clone, Copy)]
pub(super) struct Symbol<'a> {
    /// Its unqualified name; string literals have none.
    pub(super) name: Option<&'a [u8]>,
    kind: SymbolKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SymbolKind {
    Variable,
    Function,
    Other,
}

impl<'a> Cursor<'a> {
    /// `?` and a symbol.
    pub(super) fn symbol(&mut self) -> Option<Symbol<'a>> {
        self.nested(|cursor| {
            if cursor.at(b"??@") {
                return cursor.hashed();
            }
            cursor.expect(b"?")?;
            if cursor.at(b"?_") {
                return cursor.special().unwrap_or_else(|| cursor.declarator());
            }
            cursor.declarator()
        })
    }

    /// `??@` hash `@`, for names that were too long.
    fn hashed(&mut self) -> Option<Symbol<'a>> {
        let start = self.rest();
        self.expect(b"??@")?;
        self.until_at()?;
        self.eat(b"??_R4@");
        Some(Symbol {
            name: Some(self.since(start)),
            kind: SymbolKind::Other,
        })
    }

    /// What the compiler adds: tables, guards, initialisers. The outer `None` says that it is none of these.
    fn special(&mut self) -> Option<Option<Symbol<'a>>> {
        let start = self.rest();
        let kind = SymbolKind::Variable;
        let read = if self.eat_any(&[b"?_7", b"?_8", b"?_S", b"?_R4"]) {
            self.table().map(|()| kind)
        } else if self.eat(b"?_9") {
            self.virtual_call_thunk().map(|()| SymbolKind::Function)
        } else if self.eat_any(&[b"?_B", b"?__J"]) {
            self.guard().map(|()| kind)
        } else if self.eat(b"?_C") {
            let name = None;
            let kind = SymbolKind::Other;
            return Some(self.string_literal().map(|()| Symbol { name, kind }));
        } else if self.eat_any(&[b"?_R2", b"?_R3"]) {
            self.untyped_variable().map(|()| kind)
        } else if self.eat(b"?_R1") {
            self.base_class_descriptor().map(|()| kind)
        } else if self.eat_any(&[b"?__E", b"?__F"]) {
            self.dynamic_initialiser().map(|()| SymbolKind::Function)
        } else if self.eat_any(&[b"?_A", b"?_P", b"?_R0"]) {
            // Not understood by LLVM, or (the type descriptor) only at the end of a name.
            None
        } else {
            return None;
        };
        let name = Some(self.since(start));
        Some(read.map(|kind| Symbol { name, kind }))
    }

    fn table(&mut self) -> Option<()> {
        self.scope_chain()?;
        self.one_of(b"67")?;
        self.qualifiers()?;
        // Which of the object's several tables, as a path of bases.
        while !self.eat(b"@") {
            self.qualified_type_name()?;
        }
        Some(())
    }

    fn virtual_call_thunk(&mut self) -> Option<()> {
        self.scope_chain()?;
        self.expect(b"$B")?;
        self.unsigned()?;
        self.expect(b"A")?;
        // The calling convention.
        self.next().map(drop)
    }

    fn guard(&mut self) -> Option<()> {
        self.scope_chain()?;
        self.eat_any(&[b"4IA", b"5"]).then_some(())?;
        if !self.rest().is_empty() {
            self.unsigned()?;
        }
        Some(())
    }

    fn untyped_variable(&mut self) -> Option<()> {
        self.scope_chain()?;
        self.expect(b"8")
    }

    fn base_class_descriptor(&mut self) -> Option<()> {
        self.unsigned()?;
        self.signed()?;
        self.unsigned()?;
        self.unsigned()?;
        self.scope_chain()?;
        self.eat(b"8");
        Some(())
    }

    fn dynamic_initialiser(&mut self) -> Option<()> {
        let static_member = self.eat(b"?");
        match self.nested(Self::declarator)?.kind {
            SymbolKind::Variable => {
                // Clang once left out the `?` and one of the two `@`.
                self.expect(if static_member { b"@@" } else { b"@" })?;
                self.function_encoding().map(drop)
            }
            _ => (!static_member).then_some(()),
        }
    }

    fn string_literal(&mut self) -> Option<()> {
        self.expect(b"@_")?;
        let wide = self.one_of(b"01")? == b'1';
        let mut size = self.unsigned()?;
        // The checksum.
        self.until_at()?;
        if size == 0 || (wide && size % 2 == 1) {
            return None;
        }
        let mut characters = 0;
        while !self.eat(b"@") {
            self.literal_byte()?;
            if wide {
                // Only the start of a long literal is there, but never more than its size.
                self.literal_byte()?;
                size = size.checked_sub(2)?;
            } else if characters == MAX_LITERAL {
                return None;
            }
            characters += 1;
        }
        Some(())
    }

    fn literal_byte(&mut self) -> Option<()> {
        if self.next()? != b'?' {
            return Some(());
        }
        match self.next()? {
            b'$' => {
                self.one_of(b"ABCDEFGHIJKLMNOP")?;
                self.one_of(b"ABCDEFGHIJKLMNOP").map(drop)
            }
            byte => byte.is_ascii_alphanumeric().then_some(()),
        }
    }

    /// A qualified name and the type of what it names.
    fn declarator(&mut self) -> Option<Symbol<'a>> {
        let Name { kind, text } = self.qualified_symbol_name()?;
        let name = Some(text);
        if matches!(self.peek()?, b'0'..=b'4') {
            self.next()?;
            self.variable_encoding()?;
            let variable = SymbolKind::Variable;
            return (kind != NameKind::Conversion).then_some(Symbol {
                name,
                kind: variable,
            });
        }
        let result = self.function_encoding()?;
        // A conversion operator is named by its result.
        let named = kind != NameKind::Conversion || result == ResultType::Named;
        let kind = SymbolKind::Function;
        named.then_some(Symbol { name, kind })
    }

    fn variable_encoding(&mut self) -> Option<()> {
        let kind = self.ty(Qualifiers::Absent)?;
        if kind != TypeKind::Other {
            self.pointer_qualifiers();
        }
        self.qualifiers()?;
        if kind == TypeKind::MemberPointer {
            self.qualified_type_name()?;
        }
        Some(())
    }

    fn function_encoding(&mut self) -> Option<ResultType> {
        // `extern "C"`, inside a function that is not.
        self.eat(b"$$J0");
        let this = match self.next()? {
            b'9' => return Some(ResultType::Absent),
            b'$' => {
                self.virtual_adjustment()?;
                This::Qualified
            }
            // Adjusting thunks, with the offset.
            b'G' | b'H' | b'O' | b'P' | b'W' | b'X' => {
                self.signed()?;
                This::Qualified
            }
            // Static members and functions outside classes.
            b'C' | b'D' | b'K' | b'L' | b'S' | b'T' | b'Y' | b'Z' => This::Absent,
            b'A'..=b'Z' => This::Qualified,
            _ => return None,
        };
        self.function_type(this)
    }

    /// Thunks that adjust `this` by a value in the object.
    fn virtual_adjustment(&mut self) -> Option<()> {
        let extended = self.eat(b"R");
        self.one_of(b"012345")?;
        for _ in 0..if extended { 4 } else { 2 } {
            self.signed()?;
        }
        Some(())
    }
}
