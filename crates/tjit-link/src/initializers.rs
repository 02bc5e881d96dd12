//! Constructors and destructors of the modules, in the order in which they are to run.

use crate::called::Entry;
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
    ordered(
        modules.map(|(index, module)| (index, &*module.called.constructors)),
        owner,
    )
}

/// Destructors, in the opposite order: as entries of `.fini_array`, which the system walks backwards.
pub(crate) fn destructors<'i>(
    modules: impl Iterator<Item = (usize, &'i Inventory)>,
    owner: impl Fn(&str) -> Option<Owner>,
) -> Vec<Initializer> {
    let lists = modules.map(|(index, module)| (index, &*module.called.destructors));
    let mut all = ordered(lists, owner);
    all.reverse();
    all
}

fn ordered<'i>(
    lists: impl Iterator<Item = (usize, &'i [Entry])>,
    owner: impl Fn(&str) -> Option<Owner>,
) -> Vec<Initializer> {
    let mut all: Vec<_> = lists
        .flat_map(|(index, list)| {
            let entries = prevailing(index, list, &owner).into_iter();
            entries.map(move |entry| (ModuleId::new(index), entry))
        })
        .collect();
    all.sort_by_key(|(_, entry)| entry.order);
    let initializer = |(module, entry): (ModuleId, &Entry)| Initializer {
        priority: entry.order.priority(),
        symbol: entry.function.clone(),
        module,
    };
    all.into_iter().map(initializer).collect()
}

/// Leaves out the initialisers of variables that another module or the host defines: they run there.
fn prevailing(
    module: usize,
    entries: &[Entry],
    owner: impl Fn(&str) -> Option<Owner>,
) -> Vec<&Entry> {
    let runs = |entry: &&Entry| match &entry.associated {
        Some(variable) => owner(variable) == Some(Owner::Program(module)),
        None => true,
    };
    entries.iter().filter(runs).collect()
}
