//! Trials: a job that lets some of the calls run what it has made before it decides.

use super::cold::Cold;
use crate::primitive::lock;
use crate::word::Word;
use crate::{Error, FunctionRecord, UnitId};
use std::fmt;
use std::sync::Arc;

/// Makes the slot lead to an address, or to a first call: how a trial is ended. Called once, under the lock that orders the
/// publications of the function; it must not call the runtime.
pub type Restore = Box<dyn FnOnce(Option<usize>) + Send>;

/// What a job is compiling, and what it has on trial.
#[derive(Debug)]
pub(super) struct JobUnit {
    pub(super) unit: UnitId,
    /// Units that it has compiled to be tried, and to be compared with.
    tried: Vec<UnitId>,
    /// Why nothing of it must be published, or stay on trial.
    pub(super) stale: Option<Arc<str>>,
    /// Why nothing that the job makes is to be published: it is not to begin again either.
    pub(super) withdrawn: Option<Arc<str>>,
    trial: Option<Trial>,
}

/// The slot leads to code that shares calls out.
struct Trial(Restore);

impl JobUnit {
    pub(super) fn new(unit: UnitId) -> Self {
        Self {
            unit,
            tried: Vec::new(),
            stale: None,
            withdrawn: None,
            trial: None,
        }
    }

    pub(super) fn has(&self, unit: UnitId) -> bool {
        self.unit == unit || self.tried.contains(&unit)
    }
}

impl Cold {
    /// The job must not go on with what it has. If there is a trial, calls go to the version that runs again.
    pub(super) fn make_stale(&mut self, reason: &Arc<str>) {
        if let Some(job) = &mut self.job {
            job.stale.get_or_insert_with(|| reason.clone());
        }
        self.end_trial();
    }

    /// Takes the function for `unit` if nobody compiles it; otherwise who does hears of it. The word is the one before.
    pub(super) fn claim(
        &mut self,
        record: &FunctionRecord,
        unit: UnitId,
    ) -> Result<Option<Word>, Error> {
        match record.word.update(Word::claim) {
            Ok((before, _)) => {
                self.job = Some(JobUnit::new(unit));
                Ok(Some(before))
            }
            Err(word) if word.is_removed() => Err(Error::Removed(record.symbol().clone())),
            Err(_) => {
                self.wanted = true;
                Ok(None)
            }
        }
    }

    /// Something was stored into the slot: a trial is over, and has nothing to restore.
    pub(super) fn overtaken(&mut self, reason: &str) {
        let Some(job) = &mut self.job else { return };
        if job.trial.take().is_some() {
            job.stale.get_or_insert_with(|| Arc::from(reason));
        }
    }

    /// Whether the slot is not that of the version that runs.
    pub(super) fn on_trial(&self) -> bool {
        self.job.as_ref().is_some_and(|job| job.trial.is_some())
    }

    /// Calls go to the version that runs again.
    pub(super) fn end_trial(&mut self) {
        let trial = self.job.as_mut().and_then(|job| job.trial.take());
        if let Some(Trial(restore)) = trial {
            restore(self.history.running().map(|version| version.address));
        }
    }
}

impl FunctionRecord {
    pub(crate) fn add_tried(&self, unit: UnitId) {
        if let Some(job) = &mut lock(&self.cold).job {
            job.tried.push(unit);
        }
    }

    /// Begins a trial, unless the job is stale.
    pub(crate) fn begin_trial<E>(
        &self,
        install: impl FnOnce() -> Result<(), E>,
        restore: Restore,
    ) -> Result<(), TrialError<E>> {
        let mut cold = lock(&self.cold);
        let Some(job) = cold.job.as_mut() else {
            return Err(TrialError::Stale(Arc::from("the job has ended")));
        };
        if let Some(reason) = job.withdrawn.as_ref().or(job.stale.as_ref()) {
            return Err(TrialError::Stale(reason.clone()));
        }
        install().map_err(TrialError::Install)?;
        job.trial = Some(Trial(restore));
        Ok(())
    }

    pub(crate) fn end_trial(&self) {
        lock(&self.cold).end_trial();
    }

    /// Takes the function for `unit` if nobody compiles it.
    pub(crate) fn try_claim(&self, unit: UnitId) -> Result<Option<Word>, Error> {
        lock(&self.cold).claim(self, unit)
    }

    /// Ends the job of a thread that there is not. The word is the one after.
    pub(crate) fn abandon_job(&self) -> Option<Word> {
        let has_job = lock(&self.cold).job.is_some();
        has_job.then(|| self.give_up_job(None))
    }

    /// Why the job has to end before it is done: what it stands on has gone, or another wants the function.
    pub(crate) fn must_end(&self) -> Option<Arc<str>> {
        let cold = lock(&self.cold);
        let job = cold.job.as_ref();
        let stale = job.and_then(|job| job.withdrawn.clone().or_else(|| job.stale.clone()));
        let wanted = || {
            let reason = "somebody else wants to compile the function";
            cold.wanted.then(|| Arc::from(reason))
        };
        stale.or_else(wanted)
    }
}

/// Why there is no trial.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TrialError<E> {
    /// Something that a unit of the job relied on no longer holds.
    Stale(Arc<str>),
    /// The slot can't be changed.
    Install(E),
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trial")
    }
}
