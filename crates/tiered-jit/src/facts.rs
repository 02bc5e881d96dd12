//! What is true of the running program and is folded into optimised code.
//!
//! Three kinds of facts. A **guard** that is set stays set. A **frozen** variable has the value that the embedder promised, until
//! it thaws it. A **settled** one is written by its initialiser only, which is done, until a module comes that writes it. The
//! last two are recorded for each unit that asks, before it gets the answer, so that whoever changes a fact finds everybody who
//! may have relied on it; those that ask later get the new answer.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tjit_runtime::{FunctionId, Invalidation, UnitId};

use crate::Error;
use crate::engine::Engine;
use crate::facts::dependencies::Dependencies;
use crate::facts::frozen::FrozenSet;
use crate::facts::memory::Memory;

pub(crate) mod dependencies;
pub(crate) mod freeze;
pub(crate) mod frozen;
pub(crate) mod memory;
pub(crate) mod settled;
pub(crate) mod unit;

/// The facts of one program, and who relies on them.
#[derive(Debug, Default)]
pub(crate) struct FactBase {
    state: Mutex<State>,
    /// One change of facts at a time. Order: this lock, then `state`; the program's may be taken under this one but not under
    /// `state`.
    changes: Mutex<()>,
    pub(crate) memory: Memory,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) frozen: FrozenSet,
    pub(crate) dependencies: Dependencies,
    /// Constructors that have returned.
    pub(crate) constructed: HashSet<Arc<str>>,
}

impl FactBase {
    /// No code of others runs under the lock, and each change is made in one step.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`FactBase::state`], when `variable` is not being stored to.
    pub(crate) fn settled_state(&self, variable: &str) -> MutexGuard<'_, State> {
        loop {
            let state = self.state();
            if !state.frozen.is_changing(variable) {
                return state;
            }
            drop(state);
            // Whoever stores has it until that is done, and waits for no compile job.
            drop(self.changing());
        }
    }

    /// Symbols are not the program's any more.
    pub(crate) fn forget<'a>(&self, symbols: impl IntoIterator<Item = &'a str>) {
        let mut state = self.state();
        let symbols = symbols.into_iter().inspect(|&symbol| {
            state.frozen.forget(symbol);
            state.constructed.remove(symbol);
        });
        self.memory.forget(symbols);
    }

    pub(crate) fn changing(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the units back, for `reason`: when this returns, no new call enters one of them.
pub(crate) fn invalidate(
    engine: &Engine,
    units: impl IntoIterator<Item = (FunctionId, UnitId)>,
    reason: &str,
) -> Result<(), Error> {
    let reason: Arc<str> = Arc::from(reason);
    // One that can't be taken back must not keep the others.
    let mut result = Ok(());
    for (function, unit) in units {
        let install = |baseline| engine.fall_back(function, baseline);
        match engine
            .runtime
            .invalidate((function, unit), &reason, install)
        {
            // It has not got its last answer yet, and forgets them all when it starts again.
            Ok(Invalidation::Job) => {}
            Ok(_) => engine.facts.state().dependencies.gone(unit, function),
            Err(error) => result = Err(error),
        }
    }
    result
}
