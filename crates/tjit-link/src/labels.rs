//! Functions that jump to labels by address, and the tables that hold such addresses.

use std::collections::{HashMap, HashSet};

use inkwell::module::Module;
use tjit_orc::{GlobalKind, jumps_to_addresses, labels_escape, references, users};

use crate::LinkError;
use crate::inventory::Global;

/// What a module does with the addresses of labels.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    /// For each function that has any, the local variables with addresses of its labels: each version has its own.
    tables: HashMap<String, Vec<String>>,
    /// The variables that are such tables.
    in_tables: HashSet<String>,
    /// Functions that may have one version only.
    pinned: HashSet<String>,
}

impl Labels {
    pub(crate) fn tables_of(&self, function: &str) -> &[String] {
        self.tables
            .get(function)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    pub(crate) fn is_table(&self, variable: &str) -> bool {
        self.in_tables.contains(variable)
    }

    /// Follows a function to a new name.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(tables) = self.tables.remove(from) {
            self.tables.insert(to.to_owned(), tables);
        }
        if self.pinned.remove(from) {
            self.pinned.insert(to.to_owned());
        }
    }

    pub(crate) fn is_pinned(&self, function: &str) -> bool {
        self.pinned.contains(function)
    }
}

/// Finds the label tables of a module.
///
/// An address of a label is good in one version of its function only. A table that is used by that function alone can go with
/// each version, if it is local to the module or the static local of a function that is equal everywhere (C++'s inline
/// functions, whose copies have tables that are equal too); one that others see, or that holds labels of several functions,
/// can't.
pub(crate) fn find(module: &Module<'_>, globals: &[Global]) -> Result<Labels, LinkError> {
    let mut labels = Labels::default();
    let of_kind = |kind| {
        let defined = |global: &&Global| global.facts.defined && !global.is_reserved();
        globals
            .iter()
            .filter(defined)
            .filter(move |global| global.facts.kind == kind)
    };
    for variable in of_kind(GlobalKind::Variable) {
        table(module, variable, &mut labels)?;
    }
    for global in of_kind(GlobalKind::Function) {
        let Some(function) = module.get_function(&global.name) else {
            continue;
        };
        if !jumps_to_addresses(function) {
            continue;
        }
        let tables = labels.tables_of(&global.name).iter();
        let tables: Vec<_> = tables
            .filter_map(|table| module.get_global(table))
            .collect();
        if labels_escape(function, &tables) {
            labels.pinned.insert(global.name.clone());
        }
    }
    Ok(labels)
}

/// As Itanium's ABI names it.
fn is_static_local(global: &Global) -> bool {
    global.is_odr() && global.name.starts_with("_ZZ")
}

fn table(module: &Module<'_>, global: &Global, labels: &mut Labels) -> Result<(), LinkError> {
    let Some(variable) = module.get_global(&global.name) else {
        return Ok(());
    };
    let functions = references(variable).block_addresses;
    if functions.is_empty() {
        return Ok(());
    }
    let users = users(variable);
    let only_function = match &functions[..] {
        [function] if users.functions.iter().all(|user| user == function) => Some(function),
        _ => None,
    };
    match only_function {
        Some(function)
            if (global.is_local() || is_static_local(global)) && users.globals.is_empty() =>
        {
            labels
                .tables
                .entry(function.clone())
                .or_default()
                .push(global.name.clone());
            labels.in_tables.insert(global.name.clone());
            Ok(())
        }
        _ => {
            let what =
                "it holds addresses of labels and is seen outside the function that they are in";
            Err(LinkError::unsupported(&global.name, what))
        }
    }
}
