//! What one unit is told of the running program.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use inkwell::module::Module;
use tjit_orc::ThreadSafeModule;
use tjit_reopt::Facts;
use tjit_runtime::{FactCounts, UnitId};

use crate::Error;
use crate::engine::Engine;
use crate::facts::dependencies::Source;
use crate::facts::memory;

/// How often a job starts again because facts changed under it. After that it makes do with what can't change, so that it comes
/// to an end however often an embedder freezes and thaws.
pub(crate) const ATTEMPTS: usize = 3;

/// Which facts a unit may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    All,
    /// Only those that hold for ever.
    Lasting,
}

/// Folds what is true of the running program into `module`, and records it for `unit`.
pub(crate) fn fold(
    engine: &Engine,
    unit: UnitId,
    module: &ThreadSafeModule,
    allowed: Use,
) -> Result<FactCounts, Error> {
    let declared = module.with_module(declared);
    // Not under the module's lock: this may have other modules compiled.
    let addresses = engine.facts.memory.addresses(engine, &declared);
    let facts = UnitFacts {
        engine,
        unit,
        addresses,
        allowed,
    };
    let folded = module.with_module(|module| tjit_reopt::fold(module, &facts))?;
    let used: HashSet<&str> = folded.values.iter().map(String::as_str).collect();
    engine.facts.state().dependencies.keep(unit, &used);
    Ok(FactCounts {
        guards: folded.guards.len(),
        values: folded.values.len(),
    })
}

/// The variables that the unit refers to and does not define.
fn declared(module: &Module<'_>) -> Vec<String> {
    let declared = module
        .get_globals()
        .filter(|global| global.is_declaration() && !global.is_thread_local());
    declared
        .filter_map(|global| Some(global.get_name().to_str().ok()?.to_owned()))
        .collect()
}

struct UnitFacts<'e> {
    engine: &'e Engine,
    unit: UnitId,
    addresses: HashMap<String, u64>,
    allowed: Use,
}

impl Facts for UnitFacts<'_> {
    fn guard_is_set(&self, guard: &str) -> bool {
        let Some(&address) = self.addresses.get(guard) else {
            return false;
        };
        // SAFETY: that is what it is by its name, and data is not freed while a function that refers to it is compiled.
        unsafe { memory::guard_is_set(address) }
    }

    fn value(&self, variable: &str) -> Option<Vec<u8>> {
        let name: Arc<str> = Arc::from(variable);
        let mut state = self.engine.facts.settled_state(variable);
        let frozen = match self.allowed {
            Use::All => state.frozen.get(variable).map(|value| value.to_vec()),
            Use::Lasting => None,
        };
        // Recorded under the lock under which the answer is read: who changes it finds this unit, or this unit finds the change.
        let source = frozen.is_some().then_some(Source::Frozen);
        state.dependencies.record(self.unit, &name, source);
        frozen
    }

    fn symbol_at(&self, address: u64) -> Option<String> {
        // Functions only: the address of a variable may as well be the end of the one before it, and code that goes back from
        // there would be taken for code that leaves its object.
        let stub = self
            .engine
            .stubs
            .id_of_address(usize::try_from(address).ok()?)?;
        Some(self.engine.stubs.name(stub)?.to_string())
    }
}
