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
use crate::facts::{State, memory, settled};

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
    let mut declared = module.with_module(declared);
    declared.extend(guards(engine, &declared));
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
        ..FactCounts::default()
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

/// The guards of those variables.
fn guards(engine: &Engine, variables: &[String]) -> Vec<String> {
    let program = engine.program();
    let guard = |name: &String| Some(program.variable(name)?.guard?.to_string());
    variables.iter().filter_map(guard).collect()
}

struct UnitFacts<'e> {
    engine: &'e Engine,
    unit: UnitId,
    addresses: HashMap<String, u64>,
    allowed: Use,
}

impl UnitFacts<'_> {
    /// Address and size of a variable of the program that is in memory and small enough to be folded.
    fn place(&self, variable: &str) -> Option<(u64, usize)> {
        let &address = self.addresses.get(variable)?;
        let found = self.engine.program().variable(variable)?;
        let size = usize::try_from(found.size).ok()?;
        (found.is_defined && size <= tjit_reopt::LARGEST_VALUE).then_some((address, size))
    }
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
        // Recorded under the lock under which the answer is read: who changes it finds this unit, or this unit finds the change.
        let record =
            |state: &mut State, answer| state.dependencies.record(self.unit, &name, answer);
        {
            let mut state = self.engine.facts.settled_state(variable);
            let frozen = state.frozen.get(variable).cloned();
            match (self.allowed, frozen) {
                (Use::Lasting, _) => {
                    record(&mut state, None);
                    return None;
                }
                (Use::All, Some(value)) => {
                    record(&mut state, Some(Source::Frozen));
                    return Some(value.to_vec());
                }
                (Use::All, None) => record(&mut state, Some(Source::Settled)),
            }
        }
        let place = self.place(variable);
        let place = place.filter(|_| {
            let program = self.engine.program();
            settled::is_settled((&program, self.engine), variable, &self.addresses)
        });
        let mut state = self.engine.facts.state();
        // Whoever stores to it says so first: while it has not been said, and under this lock, it may be read.
        match place.filter(|_| !state.frozen.was_stored(variable)) {
            // SAFETY: the program does not write it any more, nor does the embedder now; data is not freed while a function
            // that refers to it is compiled.
            Some((address, size)) => Some(unsafe { memory::read(address, size) }),
            None => {
                record(&mut state, None);
                None
            }
        }
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
