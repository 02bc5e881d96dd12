//! Which tier the bodies of a module are of.

use inkwell::module::{Linkage, Module};
use tjit_mangle::{Tier, tier_of};
use tjit_orc::{Global, GlobalKind, definitions};

/// The tiers of a module's bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModuleTiers {
    /// All bodies are of one tier; a module without any counts as baseline.
    One(Tier),
    /// Some are optimised bodies, others are not.
    Mixed,
}

/// Which tiers the bodies of a module are of.
///
/// Bodies are functions that others can call. Local functions and copies of what is defined elsewhere have no tier of
/// their own: they are compiled along with the bodies that use them.
pub fn module_tiers(module: &Module<'_>) -> ModuleTiers {
    tiers_of(&definitions(module))
}

pub(crate) fn tiers_of(definitions: &[Global]) -> ModuleTiers {
    let mut tiers = definitions
        .iter()
        .filter(|global| is_body(global))
        .map(|body| tier_of_body(&body.name));
    let Some(first) = tiers.next() else {
        return ModuleTiers::One(Tier::Baseline);
    };
    if tiers.all(|tier| tier == first) {
        ModuleTiers::One(first)
    } else {
        ModuleTiers::Mixed
    }
}

/// Whether a definition is a function that others can call by its name.
pub(crate) fn is_body(global: &Global) -> bool {
    global.kind == GlobalKind::Function
        && !global.is_local()
        && global.linkage != Linkage::AvailableExternally
}

/// What is not named as a body was not instrumented either, and is compiled as cheaply.
pub(crate) fn tier_of_body(name: &str) -> Tier {
    tier_of(name).unwrap_or(Tier::Baseline)
}
