//! Constructors and destructors of the modules, in the order in which they are to run.

use crate::inventory::Inventory;
use crate::linked::{Initializer, ModuleId};
use crate::resolve::Owner;

#[cfg(test)]
mod tests;

/// Constructors: lower priorities first, equal ones in the order of the modules and then of each module.
pub(crate) fn constructors<'i>(
    modules: impl Iterator<Item = (usize, &'i Inventory)>,
    owner: impl Fn(&str) -> Option<Owner>,
) -> Vec<Initializer> {
    let mut all = Vec::new();
    for (index, module) in modules {
        all.extend(prevailing(index, &module.constructors, &owner));
    }
    all.sort_by_key(|initializer| initializer.priority);
    all
}

/// Destructors, in the opposite order: as entries of `.fini_array`, which the system walks backwards.
pub(crate) fn destructors<'i>(
    modules: impl Iterator<Item = (usize, &'i Inventory)>,
    owner: impl Fn(&str) -> Option<Owner>,
) -> Vec<Initializer> {
    let mut all = Vec::new();
    for (index, module) in modules {
        all.extend(prevailing(index, &module.destructors, &owner));
    }
    all.sort_by_key(|initializer| initializer.priority);
    all.reverse();
    all
}

/// Leaves out the initialisers of variables that another module or the host defines: they run there.
fn prevailing(
    module: usize,
    entries: &[tjit_orc::Initializer],
    owner: impl Fn(&str) -> Option<Owner>,
) -> Vec<Initializer> {
    let runs = |entry: &&tjit_orc::Initializer| match &entry.associated {
        Some(variable) => owner(variable) == Some(Owner::Program(module)),
        None => true,
    };
    let entries = entries.iter().filter(runs);
    entries
        .map(move |entry| Initializer {
            priority: entry.priority,
            symbol: entry.function.clone(),
            module: ModuleId::new(module),
        })
        .collect()
}
