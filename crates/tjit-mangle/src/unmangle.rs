//! Linker names back to IR names.

use alloc::{borrow::Cow, format};

use crate::{
    arm64ec,
    error::{Error, Operation, check},
    mangler::{ESCAPE, Mangler},
    mode::ManglingMode,
    symbol::{CallingConvention, Linkage, Symbol},
};

#[cfg(test)]
mod tests;

/// What a linker name says, see [`Mangler::parse`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ParsedName<'a> {
    /// The name in the IR.
    pub ir_name: Cow<'a, str>,
    /// What the decorations say about the symbol. The number of parameters is not in a name, so it is 0, and
    /// `variadic` and `sret` are `false`.
    pub symbol: Symbol,
}

impl Mangler {
    /// The IR name of a variable, or of a function with the C convention, whose linker name is `linker_name`.
    ///
    /// There is always one: names that no rule produces are escaped with `\01`. Mangling the result as
    /// [`Symbol::DATA`] gives `linker_name` back.
    ///
    /// # Errors
    ///
    /// As [`Mangler::mangle`].
    pub fn unmangle<'a>(&self, linker_name: &'a str) -> Result<Cow<'a, str>, Error> {
        check(linker_name, Operation::Unmangle)?;
        let ir_name = match linker_name.strip_prefix(self.mode().global_prefix()) {
            _ if self.mode().keeps_question_mark() && linker_name.starts_with('?') => {
                Some(linker_name)
            }
            Some(rest) => Some(rest).filter(|rest| self.takes_prefix(rest)),
            None => None,
        };
        let ir_name = match ir_name {
            Some(ir_name) => Cow::Borrowed(ir_name),
            None => Cow::Owned(format!("{ESCAPE}{linker_name}")),
        };
        check(&ir_name, Operation::Unmangle)?;
        Ok(ir_name)
    }

    /// Reads all decorations of `linker_name`: native marks, private prefixes, calling conventions.
    ///
    /// Decorations are a convention, not a proof: `_f@12` may be a stdcall function `f` or a C function that somebody
    /// called `f@12`. The more telling reading is returned. Mangling its name with its symbol gives `linker_name` back.
    ///
    /// # Errors
    ///
    /// As [`Mangler::mangle`].
    pub fn parse<'a>(&self, linker_name: &'a str) -> Result<ParsedName<'a>, Error> {
        check(linker_name, Operation::Unmangle)?;
        let readings = [
            self.parse_native(linker_name),
            self.parse_local(linker_name),
            self.parse_convention(linker_name),
        ];
        for reading in readings.into_iter().flatten() {
            let mangled = self.mangle(&reading.ir_name, &reading.symbol);
            if mangled.is_ok_and(|mangled| mangled == linker_name) {
                return Ok(reading);
            }
        }
        let ir_name = self.unmangle(linker_name)?;
        let symbol = Symbol::DATA;
        Ok(ParsedName { ir_name, symbol })
    }

    /// Whether mangling `ir_name` as a variable puts the global prefix in front and changes nothing else.
    fn takes_prefix(&self, ir_name: &str) -> bool {
        let marked = self.mode().keeps_question_mark() && ir_name.starts_with('?');
        !ir_name.is_empty() && !ir_name.starts_with(ESCAPE) && !marked
    }

    fn parse_native<'a>(&self, linker_name: &'a str) -> Option<ParsedName<'a>> {
        let ir_name = self
            .is_arm64ec()
            .then(|| arm64ec::unmangle(linker_name))
            .flatten()?;
        Some(ParsedName {
            ir_name: Cow::Owned(ir_name),
            symbol: Symbol::FUNCTION,
        })
    }

    fn parse_local<'a>(&self, linker_name: &'a str) -> Option<ParsedName<'a>> {
        let mode = self.mode();
        let (rest, linkage) = [
            (mode.private_prefix(), Linkage::Private),
            (mode.linker_private_prefix(), Linkage::LinkerPrivate),
        ]
        .into_iter()
        .filter(|(prefix, _)| !prefix.is_empty())
        .find_map(|(prefix, linkage)| Some((linker_name.strip_prefix(prefix)?, linkage)))?;
        // Where the private prefix is a mere letter, what follows has to be a decoration: `Length` is not private.
        if !mode.global_prefix().is_empty() && !rest.starts_with(['_', '@']) {
            return None;
        }
        let inner = self.parse_convention(rest).or_else(|| {
            let ir_name = Cow::Borrowed(rest.strip_prefix(mode.global_prefix())?);
            let symbol = Symbol::DATA;
            Some(ParsedName { ir_name, symbol })
        })?;
        Some(ParsedName {
            symbol: inner.symbol.with_linkage(linkage),
            ..inner
        })
    }

    fn parse_convention<'a>(&self, linker_name: &'a str) -> Option<ParsedName<'a>> {
        let (name, digits) = linker_name.rsplit_once('@')?;
        let count: u64 = digits.parse().ok()?;
        let (ir_name, convention) = if let Some(name) = name.strip_suffix('@') {
            (name, CallingConvention::X86VectorCall)
        } else if self.mode() != ManglingMode::WinCoffX86 {
            return None;
        } else if let Some(name) = name.strip_prefix('@') {
            (name, CallingConvention::X86FastCall)
        } else {
            (name.strip_prefix('_')?, CallingConvention::X86StdCall)
        };
        Some(ParsedName {
            ir_name: Cow::Borrowed(ir_name),
            symbol: Symbol::function(convention, count),
        })
    }
}
