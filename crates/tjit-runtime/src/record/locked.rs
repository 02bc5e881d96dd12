//! A function whose lock is held together with those of others, so that all of them change or none.

use super::cold::Cold;
use super::{Made, RolledBack, Switched};
use crate::primitive::{MutexGuard, lock};
use crate::version::{Compiled, VersionInfo};
use crate::word::Word;
use crate::{Error, FunctionRecord, UnitId};
use std::sync::Arc;
use std::time::Duration;

/// A function that nobody else changes. Who has several of them has locked them in the order of their ids.
pub(crate) struct Locked<'r> {
    record: &'r FunctionRecord,
    cold: MutexGuard<'r, Cold>,
    /// The counter from before it was changed.
    counter: Option<usize>,
}

impl FunctionRecord {
    pub(crate) fn lock(&self) -> Locked<'_> {
        let cold = lock(&self.cold);
        Locked {
            record: self,
            cold,
            counter: self.counter(),
        }
    }
}

impl<'r> Locked<'r> {
    pub(crate) fn record(&self) -> &'r FunctionRecord {
        self.record
    }

    /// Whether nobody compiles it. Who does hears that it is wanted.
    pub(crate) fn is_free(&mut self) -> Result<bool, Error> {
        let word = self.record.word.load();
        if word.is_removed() {
            return Err(Error::Removed(self.record.symbol().clone()));
        }
        // It stays free, as a job begins under the lock.
        let is_free = word.claim().is_some();
        self.cold.wanted |= !is_free;
        Ok(is_free)
    }

    /// Takes the function for `unit` if nobody compiles it. The word is the one before.
    pub(crate) fn claim(&mut self, unit: UnitId) -> Result<Option<Word>, Error> {
        self.cold.claim(self.record, unit)
    }

    /// Why its job is not to publish anything.
    pub(crate) fn withdrawn(&self) -> Option<Arc<str>> {
        self.cold.withdrawn()
    }

    /// Gives its job another unit if that is stale, with the reason.
    pub(crate) fn restart_stale(
        &mut self,
        next: impl FnOnce() -> UnitId,
    ) -> Option<(UnitId, Arc<str>)> {
        self.cold.restart_stale(next)
    }

    /// The version with this number, if it runs or could.
    pub(crate) fn runnable(&self, number: usize) -> Result<Arc<VersionInfo>, Error> {
        self.record.runnable(&self.cold, number)
    }

    /// The version that is about to run counts its calls there.
    pub(crate) fn count_in(&mut self, counter: Option<usize>) {
        self.record.count_in(counter);
    }

    /// It does not run after all.
    pub(crate) fn count_as_before(&mut self) {
        self.record.count_in(self.counter);
    }

    /// What its job made runs from now on: its address is in the slot. The job has ended.
    pub(crate) fn run_new(&mut self, made: (Compiled, Made), now: Duration) -> (Word, Switched) {
        self.record.run_new(&mut self.cold, made, now)
    }

    /// A version that could run runs from now on: its address is in the slot.
    pub(crate) fn run_old(&mut self, version: &Arc<VersionInfo>, now: Duration) -> RolledBack {
        self.record.run_old(&mut self.cold, version, now)
    }
}
