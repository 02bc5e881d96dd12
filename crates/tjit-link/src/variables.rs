//! The variables of a program, by name.

use std::sync::Arc;

use tjit_orc::GlobalKind;

use crate::LinkError;
use crate::inventory::Global;
use crate::program::Program;
use crate::resolve::Owner;

/// In front of the rest of the name of what a guard watches over (Itanium C++ ABI, §5.1.4.4).
const GUARD: &str = "_ZGV";

/// A variable that the program uses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// The name it has in slices and in its data module.
    pub symbol: Arc<str>,
    /// Whether a module of the program defines it; else it is the host's, and the rest is not known.
    pub is_defined: bool,
    /// Bytes.
    pub size: u64,
    /// There is one per thread, and the symbol is that of its description.
    pub is_thread_local: bool,
    /// Nobody may write it.
    pub is_constant: bool,
    /// The guard of its initialiser, if it is initialised when control first reaches it.
    pub guard: Option<Arc<str>>,
}

impl Program {
    /// A variable by the linker's name, or by the source's: `_ZN3app4rateE` or `app::rate`, `_ZZ4nextvE5count` or `next()::count`,
    /// `table` for an internal one of C.
    ///
    /// The first use after a link of a name that is not the linker's demangles the names of all variables.
    ///
    /// # Errors
    /// [`LinkError::UnknownVariable`] with similar names, [`LinkError::Ambiguous`] with the variables that it may mean.
    pub fn resolve_variable(&self, name: &str) -> Result<Variable, LinkError> {
        if let Some(variable) = self.variable(name) {
            return Ok(variable);
        }
        let lookup = self.variables();
        let unknown = || LinkError::UnknownVariable {
            name: name.to_owned(),
            nearest: lookup.nearest(name),
        };
        match lookup.find(name.trim()) {
            [] => Err(unknown()),
            [index] => self.variable(lookup.symbol(*index)).ok_or_else(unknown),
            several => Err(LinkError::Ambiguous {
                name: name.to_owned(),
                candidates: lookup.described(several),
            }),
        }
    }

    /// The variable that is linked under `symbol`, if the program uses one of that name.
    pub fn variable(&self, symbol: &str) -> Option<Variable> {
        let (name, entry) = self.symbol_entry(symbol)?;
        let global = self.global(entry);
        let is_defined = matches!(entry.owner, Some(Owner::Program(_)));
        // Of the host's that no module has a copy of, it is not known what they are.
        let may_be = global.is_none_or(is_variable);
        (may_be && entry.owner.is_some()).then(|| Variable {
            symbol: name.clone(),
            is_defined,
            size: global.map_or(0, |global| global.facts.size),
            is_thread_local: matches!(entry.owner, Some(Owner::HostThread(_)))
                || global.is_some_and(|global| global.facts.thread_local),
            is_constant: global.is_some_and(|global| global.facts.constant),
            guard: self.guard_of(symbol),
        })
    }

    fn guard_of(&self, symbol: &str) -> Option<Arc<str>> {
        let guard = format!("{GUARD}{}", symbol.strip_prefix("_Z")?);
        Some(self.symbol_entry(&guard)?.0.clone())
    }

    /// The symbols of the variables that modules of the program define from the one of index `first` on, in their order.
    pub(crate) fn variable_symbols(&self, first: usize) -> Vec<Arc<str>> {
        let modules = self.modules().iter().enumerate().skip(first);
        let globals =
            modules.flat_map(|(index, module)| module.globals.iter().map(move |g| (index, g)));
        let variables = globals.filter(|(index, global)| {
            let owner = self.symbol(&global.name).and_then(|symbol| symbol.owner);
            is_variable(global) && global.facts.defined && owner == Some(Owner::Program(*index))
        });
        variables
            .map(|(_, global)| Arc::from(global.name.as_str()))
            .collect()
    }
}

/// A native object's functions have no body here.
fn is_variable(global: &Global) -> bool {
    global.facts.kind == GlobalKind::Variable && !global.facts.callable
}
