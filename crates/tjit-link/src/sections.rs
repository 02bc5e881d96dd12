//! Sections whose bounds a program asks for: `__start_things` and `__stop_things` of the section `things`.
//!
//! A linker puts what the files have in such a section one behind the other and makes up symbols for its ends. Here the
//! variables of all modules of one link go into the data module of the first that has any, as one variable; each keeps
//! its symbol. A link is to a program what a library is to a process: a later one has sections and bounds of its own.
//!
//! Functions have no place in such a section: a function has as many bodies as versions, and its address is that of its
//! stub, so that no range of addresses would hold what the bounds promise. Nor have thread-locals, which each thread has
//! elsewhere. Programs with either are refused.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tjit_orc::GlobalKind;

use crate::LinkError;
use crate::aliases::Names;
use crate::inventory::{Global, Inventory};
use crate::program::{Place, Symbol};
use crate::resolve::Owner;
use crate::table::{Builder, Table};

const START: &str = "__start_";
const STOP: &str = "__stop_";

/// A section with bounds.
#[derive(Debug)]
pub(crate) struct Section {
    /// The module whose data module has it.
    pub(crate) home: usize,
    /// Its variables, in the order in which they lie.
    pub(crate) members: Vec<Place>,
    /// The name of its first byte, if it is asked for.
    pub(crate) start: Option<String>,
    /// The name of the byte behind its last.
    pub(crate) stop: Option<String>,
}

/// A section with variables of several modules, which lie in memory together and so are unloaded together.
#[derive(Debug)]
pub(crate) struct SharedSection {
    /// One of its bounds.
    pub(crate) bound: String,
    pub(crate) modules: BTreeSet<usize>,
}

impl SharedSection {
    /// `None` if all of the section is one module's.
    pub(crate) fn of(section: &Section) -> Option<Self> {
        let bound = section.start.as_ref().or(section.stop.as_ref())?.clone();
        let modules: BTreeSet<_> = section.members.iter().map(|place| place.module).collect();
        (modules.len() > 1).then_some(Self { bound, modules })
    }
}

/// A declaration that gets another name.
#[derive(Debug)]
pub(crate) struct Rename {
    place: Place,
    name: String,
}

/// Defines the bounds that the new modules use and do not define.
pub(crate) fn bind(builder: &Builder<'_>, table: &mut Table) -> Result<(), LinkError> {
    for (name, bounds) in wanted(builder, table) {
        let members = members(builder, table, name)?;
        // Without any, a bound is a symbol like others: null if weak, undefined otherwise.
        let Some(home) = members.first().map(|place| place.module) else {
            continue;
        };
        check_objects(builder, name, bounds[0])?;
        let mut section = Section {
            home,
            members,
            start: None,
            stop: None,
        };
        for place in bounds {
            let global = builder.global(place);
            if global.facts.callable {
                let what = "it is a bound of a section, and not a function";
                return Err(LinkError::unsupported(&global.name, what));
            }
            let bound = if global.name.starts_with(START) {
                &mut section.start
            } else {
                &mut section.stop
            };
            let name = bound.get_or_insert_with(|| free_name(builder, home, global));
            if *name != global.name {
                let name = name.clone();
                table.renames.push(Rename { place, name });
            }
        }
        for name in section.start.iter().chain(&section.stop) {
            let symbol = Symbol::new(Some(Owner::Program(home)), None, None);
            table.symbols.insert(Arc::from(name.as_str()), symbol);
        }
        table.sections.push(section);
    }
    Ok(())
}

/// The parts that object files have of a section lie elsewhere than those of modules.
fn check_objects(builder: &Builder<'_>, section: &str, bound: Place) -> Result<(), LinkError> {
    let mut objects = builder.new_modules().filter_map(|(_, m)| m.native.as_ref());
    match objects.find(|object| object.has_section(section)) {
        Some(object) => {
            let what = format!(
                "the section is in part of modules and in part of the native object `{}`; give that as bitcode",
                object.name()
            );
            Err(LinkError::unsupported(&builder.global(bound).name, what))
        }
        None => Ok(()),
    }
}

/// The declarations of bounds, by their section.
fn wanted<'m>(builder: &Builder<'m>, table: &Table) -> BTreeMap<&'m str, Vec<Place>> {
    let mut wanted: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (index, module) in builder.new_modules() {
        for (number, global) in module.globals.iter().enumerate() {
            let is_wanted = !global.facts.defined && global.facts.used;
            let is_free = || !table.symbols.contains_key(global.name.as_str());
            let section = bounded_section(&global.name).filter(|_| is_wanted && is_free());
            if let Some(section) = section {
                let place = Place {
                    module: index,
                    global: number,
                };
                wanted.entry(section).or_default().push(place);
            }
        }
    }
    wanted
}

/// The section that a linker would define this bound of: its name must be one in C.
fn bounded_section(bound: &str) -> Option<&str> {
    let section = bound
        .strip_prefix(START)
        .or_else(|| bound.strip_prefix(STOP))?;
    let is_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    let starts_well = section.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    (starts_well && section.bytes().all(is_word)).then_some(section)
}

/// The variables of a section, in the order of the modules and then of each.
fn members(builder: &Builder<'_>, table: &Table, section: &str) -> Result<Vec<Place>, LinkError> {
    let mut members = Vec::new();
    for (index, module) in builder.new_modules() {
        for (number, global) in module.globals.iter().enumerate() {
            if global.facts.section.as_deref() != Some(section) || !global.facts.defined {
                continue;
            }
            let symbol = table.symbols.get(global.name.as_str());
            let prevails = symbol.is_some_and(|s| s.owner == Some(Owner::Program(index)));
            if !prevails {
                continue;
            }
            if let Some(what) = obstacle(module, global) {
                let what =
                    format!("it is {what} in the section `{section}`, whose bounds are used");
                return Err(LinkError::unsupported(&global.name, what));
            }
            members.push(Place {
                module: index,
                global: number,
            });
        }
    }
    Ok(members)
}

fn obstacle(module: &Inventory, global: &Global) -> Option<&'static str> {
    if global.facts.kind != GlobalKind::Variable {
        Some("a function")
    } else if global.facts.thread_local {
        Some("a thread-local variable")
    } else if module.labels.is_table(&global.name) {
        Some("a table of labels")
    } else {
        None
    }
}

/// An earlier link may have a section of the name, with bounds of its own.
fn free_name(builder: &Builder<'_>, home: usize, bound: &Global) -> String {
    match builder.is_owned_before(&bound.name) {
        false => bound.name.clone(),
        true => format!("{}{}", bound.name, builder.module(home).suffix),
    }
}

/// Gives the declarations of bounds the names that the link has chosen. `first` is the index of the first of `new`.
pub(crate) fn rename(table: &mut Table, first: usize, new: &mut [Inventory]) {
    for Rename { place, name } in std::mem::take(&mut table.renames) {
        new[place.module - first].rename_declaration(place.global, name);
    }
}

/// Which definitions leave their module for the data module of another.
pub(crate) struct Moves<'t>(HashMap<&'t str, usize>);

impl<'t> Moves<'t> {
    /// `new` are the modules from index `first` on.
    pub(crate) fn new(table: &Table, first: usize, new: &'t [Inventory]) -> Self {
        let mut homes = HashMap::new();
        let mut affected = vec![false; new.len()];
        for section in &table.sections {
            for member in section.members.iter().filter(|m| m.module != section.home) {
                let module = member.module - first;
                affected[module] = true;
                homes.insert(&*new[module].globals[member.global].name, section.home);
            }
        }
        // An alias lies where what it stands for does.
        for module in new
            .iter()
            .zip(affected)
            .filter_map(|(m, is)| is.then_some(m))
        {
            let names = Names::of(module);
            for alias in module
                .globals
                .iter()
                .filter(|g| g.facts.kind == GlobalKind::Alias)
            {
                let base = names.base(alias);
                if let Some(&home) = base.and_then(|base| homes.get(&*base.global.name)) {
                    homes.insert(&*alias.name, home);
                }
            }
        }
        Self(homes)
    }

    /// The module whose data module has the definition `name` of the module `index`.
    pub(crate) fn home(&self, index: usize, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or(index)
    }
}
