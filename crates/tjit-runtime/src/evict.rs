//! Versions that make room: which of them are called, and back to the baseline with those that are not.
//!
//! The clock of page replacement, with a slot for a reference bit: a probe makes the slot of an optimised function lazy, the first
//! call through it touches the function and sets the slot right again, and what is untouched when the hand comes round is cold.
//! Touching is two atomic operations, for it may happen in a signal handler.

use crate::event::EventKind;
use crate::{Error, FunctionId, FunctionRecord, Runtime, UnitId};
use std::sync::atomic::Ordering;

impl FunctionRecord {
    /// A call came through its lazy slot and found code to run. No lock, no allocation.
    pub fn touch(&self) {
        // Relaxed: a hint, by which nothing is ordered.
        self.touched.store(true, Ordering::Relaxed);
    }
}

impl<R> Runtime<R> {
    /// Begins to find out whether `unit` is called: `make_lazy` makes the slot of function `id` lazy, so that the next call asks, is
    /// sent to [`FunctionRecord::code`] and [touches](FunctionRecord::touch) the function. Returns whether it was begun: not if
    /// another version runs, while one is being compiled or tried, or for a function that is pinned or was rolled back.
    ///
    /// It is ordered with publications by the lock under which `make_lazy` runs, so that a call that asks is never sent to a
    /// version that is older than what the slot had.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`], and the error of `make_lazy`.
    pub fn probe<E: From<Error>>(
        &self,
        (id, unit): (FunctionId, UnitId),
        make_lazy: impl FnOnce() -> Result<(), E>,
    ) -> Result<bool, E> {
        let record = self.core.record(id)?;
        if record.directive().pin {
            return Ok(false);
        }
        record.probe(unit, make_lazy)
    }

    /// Takes `unit` of function `id` out of its slot if it has not been touched since it was probed: new calls go to the baseline,
    /// whose address `install` gets, or ask for one. It is displaced then, could be rolled back to, and the function may trip again.
    /// Returns whether it was.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`], and the error of `install`; the state says then that the version was taken out, but the
    /// slot may still lead to it.
    pub fn evict<E: From<Error>>(
        &self,
        (id, unit): (FunctionId, UnitId),
        install: impl FnOnce(Option<usize>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let record = self.core.record(id)?;
        if record.directive().pin {
            return Ok(false);
        }
        let Some(version) = record.evict(unit, install, self.core.now())? else {
            return Ok(false);
        };
        let calls = self.core.policy.retry_after(record);
        self.core.counters.rearm(record, calls);
        let heard = version.clone();
        self.core
            .emit(record, || EventKind::Evicted { version: heard });
        self.core.displaced(record, &version);
        Ok(true)
    }
}
