//! Why a program could not be linked, or a slice not be made.

use std::fmt;

use crate::demangle::demangle;
use crate::program::redefine::Unredefinable;

/// Why modules were not linked, or a slice was not made. Nothing has changed then.
///
/// Symbols are given as the linker sees them; the texts show them as the source spells them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// LLVM refused the module, for example because it breaks a rule of the IR.
    #[error(transparent)]
    Llvm(#[from] tjit_orc::Error),
    /// The module was compiled for another system.
    #[error("linking `{module}`: it was compiled for `{found}`, this process runs on `{host}`")]
    Triple {
        /// The module.
        module: String,
        /// Its target triple.
        found: String,
        /// The host's.
        host: String,
    },
    /// The module lays out data in another way than the host.
    #[error("linking `{module}`: its data layout is `{found}`, the host's is `{host}`")]
    DataLayout {
        /// The module.
        module: String,
        /// Its data layout.
        found: String,
        /// The host's.
        host: String,
    },
    /// A native object file or an archive that can't be linked here. Members of archives are named like
    /// `libfoo.a(bar.o)`.
    #[error("linking `{object}`: {reason}")]
    Object {
        /// The file.
        object: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Inline assembly at module level that LLVM's assembler refused.
    #[error("assembling the module-level assembly of `{module}`: {reason}")]
    Assembly {
        /// The module.
        module: String,
        /// The assembler's message.
        reason: String,
    },
    /// A name that no linker could take.
    #[error("linking `{module}`: symbol `{name}`: {reason}")]
    Name {
        /// The module that has it.
        module: String,
        /// The start of the name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two modules define one symbol, and neither definition gives way.
    #[error("duplicate symbol {}: defined in `{first}` and in `{second}`", quoted(.symbol))]
    Duplicate {
        /// The symbol.
        symbol: String,
        /// The module whose definition came first.
        first: String,
        /// The other module.
        second: String,
    },
    /// One symbol is a function here and a variable there, or one per thread here and one for all there.
    #[error("symbol {} is {first_is} in `{first}` and {second_is} in `{second}`", quoted(.symbol))]
    Mismatch {
        /// The symbol.
        symbol: String,
        /// A module.
        first: String,
        /// What it is there.
        first_is: &'static str,
        /// Another module.
        second: String,
        /// What it is there.
        second_is: &'static str,
    },
    /// Symbols that are used and that neither the program nor the host defines, sorted: variables, and functions that must
    /// be in the program. Other functions may be undefined until they are called.
    #[error(
        "undefined symbol{}: {}; define {} in a module of the program, or load a library that does",
        if .symbols.len() == 1 { "" } else { "s" },
        list(.symbols),
        if .symbols.len() == 1 { "it" } else { "them" }
    )]
    Undefined {
        /// The symbols.
        symbols: Vec<UndefinedSymbol>,
    },
    /// A module that other modules use can't be unloaded before they are.
    #[error("can't unload `{module}`: {}", uses(.users))]
    InUse {
        /// The module.
        module: String,
        /// Each module that stays with a symbol of it that the module refers to, sorted.
        users: Vec<(String, String)>,
    },
    /// An id that no module of the program has, or none any more.
    #[error("the program has no module {module}, or not any more")]
    NoModule {
        /// The id's index.
        module: usize,
    },
    /// Something that this version of the crate can't link without changing what the program does.
    #[error("can't link {}: {what}", quoted(.symbol))]
    Unsupported {
        /// The symbol that it is about.
        symbol: String,
        /// What stands in the way.
        what: String,
    },
    /// A function can't be redefined, or not by this.
    #[error("can't redefine {}: {reason}", quoted(.symbol))]
    Redefine {
        /// The function.
        symbol: String,
        /// What stands in the way.
        reason: Unredefinable,
    },
    /// A new body of a function is not called as the old one is.
    #[error("can't redefine {}: it is of type `{before}`, and the new one `{after}`", quoted(.symbol))]
    Signature {
        /// The function.
        symbol: String,
        /// Its type, calling convention, and how parameters are passed.
        before: String,
        /// Those of the new body.
        after: String,
    },
    /// No function of the program has that name.
    #[error("no function `{name}` in the program{}", suggestions(.nearest))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Functions of similar names, as the source spells them; the nearest first.
        nearest: Vec<String>,
    },
    /// No variable of the program has that name.
    #[error("no variable `{name}` in the program{}", suggestions(.nearest))]
    UnknownVariable {
        /// What was asked for.
        name: String,
        /// Variables of similar names, as the source spells them; the nearest first.
        nearest: Vec<String>,
    },
    /// Several functions, or several variables, of the program have that name.
    #[error("`{name}` may be any of {}", .candidates.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Them, as the source spells them, functions with parameters.
        candidates: Vec<String>,
    },
}

/// A symbol that is used and that nobody defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndefinedSymbol {
    /// The symbol, as the linker sees it.
    pub symbol: String,
    /// What it is taken for: "a function", "a thread-local variable".
    pub what: &'static str,
    /// The first module that refers to it.
    pub module: String,
    /// The functions and variables of that module that do.
    pub users: Vec<String>,
}

impl fmt::Display for UndefinedSymbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}, used ", demangle(&self.symbol), self.what)?;
        if let Some(user) = self.users.first() {
            write!(f, "by `{}` ", demangle(user))?;
        }
        write!(f, "in `{}`)", self.module)
    }
}

impl LinkError {
    pub(crate) fn unsupported(symbol: impl Into<String>, what: impl Into<String>) -> Self {
        let (symbol, what) = (symbol.into(), what.into());
        Self::Unsupported { symbol, what }
    }
}

/// A symbol as the source spells it, with the linker's name where that is another.
fn quoted(symbol: &str) -> impl fmt::Display {
    let shown = demangle(symbol);
    if shown == symbol {
        format!("`{symbol}`")
    } else {
        format!("`{shown}` (`{symbol}`)")
    }
}

/// How many symbols of one module the text of an error lists.
const LISTED: usize = 5;

fn uses(users: &[(String, String)]) -> String {
    let by_module = users.chunk_by(|(one, _), (other, _)| one == other);
    let describe = |users: &[(String, String)]| {
        let (module, _) = users.first()?;
        let shown = users
            .iter()
            .take(LISTED)
            .map(|(_, symbol)| quoted(symbol).to_string());
        let more = match users.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "`{module}` uses {}{more}",
            shown.collect::<Vec<_>>().join(", ")
        ))
    };
    by_module
        .filter_map(describe)
        .collect::<Vec<_>>()
        .join("; ")
}

fn list(symbols: &[UndefinedSymbol]) -> String {
    let shown: Vec<_> = symbols.iter().map(UndefinedSymbol::to_string).collect();
    shown.join(", ")
}

fn suggestions(nearest: &[String]) -> String {
    if nearest.is_empty() {
        return String::new();
    }
    let shown: Vec<_> = nearest.iter().map(|name| format!("`{name}`")).collect();
    format!("; there is {}", shown.join(", "))
}
