//! Variables that do not change any more: what reads them sees a constant.

use std::collections::HashSet;

use inkwell::AddressSpace;
use inkwell::module::Module;
use inkwell::values::{BasicValueEnum, GlobalValue};
use tjit_orc::{Access, Follow, GlobalKind, Origin, accesses};

use crate::Facts;
use crate::symbols::declared;

/// Bytes of the largest variable whose value is folded. Beyond it the reads of a unit touch a small part, and reading it from
/// memory costs less than making a constant of the whole.
pub const LARGEST_VALUE: usize = 64 << 10;

/// Names that are LLVM's own.
const RESERVED: &str = "llvm.";

/// A variable, and the constant that it is equal to.
struct Known<'m> {
    variable: GlobalValue<'m>,
    name: String,
    constant: BasicValueEnum<'m>,
    /// Nothing in the module could write to it.
    only_read: bool,
}

/// Folds the variables of `module` that do not change any more and returns their names.
pub(crate) fn fold(module: &Module<'_>, facts: &dyn Facts) -> Vec<String> {
    let mut symbols = Symbols::new(module, facts);
    let candidates = module.get_globals().filter(|&global| is_candidate(global));
    let known: Vec<_> = candidates
        .collect::<Vec<_>>()
        .into_iter()
        .filter_map(|variable| known(module, variable, facts, &mut symbols))
        .collect();
    let folded = known.into_iter().filter_map(|known| {
        // What is pointed to by another value may be written through it.
        let constant = known.only_read && !symbols.pointed_to.contains(&known.name);
        if constant {
            tjit_orc::set_known_value(known.variable, known.constant);
            return Some(known.name);
        }
        let reads = tjit_orc::redirect_reads(known.variable, known.constant);
        reads.then_some(known.name)
    });
    folded.collect()
}

/// Whether a global is a variable that is defined elsewhere, once.
fn is_candidate(global: GlobalValue<'_>) -> bool {
    let ordinary = AddressSpace::default();
    global.is_declaration()
        && !global.is_thread_local()
        && global.as_pointer_value().get_type().get_address_space() == ordinary
        && !global
            .get_name()
            .to_bytes()
            .starts_with(RESERVED.as_bytes())
}

fn known<'m>(
    module: &Module<'m>,
    variable: GlobalValue<'m>,
    facts: &dyn Facts,
    symbols: &mut Symbols<'_, 'm>,
) -> Option<Known<'m>> {
    let uses = accesses(Origin::Global(variable), Follow::Module);
    let only_read = uses.iter().all(|access| matches!(access, Access::Read(_)));
    // Where the unit does not read, there is nothing to gain by depending on the value.
    if !uses.iter().any(|access| matches!(access, Access::Read(_))) {
        return None;
    }
    let name = variable.get_name().to_str().ok()?.to_owned();
    let bytes = facts
        .value(&name)
        .filter(|bytes| bytes.len() <= LARGEST_VALUE)?;
    let symbol = &mut |address| symbols.at(address);
    let constant = tjit_orc::constant_of_bytes(module, variable, &bytes, symbol)?;
    Some(Known {
        variable,
        name,
        constant,
        only_read,
    })
}

/// The symbols that values point to.
struct Symbols<'f, 'm> {
    module: &'f Module<'m>,
    facts: &'f dyn Facts,
    /// Names that neither `get_function` nor `get_global` finds, and that are taken.
    other: HashSet<Vec<u8>>,
    pointed_to: HashSet<String>,
}

impl<'f, 'm> Symbols<'f, 'm> {
    fn new(module: &'f Module<'m>, facts: &'f dyn Facts) -> Self {
        let is_other = |kind| matches!(kind, GlobalKind::Alias | GlobalKind::IFunc);
        let other = tjit_orc::survey(module)
            .into_iter()
            .filter(|global| is_other(global.kind));
        Self {
            module,
            facts,
            other: other.map(|global| global.name).collect(),
            pointed_to: HashSet::new(),
        }
    }

    /// The global of the module that stands for the symbol at `address`.
    fn at(&mut self, address: u64) -> Option<GlobalValue<'m>> {
        let name = self.facts.symbol_at(address)?;
        if name.is_empty() || name.contains('\0') || self.other.contains(name.as_bytes()) {
            return None;
        }
        let global = declared(self.module, &name);
        if global.is_thread_local() {
            return None;
        }
        self.pointed_to.insert(name);
        Some(global)
    }
}
