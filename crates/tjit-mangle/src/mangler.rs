//! IR names to linker names.

use alloc::{borrow::Cow, format, string::String};

use crate::{
    arm64ec,
    error::{Error, Operation, check},
    mode::ManglingMode,
    symbol::{CallingConvention, Function, Linkage, Symbol},
    triple,
};

#[cfg(test)]
mod tests;

/// In front of an IR name: the rest is the linker name, to be left as it is.
pub(crate) const ESCAPE: char = '\u{1}';

/// Translates between IR names and linker names for one kind of target.
///
/// A small value without state: copy it, share it between threads. Names are text; LLVM's may be any bytes, but those
/// that are not UTF-8 do not come from a compiler and have no place here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mangler {
    mode: ManglingMode,
    arm64ec: bool,
}

impl Mangler {
    /// A mangler for a mode. ARM64EC shares its mode with the rest of Windows: see [`Mangler::arm64ec`].
    #[must_use]
    pub const fn new(mode: ManglingMode) -> Self {
        Self {
            mode,
            arm64ec: false,
        }
    }

    /// The mangler for Windows on ARM64EC, where names of functions say that they are native code.
    #[must_use]
    pub const fn arm64ec() -> Self {
        Self {
            mode: ManglingMode::WinCoff,
            arm64ec: true,
        }
    }

    /// The mangler for a target triple.
    ///
    /// The triple is read as LLVM reads one, by position and without normalising it: `x86_64-w64-mingw32`, which is not
    /// in LLVM's normal form, has no operating system that LLVM knows, and so ELF names. Clang and rustc
    /// write triples in normal form.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownArchitecture`](crate::ErrorKind::UnknownArchitecture) if LLVM 22 has no code generator for
    /// the first component.
    pub fn from_triple(triple: &str) -> Result<Self, Error> {
        triple::mangler(triple)
    }

    /// The mangler for the `m:` component of a data layout string.
    ///
    /// ARM64EC cannot be told from it; use [`Mangler::from_triple`] where it matters.
    ///
    /// # Errors
    ///
    /// As [`ManglingMode::from_data_layout`].
    pub fn from_data_layout(layout: &str) -> Result<Self, Error> {
        ManglingMode::from_data_layout(layout).map(Self::new)
    }

    /// The mode.
    #[must_use]
    pub const fn mode(&self) -> ManglingMode {
        self.mode
    }

    /// Whether this is the mangler for ARM64EC.
    #[must_use]
    pub const fn is_arm64ec(&self) -> bool {
        self.arm64ec
    }

    /// The linker name of the IR symbol `ir_name`.
    ///
    /// Borrows from `ir_name` where the two are the same but for a prefix that is dropped. Source: `getNameWithPrefix`
    /// and `getArm64ECMangledFunctionName` in LLVM's `Mangler.cpp`. Names that differ only by the `\01` escape have one
    /// linker name; it is for the caller to refuse such a pair.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::EmptyName`](crate::ErrorKind::EmptyName), [`ErrorKind::NulInName`](crate::ErrorKind::NulInName) or
    /// [`ErrorKind::NameTooLong`](crate::ErrorKind::NameTooLong); the length is that of the longer of the two names.
    pub fn mangle<'a>(&self, ir_name: &'a str, symbol: &Symbol) -> Result<Cow<'a, str>, Error> {
        check(ir_name, Operation::Mangle)?;
        let linker_name = self.decorate(ir_name, symbol);
        check(&linker_name, Operation::Mangle)?;
        Ok(linker_name)
    }

    /// The linker name of a function's first instruction, which on AIX is another than that of the function.
    ///
    /// There `foo` is a descriptor, and `.foo` the code it describes. Elsewhere this is [`Mangler::mangle`].
    ///
    /// # Errors
    ///
    /// As [`Mangler::mangle`].
    pub fn mangle_entry<'a>(
        &self,
        ir_name: &'a str,
        symbol: &Symbol,
    ) -> Result<Cow<'a, str>, Error> {
        let linker_name = self.mangle(ir_name, symbol)?;
        if self.mode != ManglingMode::Xcoff {
            return Ok(linker_name);
        }
        let entry = format!(".{linker_name}");
        check(&entry, Operation::Mangle)?;
        Ok(Cow::Owned(entry))
    }

    fn decorate<'a>(&self, ir_name: &'a str, symbol: &Symbol) -> Cow<'a, str> {
        if self.marks_native(symbol)
            && let Some(native) = arm64ec::mangle(ir_name)
        {
            // LLVM renames the function before any other rule applies, so the mark stands even before an escape.
            return Cow::Owned(native);
        }
        if let Some(escaped) = ir_name.strip_prefix(ESCAPE) {
            return Cow::Borrowed(escaped);
        }
        let question_mark = self.mode.keeps_question_mark() && ir_name.starts_with('?');
        let function = symbol
            .function
            .filter(|_| !question_mark)
            .filter(|function| self.shows_convention(function));
        let prefix = match function.map(|function| function.convention) {
            _ if question_mark => "",
            Some(CallingConvention::X86FastCall) => "@",
            Some(CallingConvention::X86VectorCall) => "",
            _ => self.mode.global_prefix(),
        };
        let linkage = match symbol.linkage {
            Linkage::Default | Linkage::Internal => "",
            Linkage::Private => self.mode.private_prefix(),
            Linkage::LinkerPrivate => self.mode.linker_private_prefix(),
        };
        let suffix = function.map(byte_count_suffix).unwrap_or_default();
        if linkage.is_empty() && prefix.is_empty() && suffix.is_empty() {
            return Cow::Borrowed(ir_name);
        }
        Cow::Owned(format!("{linkage}{prefix}{ir_name}{suffix}"))
    }

    /// Whether the name says that the symbol is native ARM64 code: functions that other code can reach.
    fn marks_native(&self, symbol: &Symbol) -> bool {
        self.arm64ec && symbol.function.is_some() && symbol.linkage == Linkage::Default
    }

    fn shows_convention(&self, function: &Function) -> bool {
        self.mode.decorates_calling_convention()
            || function.convention == CallingConvention::X86VectorCall
    }
}

fn byte_count_suffix(function: Function) -> String {
    // The second `@` of vectorcall stays even where the count is left out.
    let mark = match function.convention {
        CallingConvention::X86VectorCall => "@",
        _ => "",
    };
    if function.has_byte_count() {
        format!("{mark}@{}", function.argument_bytes)
    } else {
        String::from(mark)
    }
}
