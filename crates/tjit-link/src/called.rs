//! What a module asks to be called when the program starts and ends: LLVM's lists, and variables in sections such as
//! `.init_array`, whose contents the system calls.
//!
//! The order is the one in which GNU ld and LLD place the entries: `.preinit_array`, then numbered sections by their
//! number, then the others; within these the order of the modules and of each module. LLVM's lists are entries of the
//! same sections, at the lists' place among the variables (`emitXXStructorList`, `AsmPrinter.cpp`).

use std::collections::HashMap;

use inkwell::module::Module;
use tjit_orc::{GlobalKind, function_pointers, initializers};

use crate::LinkError;
use crate::inventory::{Global, Inventory};

#[cfg(test)]
mod tests;

/// The priority of an entry without a number.
const DEFAULT_PRIORITY: u32 = 65535;

/// When an entry is called among those of all modules; lower ones are called first at the start and last at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    /// `.preinit_array`.
    First,
    /// `.init_array.5`: by the number.
    Numbered(u32),
    /// `.init_array`.
    Default,
}

/// A function that is to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) order: Order,
    /// The function or alias.
    pub(crate) function: String,
    /// Runs only if this global's definition in the module is the prevailing one.
    pub(crate) associated: Option<String>,
}

/// A module's entries, in its order.
#[derive(Debug, Default)]
pub(crate) struct Called {
    pub(crate) constructors: Vec<Entry>,
    pub(crate) destructors: Vec<Entry>,
}

/// A section whose contents the system calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CalledSection {
    pub(crate) at_end: bool,
    pub(crate) order: Order,
    /// Linkers turn the contents of `.ctors` and `.dtors` of each file around when they place them.
    pub(crate) reversed: bool,
}

impl Order {
    /// As `llvm.global_ctors` numbers it.
    pub(crate) fn priority(self) -> u32 {
        match self {
            Self::First => 0,
            Self::Numbered(number) => number,
            Self::Default => DEFAULT_PRIORITY,
        }
    }

    fn of_priority(priority: u32) -> Self {
        match priority {
            DEFAULT_PRIORITY => Self::Default,
            number => Self::Numbered(number),
        }
    }
}

/// Finds the entries of a module whose globals have their names in the program already.
pub(crate) fn find(module: &Module<'_>, globals: &[Global]) -> Result<Called, LinkError> {
    let mut called = Called::default();
    // Where the contents of a section that is to be turned around begin.
    let mut starts: HashMap<&str, usize> = HashMap::new();
    let variables = globals
        .iter()
        .filter(|global| global.facts.kind == GlobalKind::Variable && global.facts.defined);
    for global in variables {
        match &*global.name {
            "llvm.global_ctors" => called.constructors.extend(listed(module, &global.name)),
            "llvm.global_dtors" => called.destructors.extend(listed(module, &global.name)),
            _ => {}
        }
        let name = global.facts.section.as_deref().unwrap_or_default();
        let Some(section) =
            section(name).map_err(|what| LinkError::unsupported(&global.name, what))?
        else {
            continue;
        };
        let entries = entries(module, global, section)?;
        let list = if section.at_end {
            &mut called.destructors
        } else {
            &mut called.constructors
        };
        if section.reversed {
            let start = *starts.entry(name).or_insert(list.len());
            list.splice(start..start, entries.into_iter().rev());
        } else {
            list.extend(entries);
        }
    }
    Ok(called)
}

/// The entries of `llvm.global_ctors` or `llvm.global_dtors`.
fn listed(module: &Module<'_>, list: &str) -> impl Iterator<Item = Entry> {
    initializers(module, list).into_iter().map(|entry| Entry {
        order: Order::of_priority(entry.priority),
        function: entry.function,
        associated: entry.associated,
    })
}

/// What the value of a variable in a called section has called.
fn entries(
    module: &Module<'_>,
    global: &Global,
    section: CalledSection,
) -> Result<Vec<Entry>, LinkError> {
    let functions = module.get_global(&global.name).and_then(function_pointers);
    let Some(functions) = functions.filter(|_| !global.facts.thread_local) else {
        let what = "it is in a section that the system calls and does not consist of addresses of functions";
        return Err(LinkError::unsupported(&global.name, what));
    };
    let entry = |function| Entry {
        order: section.order,
        function,
        associated: Some(global.name.clone()),
    };
    Ok(functions.into_iter().map(entry).collect())
}

/// What the system does with a section of that name; an error for a number that linkers would take for a name.
pub(crate) fn section(name: &str) -> Result<Option<CalledSection>, &'static str> {
    const SECTIONS: [(&str, bool, bool); 4] = [
        (".init_array", false, false),
        (".fini_array", true, false),
        (".ctors", false, true),
        (".dtors", true, true),
    ];
    if name == ".preinit_array" {
        return Ok(Some(CalledSection {
            at_end: false,
            order: Order::First,
            reversed: false,
        }));
    }
    for (base, at_end, reversed) in SECTIONS {
        let order = match name.strip_prefix(base) {
            Some("") => Order::Default,
            Some(rest) if rest.starts_with('.') => numbered(&rest[1..], reversed)?,
            _ => continue,
        };
        return Ok(Some(CalledSection {
            at_end,
            order,
            reversed,
        }));
    }
    Ok(None)
}

/// The numbers of `.ctors` and `.dtors` count down.
fn numbered(number: &str, counts_down: bool) -> Result<Order, &'static str> {
    const BAD: &str = "its section's name does not end with a priority from 0 to 65535";
    let number: u16 = number.parse().map_err(|_| BAD)?;
    Ok(Order::Numbered(u32::from(match counts_down {
        true => u16::MAX - number,
        false => number,
    })))
}

/// Takes the variables out of their called sections: what they have called is listed, and as data they are like others.
pub(crate) fn leave(module: &Inventory) {
    let in_called = |global: &&Global| {
        let name = global.facts.section.as_deref().unwrap_or_default();
        global.facts.defined
            && global.facts.kind == GlobalKind::Variable
            && matches!(section(name), Ok(Some(_)))
    };
    for global in module.globals.iter().filter(in_called) {
        module.module.with_module(|module| {
            if let Some(variable) = module.get_global(&global.name) {
                variable.set_section(None);
            }
        });
    }
}
