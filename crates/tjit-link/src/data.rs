//! Cutting the data modules out of the modules of a link.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tjit_orc::{Definition, SliceLinkage, SlicePart, ThreadSafeModule, merge_variables};

use crate::LinkError;
use crate::inventory::Inventory;
use crate::linked::{DataModule, ModuleId};
use crate::sections::Moves;
use crate::table::Table;

/// The modules of a link; indices are those of the program.
#[derive(Clone, Copy)]
struct Modules<'m> {
    first: usize,
    new: &'m [Inventory],
}

impl<'m> Modules<'m> {
    fn get(self, index: usize) -> &'m Inventory {
        &self.new[index - self.first]
    }
}

/// What of a module becomes data.
#[derive(Debug, Default)]
pub(crate) struct DataNames<'m> {
    /// The variables and data aliases that it defines.
    pub(crate) own: Vec<Cow<'m, str>>,
    /// Where the host has thread-locals.
    pub(crate) of_host: Vec<String>,
}

/// The data modules of a link. `names` are those of each module of `new`, whose first is the one of index `first`.
pub(crate) fn cut(
    first: usize,
    new: &[Inventory],
    table: &Table,
    names: &[DataNames<'_>],
) -> Result<Vec<DataModule>, LinkError> {
    let modules = Modules { first, new };
    let moves = Moves::new(table, first, new);
    // By the module whose data module it is: definitions, by the module that has them. The home's own come first, as it
    // is the first that has variables in its sections.
    let mut parts: BTreeMap<usize, BTreeMap<usize, Vec<Definition<'_>>>> = BTreeMap::new();
    for (index, names) in (first..).zip(names) {
        for name in &names.own {
            let home = parts.entry(moves.home(index, name)).or_default();
            home.entry(index).or_default().push(external(name));
        }
    }
    let mut cut = Vec::with_capacity(parts.len());
    for (home, parts) in parts {
        let parts: Vec<_> = parts
            .iter()
            .map(|(&index, definitions)| SlicePart {
                module: &modules.get(index).module,
                definitions,
            })
            .collect();
        let name = format!("{} (data)", modules.get(home).name);
        let ir = ThreadSafeModule::slice_all(&name, &parts)?;
        merge_sections(home, &ir, table, modules)?;
        let module = Some(ModuleId::new(home));
        cut.push(DataModule { module, ir });
    }
    for (module, names) in new.iter().zip(names) {
        let definitions: Vec<_> = names.of_host.iter().map(|name| external(name)).collect();
        if !definitions.is_empty() {
            let name = format!("{} (data of the host)", module.name);
            let ir = module.module.slice(&name, &definitions)?;
            cut.push(DataModule { module: None, ir });
        }
    }
    Ok(cut)
}

fn external(name: &str) -> Definition<'_> {
    Definition {
        name,
        body_name: None,
        linkage: SliceLinkage::External,
    }
}

/// Makes the sections that a data module is the home of out of the variables that it has.
fn merge_sections(
    home: usize,
    data: &ThreadSafeModule,
    table: &Table,
    modules: Modules<'_>,
) -> Result<(), LinkError> {
    for section in table.sections.iter().filter(|section| section.home == home) {
        let members = section.members.iter();
        let members: Vec<&str> = members
            .map(|member| &*modules.get(member.module).globals[member.global].name)
            .collect();
        let (start, stop) = (section.start.as_deref(), section.stop.as_deref());
        data.with_module(|data| merge_variables(data, &members, start, stop))?;
    }
    Ok(())
}
