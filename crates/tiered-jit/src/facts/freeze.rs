//! The embedder's promises that variables do not change.

use std::sync::Arc;

use tjit_link::demangle;

use crate::engine::Engine;
use crate::facts::dependencies::Source;
use crate::facts::frozen::{Frozen, Unfreezable};
use crate::facts::{invalidate, memory};
use crate::owner::COMPILE_STACK;
use crate::{Error, TieredJit, fork};

impl TieredJit {
    /// Promises that a variable is not written from now on until [`TieredJit::thaw`], and has code that is optimised from now on
    /// use its value as if it were a constant. The name is that of the source (`app::rate`, `next()::count`) or the linker's.
    ///
    /// Functions that were optimised without the value, and could have used it, are made anew in the background. If the
    /// variable is frozen already and its value has changed, the versions with the old value in them, and no others, are taken
    /// back first: when this returns, no new call enters one of them. Calls under way go on with the old value until they return.
    ///
    /// Baseline code always reads the variable.
    ///
    /// # Errors
    /// [`Error::Link`] if no variable has that name, or several do; [`Error::Freeze`] if it is thread-local, the host's, or not
    /// initialised yet.
    ///
    /// # Safety
    /// Nobody writes the variable while this runs. As long as it is frozen, code may use the frozen value in one place and
    /// memory in the next: whoever writes it nevertheless, before the next `freeze` or [`TieredJit::thaw`] returns, must see to it
    /// that the program has no undefined behaviour whichever of the two values each single read gives.
    /// [`TieredJit::store_frozen`] changes the value without such a time between.
    pub unsafe fn freeze(&self, name: &str) -> Result<Frozen, Error> {
        let engine = self.engine();
        let _inside = fork::enter();
        let _changing = engine.facts.changing();
        let variable = Variable::resolve(engine, name)?;
        // SAFETY: it lives as long as the program, and our caller vouches that nobody writes it.
        let value = unsafe { memory::read(variable.address, variable.size) };
        set(engine, &variable.symbol, value.into())?;
        Ok(frozen(engine, &variable.symbol))
    }

    /// Ends the promise of [`TieredJit::freeze`]: when this returns, no new call enters a version with the value in it. The
    /// versions that had it, and no others, are taken back to the baseline and made anew in the background. Calls under way go on
    /// with the value until they return. Returns whether the variable was frozen.
    ///
    /// # Errors
    /// [`Error::Link`] if no variable has that name, or several do.
    pub fn thaw(&self, name: &str) -> Result<bool, Error> {
        let engine = self.engine();
        let _inside = fork::enter();
        let _changing = engine.facts.changing();
        let symbol = engine.program().resolve_variable(name)?.symbol;
        let stale = {
            let mut state = engine.facts.state();
            if !state.frozen.remove(&symbol) {
                return Ok(false);
            }
            state.dependencies.users(&symbol, Source::Frozen)
        };
        let reason = format!("`{}` was thawed", demangle(&symbol));
        invalidate(engine, stale, &reason)?;
        Ok(true)
    }

    /// Stores `value`, as it is in memory, to a variable and leaves it frozen with it; one that is not frozen is.
    ///
    /// No call that begins after this has returned gives the old value, and no two reads of one call that begins meanwhile the
    /// new value first: the versions with the old one in them are taken back before it is stored. A variable of 1, 2, 4 or 8
    /// bytes, aligned to its size, changes in one piece. Calls under way in an optimised version go on with the old value until
    /// they return.
    ///
    /// # Errors
    /// As [`TieredJit::freeze`], and [`Error::Freeze`] if the size differs or it is a constant.
    ///
    /// # Safety
    /// As [`TieredJit::freeze`]. The bytes must be a valid value of the variable, and the program free of undefined behaviour while
    /// calls under way use the old value and others the new one.
    pub unsafe fn store_frozen(&self, name: &str, value: &[u8]) -> Result<Frozen, Error> {
        let engine = self.engine();
        let _inside = fork::enter();
        let _changing = engine.facts.changing();
        let variable = Variable::resolve(engine, name)?;
        variable.check_store(value)?;
        let symbol = &variable.symbol;
        let is_new = engine
            .facts
            .state()
            .frozen
            .get(symbol)
            .is_none_or(|old| **old != *value);
        if is_new {
            let result = take_back(engine, symbol).and_then(|()| {
                // SAFETY: it has that size, is no constant, and lives as long as the program; for the rest vouches our caller.
                unsafe { memory::write(variable.address, value) };
                set(engine, symbol, value.into())
            });
            engine.facts.state().frozen.end_store();
            result?;
        }
        Ok(frozen(engine, symbol))
    }

    /// The variables that are frozen, by their linker-level names in alphabetical order, and who has their values.
    pub fn frozen(&self) -> Vec<Frozen> {
        let engine = self.engine();
        let _brief = fork::enter_briefly();
        let symbols: Vec<_> = {
            let state = engine.facts.state();
            state
                .frozen
                .iter()
                .map(|(symbol, _)| symbol.clone())
                .collect()
        };
        symbols
            .iter()
            .map(|symbol| frozen(engine, symbol))
            .collect()
    }
}

/// A variable that can be frozen.
struct Variable {
    symbol: Arc<str>,
    address: u64,
    size: usize,
    is_constant: bool,
}

impl Variable {
    fn resolve(engine: &Engine, name: &str) -> Result<Self, Error> {
        let found = engine.program().resolve_variable(name)?;
        let refuse = |reason| Err(refused(&found.symbol, reason));
        if found.is_thread_local {
            return refuse(Unfreezable::ThreadLocal);
        }
        if !found.is_defined {
            return refuse(Unfreezable::Host);
        }
        if let Some(guard) = &found.guard {
            let guard = address(engine, guard)?;
            // SAFETY: that is what it is by its name, and data is not freed before its module is unloaded.
            if !unsafe { memory::guard_is_set(guard) } {
                return refuse(Unfreezable::Uninitialised);
            }
        }
        Ok(Self {
            address: address(engine, &found.symbol)?,
            size: usize::try_from(found.size).unwrap_or(usize::MAX),
            symbol: found.symbol,
            is_constant: found.is_constant,
        })
    }

    fn check_store(&self, value: &[u8]) -> Result<(), Error> {
        if self.is_constant {
            return Err(refused(&self.symbol, Unfreezable::Constant));
        }
        if self.size != value.len() {
            let (expected, found) = (self.size, value.len());
            return Err(refused(&self.symbol, Unfreezable::Size { expected, found }));
        }
        Ok(())
    }
}

fn refused(symbol: &str, reason: Unfreezable) -> Error {
    Error::Freeze {
        variable: symbol.to_owned(),
        reason,
    }
}

/// Where a variable is; its module is compiled if it has not been yet, on a stack that this fits on.
fn address(engine: &Engine, symbol: &str) -> Result<u64, Error> {
    let wanted = [symbol.to_owned()];
    if let Some(&address) = engine.facts.memory.addresses(engine, &wanted).get(symbol) {
        return Ok(address);
    }
    let look_up = || engine.dylib.lookup(symbol);
    let address = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("tjit-data".to_owned())
            .stack_size(COMPILE_STACK)
            .spawn_scoped(scope, look_up)
            .map_err(|error| Error::Thread(error.to_string()))?;
        let panicked = |_| Error::Thread("it panicked while it compiled data".to_owned());
        Ok::<_, Error>(thread.join().map_err(panicked)??)
    })?;
    engine.facts.memory.note_address(symbol, address);
    Ok(address)
}

/// Takes back what has a value of `symbol` in it, which is about to change. Units that ask for it wait until it has.
fn take_back(engine: &Engine, symbol: &Arc<str>) -> Result<(), Error> {
    let stale = {
        let mut state = engine.facts.state();
        state.frozen.begin_store(symbol);
        let mut stale = state.dependencies.users(symbol, Source::Frozen);
        stale.extend(state.dependencies.users(symbol, Source::Settled));
        stale
    };
    let reason = format!("`{}` was stored to", demangle(symbol));
    invalidate(engine, stale, &reason)
}

/// Makes `value` what units that ask from now on get, takes those back that got another one, and has those made anew that
/// got none.
fn set(engine: &Engine, symbol: &Arc<str>, value: Arc<[u8]>) -> Result<(), Error> {
    let (stale, wanting) = {
        let mut state = engine.facts.state();
        let old = state.frozen.get(symbol);
        if old.is_some_and(|old| *old == value) {
            return Ok(());
        }
        let stale = match old {
            Some(_) => state.dependencies.users(symbol, Source::Frozen),
            None => Vec::new(),
        };
        state.frozen.insert(symbol.clone(), value);
        (stale, state.dependencies.wanting(symbol))
    };
    let reason = format!("`{}` was frozen with another value", demangle(symbol));
    invalidate(engine, stale, &reason)?;
    for (function, unit) in wanting {
        // One that is gone meanwhile has nothing to gain, nor has one that is kept.
        if engine.is_current(function, unit) {
            let _queued = engine.runtime.renew(function);
        }
    }
    Ok(())
}

fn frozen(engine: &Engine, symbol: &Arc<str>) -> Frozen {
    let (value, users) = {
        let state = engine.facts.state();
        (
            state.frozen.get(symbol).cloned().unwrap_or_default(),
            state.dependencies.users(symbol, Source::Frozen),
        )
    };
    let table = engine.runtime.table();
    let names = users.into_iter().filter_map(|(function, unit)| {
        let record = table.get(function)?;
        let runs = record.running()?.unit == Some(unit);
        runs.then(|| record.symbol().clone())
    });
    Frozen {
        symbol: symbol.clone(),
        value,
        functions: names.collect(),
    }
}
