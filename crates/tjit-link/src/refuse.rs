//! What can't be linked without changing what the program does.

use std::collections::HashSet;

use inkwell::module::Linkage;
use tjit_orc::{ComdatKind, GlobalKind};

use crate::inventory::{Global, Inventory};
use crate::{LinkError, asm};

/// Sections whose entries the system calls when it loads a program.
const CALLED_SECTIONS: [&str; 6] = [
    ".init_array",
    ".fini_array",
    ".preinit_array",
    ".ctors",
    ".dtors",
    ".init",
];

/// In front of a section's name: symbols that a linker makes up for its bounds.
const SECTION_BOUNDS: [&str; 2] = ["__start_", "__stop_"];

/// Refuses what the module can't have, naming the first symbol that stands in the way.
pub(crate) fn check(module: &Inventory) -> Result<(), LinkError> {
    if let Some(symbol) = asm::first_effect(&module.assembly) {
        let what = format!(
            "module-level inline assembly of `{}` defines it",
            module.name
        );
        return Err(LinkError::unsupported(symbol, what));
    }
    for global in module.globals.iter().filter(|global| !global.is_reserved()) {
        if let Some(what) = obstacle(global) {
            return Err(LinkError::unsupported(&global.name, what));
        }
    }
    Ok(())
}

fn obstacle(global: &Global) -> Option<&'static str> {
    let facts = &global.facts;
    let in_called_section = || {
        let section = facts.section.as_deref().unwrap_or_default();
        CALLED_SECTIONS
            .iter()
            .any(|called| section == *called || section.starts_with(&format!("{called}.")))
    };
    if facts.kind == GlobalKind::IFunc {
        Some("it is an ifunc")
    } else if !facts.defined {
        None
    } else if facts.comdat == Some(ComdatKind::Compared) {
        Some("its COMDAT is chosen by size or contents")
    } else if facts.linkage == Linkage::Appending {
        Some("it has appending linkage")
    } else if in_called_section() {
        Some("it is in a section that the system calls")
    } else if tjit_mangle::counted_symbol(&global.name).is_some() {
        Some("its name is that of a counter")
    } else {
        None
    }
}

/// Refuses symbols for the bounds of a section that the program has: slices are linked one by one, so a section has no
/// bounds.
pub(crate) fn check_section_bounds<'i>(
    modules: impl Iterator<Item = &'i Inventory> + Clone,
) -> Result<(), LinkError> {
    let globals = modules.flat_map(|module| &module.globals);
    let bounds = globals
        .clone()
        .filter(|global| !global.facts.defined && global.facts.used);
    let bounds: Vec<_> = bounds
        .filter_map(|global| Some((global, bounded_section(&global.name)?)))
        .collect();
    if bounds.is_empty() {
        return Ok(());
    }
    let sections: HashSet<_> = globals
        .filter_map(|global| global.facts.section.as_deref())
        .collect();
    match bounds
        .iter()
        .find(|(_, section)| sections.contains(section))
    {
        Some((global, _)) => {
            let what = "it is a bound of a section, which the linker would have to make up";
            Err(LinkError::unsupported(&global.name, what))
        }
        None => Ok(()),
    }
}

fn bounded_section(name: &str) -> Option<&str> {
    SECTION_BOUNDS
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .filter(|section| !section.is_empty())
}
