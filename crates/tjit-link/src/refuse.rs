//! What can't be linked without changing what the program does.

use inkwell::module::Linkage;
use tjit_orc::ComdatKind;

use crate::LinkError;
use crate::inventory::{Global, Inventory};

/// Sections out of whose code the linker makes two functions that the system calls.
const CODE_SECTIONS: [&str; 2] = [".init", ".fini"];

/// Refuses what the module can't have, naming the first symbol that stands in the way.
pub(crate) fn check(module: &Inventory) -> Result<(), LinkError> {
    if let Some(object) = &module.native {
        return object.check();
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
    let section = facts.section.as_deref().unwrap_or_default();
    if !facts.defined {
        None
    } else if facts.comdat == Some(ComdatKind::Compared) {
        Some("its COMDAT is chosen by size or contents")
    } else if facts.linkage == Linkage::Appending {
        Some("it has appending linkage")
    } else if CODE_SECTIONS.contains(&section) {
        Some("it is part of a function that the linker puts together of all files' sections")
    } else if tjit_mangle::counted_symbol(&global.name).is_some() {
        Some("its name is that of a counter")
    } else {
        None
    }
}
