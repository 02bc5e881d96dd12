//! Another baseline for a function, or none.

use super::history::Made;
use crate::primitive::lock;
use crate::version::{Cause, Compiled, FactCounts, VersionInfo};
use crate::word::Word;
use crate::{FunctionRecord, Tier};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A new baseline runs; the word is the one after.
pub(crate) struct RebasedUnit {
    pub(crate) word: Word,
    pub(crate) version: Arc<VersionInfo>,
    /// What ran before.
    pub(crate) displaced: Option<Arc<VersionInfo>>,
}

/// The baseline is gone.
pub(crate) enum Debased {
    /// It ran.
    Running(Arc<VersionInfo>),
    /// It did not run, or not yet.
    Other,
    /// There was none.
    Unchanged,
}

impl FunctionRecord {
    /// Makes `compiled` the baseline, and takes back everything that the function was before. On an error of `install` the
    /// versions are taken back, but the slot may still lead to one.
    pub(crate) fn rebase<E>(
        &self,
        (compiled, reason): (Compiled, &Arc<str>),
        install: impl FnOnce(usize) -> Result<(), E>,
        now: Duration,
    ) -> Result<Option<RebasedUnit>, E> {
        let mut cold = lock(&self.cold);
        if self.word.load().is_removed() {
            return Ok(None);
        }
        cold.bases += 1;
        cold.failure = None;
        cold.make_stale(reason);
        let displaced = cold.history.invalidate_all(reason, now);
        let address = compiled.address;
        let made = Made {
            tier: Tier::BASELINE,
            cause: Cause::Redefinition,
            unit: None,
            facts: FactCounts::default(),
        };
        self.count_in(compiled.counter);
        let version = cold.history.publish(compiled, made, now).version;
        // Release: pairs with `code`. Before the word and the slot: whoever is sent on by either gets this address.
        self.code.store(address, Ordering::Release);
        let installed = install(address);
        let changed = self.word.update(Word::rebase);
        self.settled.notify_all();
        installed?;
        Ok(changed.ok().map(|(_, word)| RebasedUnit {
            word,
            version,
            displaced,
        }))
    }

    /// Takes the baseline away for `reason`, also one that is being compiled. If it runs, `install` is called to have the next
    /// call be a first call; what runs above it is left alone.
    pub(crate) fn debase<E>(
        &self,
        reason: &Arc<str>,
        install: impl FnOnce() -> Result<(), E>,
        now: Duration,
    ) -> Result<Debased, E> {
        let mut cold = lock(&self.cold);
        // Before the slot: a first call that finds that lazy must not be sent to the old baseline again.
        if self.word.update(Word::debase).is_err() {
            return Ok(Debased::Unchanged);
        }
        cold.bases += 1;
        let taken = cold.history.take_baseline(reason, now);
        if matches!(taken, Some((_, true))) && cold.on_trial() {
            // Which shares calls out to the baseline.
            cold.make_stale(reason);
        }
        // Who waits for one that was being compiled begins again.
        self.settled.notify_all();
        let Some((version, true)) = taken else {
            return Ok(Debased::Other);
        };
        // Release: as wherever it is stored; there is nothing to be seen behind a zero.
        self.code.store(0, Ordering::Release);
        self.count_in(None);
        install()?;
        Ok(Debased::Running(version))
    }
}
