//! Functions that jump to labels by address, and the tables that hold such addresses.

use std::collections::{HashMap, HashSet};

use inkwell::module::Module;
use tjit_orc::{
    GlobalKind, fix_labels, has_labels, jumps_to_addresses, labels_escape, labels_used_elsewhere,
    references, users,
};

use crate::LinkError;
use crate::inventory::{Global, Strength};

/// What a module does with the addresses of labels.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    /// For each function that has any, the local variables with addresses of its labels: each version has its own.
    tables: HashMap<String, Vec<String>>,
    /// The variables that are such tables.
    in_tables: HashSet<String>,
    /// Functions that may have one version only.
    pinned: HashSet<String>,
    /// Functions that jump to a body which stays where it is.
    jumps: HashSet<String>,
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

    /// Whether others know labels of the function, whose body is elsewhere.
    pub(crate) fn is_fixed(&self, function: &str) -> bool {
        self.jumps.contains(function)
    }
}

/// What holds addresses of labels.
enum Table {
    /// Nothing of the kind.
    None,
    /// It can go with each version of its function.
    Own(String),
    /// It is data: others see it, or it has labels of several functions, which are these.
    Shared(Vec<String>),
}

/// Lets labels that others know be good for ever: the body that they are in becomes data, under a local name, and its function
/// a jump there. Optimisers write such modules, when they copy code that hands addresses of labels out to a caller
/// (inlining, specialisation). Returns whether the module has changed.
pub(crate) fn fix(module: &Module<'_>, globals: &[Global], suffix: &str) -> bool {
    if !has_labels(module) {
        return false;
    }
    let shared = |global: &Global| match table(module, global) {
        Table::Shared(functions) => functions,
        Table::None | Table::Own(_) => Vec::new(),
    };
    let mut known: HashSet<String> = of_kind(globals, GlobalKind::Variable)
        .flat_map(shared)
        .collect();
    let functions = of_kind(globals, GlobalKind::Function);
    for global in functions.clone() {
        let function = module.get_function(&global.name);
        if function.is_some_and(labels_used_elsewhere) {
            known.insert(global.name.clone());
        }
    }
    // In the module's order, so that what is added has the same names each time. Of what is there to be inlined only, the labels
    // are somebody else's.
    let known = functions
        .filter(|global| known.contains(&global.name))
        .filter(|global| global.strength() != Some(Strength::Importable));
    known
        .filter_map(|global| Some((module.get_function(&global.name)?, &global.name)))
        .filter(|(function, name)| fix_labels(*function, &format!("{name}.fixed{suffix}")))
        .count()
        > 0
}

/// Finds the label tables of a module.
///
/// An address of a label is good in one version of its function only. A table that is used by that function alone can go with
/// each version, if it is local to the module or the static local of a function that is equal everywhere (C++'s inline
/// functions, whose copies have tables that are equal too).
pub(crate) fn find(module: &Module<'_>, globals: &[Global]) -> Result<Labels, LinkError> {
    let mut labels = Labels::default();
    if !has_labels(module) {
        return Ok(labels);
    }
    let fixed: HashSet<&str> = of_kind(globals, GlobalKind::Function)
        .filter(|global| global.facts.attributes.fixed)
        .map(|global| &*global.name)
        .collect();
    // `fix` has called them so.
    let jumps = fixed.iter().filter_map(|body| body.rsplit_once(".fixed"));
    labels.jumps = jumps.map(|(function, _)| function.to_owned()).collect();
    for variable in of_kind(globals, GlobalKind::Variable) {
        match table(module, variable) {
            Table::None => {}
            Table::Own(function) if fixed.contains(&*function) => {}
            Table::Own(function) => {
                let tables = labels.tables.entry(function).or_default();
                tables.push(variable.name.clone());
                labels.in_tables.insert(variable.name.clone());
            }
            Table::Shared(functions) if functions.iter().all(|name| fixed.contains(&**name)) => {}
            Table::Shared(_) => {
                let what = "it holds addresses of labels of a function that can't stay where it is";
                return Err(LinkError::unsupported(&variable.name, what));
            }
        }
    }
    let own = |global: &&Global| !global.facts.attributes.fixed;
    for global in of_kind(globals, GlobalKind::Function).filter(own) {
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

fn of_kind(globals: &[Global], kind: GlobalKind) -> impl Iterator<Item = &Global> + Clone {
    let defined = |global: &&Global| global.facts.defined && !global.is_reserved();
    globals
        .iter()
        .filter(defined)
        .filter(move |global| global.facts.kind == kind)
}

/// As Itanium's ABI names it.
fn is_static_local(global: &Global) -> bool {
    global.is_odr() && global.name.starts_with("_ZZ")
}

fn table(module: &Module<'_>, global: &Global) -> Table {
    let Some(variable) = module.get_global(&global.name) else {
        return Table::None;
    };
    let functions = references(variable).block_addresses;
    if functions.is_empty() {
        return Table::None;
    }
    let users = users(variable);
    match &functions[..] {
        [function]
            if users.functions.iter().all(|user| user == function)
                && (global.is_local() || is_static_local(global))
                && users.globals.is_empty() =>
        {
            Table::Own(function.clone())
        }
        _ => Table::Shared(functions),
    }
}
