//! Types, function signatures and template arguments.

use super::cursor::Cursor;

/// Where the qualifiers of a type stand, if it has any.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Qualifiers {
    /// None are read: parameters, template arguments, variables.
    Absent,
    /// In front of the type: what pointers point to.
    Present,
    /// In front of the type, if a `?` is: results.
    Marked,
}

/// What the encoding of a variable has to know of its type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TypeKind {
    Pointer,
    MemberPointer,
    Other,
}

/// Whether a function type says how `this` is qualified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum This {
    Qualified,
    Absent,
}

/// Whether a function type names its result: constructors do not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultType {
    Named,
    Absent,
}

impl Cursor<'_> {
    pub(super) fn ty(&mut self, qualifiers: Qualifiers) -> Option<TypeKind> {
        self.nested(|cursor| {
            let read = match qualifiers {
                Qualifiers::Absent => false,
                Qualifiers::Present => true,
                Qualifiers::Marked => cursor.eat(b"?"),
            };
            if read {
                cursor.qualifiers()?;
            }
            cursor.unqualified_type()
        })
    }

    fn unqualified_type(&mut self) -> Option<TypeKind> {
        if self.at(b"$$Q") {
            return self.pointer();
        }
        match self.peek()? {
            b'T'..=b'W' => self.tag(),
            b'A' | b'P'..=b'S' => {
                if self.at_member_pointer()? {
                    return self.member_pointer();
                }
                return self.pointer();
            }
            b'Y' => self.array(),
            b'?' => self.custom(),
            _ if self.eat(b"$$A8@@") => self.function_type(This::Qualified).map(drop),
            _ if self.eat(b"$$A6") => self.function_type(This::Absent).map(drop),
            _ => self.primitive(),
        }?;
        Some(TypeKind::Other)
    }

    /// `const` and `volatile`, of a member or not.
    pub(super) fn qualifiers(&mut self) -> Option<u8> {
        self.one_of(b"ABCDQRST")
    }

    /// `__ptr64`, `__restrict`, `__unaligned`.
    pub(super) fn pointer_qualifiers(&mut self) {
        self.eat(b"E");
        self.eat(b"I");
        self.eat(b"F");
    }

    /// A union, structure, class or enumeration.
    fn tag(&mut self) -> Option<()> {
        if self.next()? == b'W' {
            self.expect(b"4")?;
        }
        self.qualified_type_name()
    }

    /// Whether the pointer that follows points to a member; fails if it is no pointer at all.
    fn at_member_pointer(&self) -> Option<bool> {
        let (&first, mut rest) = self.rest().split_first()?;
        if first == b'A' {
            return Some(false);
        }
        match rest.first()? {
            b'6' => return Some(false),
            b'8' => return Some(true),
            _ => {}
        }
        for qualifier in b"EIF" {
            rest = rest.strip_prefix(&[*qualifier]).unwrap_or(rest);
        }
        match rest.first()? {
            b'A'..=b'D' => Some(false),
            b'Q'..=b'T' => Some(true),
            _ => None,
        }
    }

    fn pointer(&mut self) -> Option<TypeKind> {
        if !self.eat(b"$$Q") {
            self.next()?;
        }
        if self.eat(b"6") {
            self.function_type(This::Absent)?;
        } else {
            self.pointer_qualifiers();
            self.ty(Qualifiers::Present)?;
        }
        Some(TypeKind::Pointer)
    }

    fn member_pointer(&mut self) -> Option<TypeKind> {
        self.next()?;
        self.pointer_qualifiers();
        if self.eat(b"8") {
            self.qualified_type_name()?;
            self.function_type(This::Qualified)?;
        } else {
            self.qualifiers()?;
            self.qualified_type_name()?;
            self.ty(Qualifiers::Absent)?;
        }
        Some(TypeKind::MemberPointer)
    }

    fn array(&mut self) -> Option<()> {
        self.expect(b"Y")?;
        let rank = self.unsigned().filter(|&rank| rank > 0)?;
        for _ in 0..rank {
            self.unsigned()?;
        }
        if self.eat(b"$$C") {
            self.one_of(b"ABCD")?;
        }
        self.ty(Qualifiers::Absent).map(drop)
    }

    /// A type that the compiler made up.
    fn custom(&mut self) -> Option<()> {
        self.expect(b"?")?;
        self.unqualified_type_name()?;
        self.expect(b"@")
    }

    fn primitive(&mut self) -> Option<()> {
        if self.eat(b"$$T") {
            return Some(());
        }
        match self.next()? {
            b'X' | b'C'..=b'K' | b'M'..=b'O' => Some(()),
            b'_' => self.one_of(b"NJKWQSU").map(drop),
            _ => None,
        }
    }

    pub(super) fn function_type(&mut self, this: This) -> Option<ResultType> {
        if this == This::Qualified {
            self.pointer_qualifiers();
            self.eat_any(&[b"G", b"H"]);
            self.qualifiers()?;
        }
        // The calling convention: unknown ones are let through.
        self.next()?;
        let result = if self.eat(b"@") {
            ResultType::Absent
        } else {
            self.ty(Qualifiers::Marked)?;
            ResultType::Named
        };
        self.parameters()?;
        // `noexcept` or not.
        self.eat_any(&[b"_E", b"Z"]).then_some(result)
    }

    fn parameters(&mut self) -> Option<()> {
        if self.eat(b"X") {
            return Some(());
        }
        // `Z` ends the list of a variadic function, `@` that of any other.
        while !self.eat_any(&[b"@", b"Z"]) {
            if self.at_digit() {
                self.parameter_back_reference()?;
                continue;
            }
            let start = self.rest();
            self.ty(Qualifiers::Absent)?;
            // A reference to a type of one letter would save nothing.
            if self.since(start).len() > 1 {
                self.memorize_parameter();
            }
        }
        Some(())
    }

    pub(super) fn template_arguments(&mut self) -> Option<()> {
        while !self.eat(b"@") {
            // What separates or stands for empty parameter packs.
            if !self.eat_any(&[b"$S", b"$$V", b"$$$V", b"$$Z"]) {
                self.template_argument()?;
            }
        }
        Some(())
    }

    fn template_argument(&mut self) -> Option<()> {
        // A value whose type was deduced: the type comes first, and the code of the value has no `$`.
        let deduced = self.eat(b"$M");
        if deduced {
            self.ty(Qualifiers::Absent)?;
        }
        if self.eat(b"$$Y") {
            return self.qualified_type_name();
        }
        if self.eat(b"$$C") {
            return self.ty(Qualifiers::Present).map(drop);
        }
        if self.eat(b"$$B") {
            return self.ty(Qualifiers::Absent).map(drop);
        }
        if self.at(b"$E?") {
            self.expect(b"$E")?;
            return self.symbol().map(drop);
        }
        let skipped = usize::from(!deduced);
        match self.rest().get(skipped) {
            Some(&code @ (b'1' | b'H' | b'I' | b'J' | b'F' | b'G' | b'0'))
                if deduced || self.at(b"$") =>
            {
                for _ in 0..=skipped {
                    self.next()?;
                }
                self.value_argument(code)
            }
            _ => self.ty(Qualifiers::Absent).map(drop),
        }
    }

    /// A number, or a pointer to a member with as many offsets as the class's inheritance asks for.
    fn value_argument(&mut self, code: u8) -> Option<()> {
        let offsets = match code {
            b'0' => {
                self.number()?;
                return Some(());
            }
            b'F' => 2,
            b'G' => 3,
            _ => {
                if self.at(b"?") {
                    let name = self.symbol()?.name?;
                    self.memorize(name);
                }
                match code {
                    b'H' => 1,
                    b'I' => 2,
                    b'J' => 3,
                    _ => 0,
                }
            }
        };
        for _ in 0..offsets {
            self.signed()?;
        }
        Some(())
    }
}
