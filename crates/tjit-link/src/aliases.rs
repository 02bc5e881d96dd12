//! Further names of functions and variables.

use std::collections::HashMap;
use std::sync::Arc;

use tjit_orc::GlobalKind;

use crate::LinkError;
use crate::inventory::{Global, Inventory};
use crate::resolve::Owner;
use crate::table::{Builder, Table};

/// What an alias stands for in the end.
pub(crate) struct Base<'m> {
    pub(crate) global: &'m Global,
    /// The very address, and not one inside.
    exact: bool,
}

/// Finds what the aliases of the new modules stand for, and refuses those whose target is another's.
pub(crate) fn settle(builder: &Builder<'_>, table: &mut Table) -> Result<(), LinkError> {
    let mut found = Vec::new();
    for (index, module) in builder.new_modules() {
        let by_name = Names::of(module);
        let aliases = module
            .globals
            .iter()
            .filter(|global| global.facts.kind == GlobalKind::Alias);
        for alias in aliases {
            let owner = table
                .symbols
                .get(alias.name.as_str())
                .and_then(|symbol| symbol.owner);
            if owner != Some(Owner::Program(index)) {
                continue;
            }
            if let Some(function) = check(builder, table, index, &by_name, alias)? {
                found.push((alias.name.as_str(), function));
            }
        }
    }
    for (alias, function) in found {
        if let Some(symbol) = table.symbols.get_mut(alias) {
            symbol.alias_of = Some(Arc::from(function));
        }
    }
    Ok(())
}

/// The function that the alias is a name of; `None` for data.
fn check<'m>(
    builder: &Builder<'m>,
    table: &Table,
    index: usize,
    by_name: &Names<'m>,
    alias: &Global,
) -> Result<Option<&'m str>, LinkError> {
    let refuse = |what: &str| Err(LinkError::unsupported(&alias.name, what));
    let Some(base) = by_name.base(alias) else {
        return refuse("it is an alias of an address that no symbol has");
    };
    let owner = builder
        .symbol(&base.global.name, table)
        .and_then(|symbol| symbol.owner);
    let is_ours = owner == Some(Owner::Program(index));
    match base.global.facts.kind {
        GlobalKind::Function if !base.exact => {
            refuse("it is an alias of an address inside a function")
        }
        // Copies that are equal by the language's rules may stand for one another.
        GlobalKind::Function
            if is_ours || (base.global.is_odr() && matches!(owner, Some(Owner::Program(_)))) =>
        {
            Ok(Some(&base.global.name))
        }
        GlobalKind::Variable if is_ours => Ok(None),
        GlobalKind::Function | GlobalKind::Variable => {
            refuse("it is an alias of a definition that gave way to another")
        }
        GlobalKind::Alias | GlobalKind::IFunc => refuse("it is an alias of an ifunc"),
    }
}

/// The globals of a module by name, if it has aliases.
pub(crate) struct Names<'m>(HashMap<&'m str, &'m Global>);

impl<'m> Names<'m> {
    pub(crate) fn of(module: &'m Inventory) -> Self {
        let has_aliases = module
            .globals
            .iter()
            .any(|global| global.facts.kind == GlobalKind::Alias);
        let globals = module.globals.iter().filter(|_| has_aliases);
        Self(globals.map(|global| (&*global.name, global)).collect())
    }

    /// Follows aliases of aliases. The verifier has ruled out cycles.
    pub(crate) fn base(&self, alias: &Global) -> Option<Base<'m>> {
        let mut target = alias.facts.target.as_ref()?;
        let mut exact = true;
        loop {
            exact &= target.exact;
            let global = *self.0.get(target.base.as_deref()?)?;
            match (&global.facts.kind, &global.facts.target) {
                (GlobalKind::Alias, Some(next)) => target = next,
                _ => return Some(Base { global, exact }),
            }
        }
    }
}
