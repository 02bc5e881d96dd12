//! Jobs that last: what they have made runs for some of the calls before it is published or given up.

use crate::event::EventKind;
use crate::record::{Restore, TrialError};
use crate::{Cause, Error, FunctionId, Job, Runtime, UnitId};
use std::sync::Arc;

impl<R> Runtime<R> {
    /// As [`Runtime::claim`], but without waiting: `None` while somebody else compiles the function. If that is a job that lasts,
    /// it hears of it ([`Job::must_end`]).
    ///
    /// # Errors
    /// As [`Runtime::claim`].
    pub fn try_claim(&self, id: FunctionId, cause: Cause) -> Result<Option<Job<'_, R>>, Error> {
        let record = self.core.record(id)?;
        if self.queue.is_stopped() {
            return Err(Error::Stopped(record.symbol().clone()));
        }
        let unit = self.next_unit();
        let Some(word) = record.try_claim(unit)? else {
            return Ok(None);
        };
        let tier = self.policy().target(record, word.tier(), cause);
        Ok(Some(Job::new(
            self,
            record,
            (unit, tier, cause, Vec::new()),
        )))
    }

    /// Tells that a trial ([`Job::begin_trial`]) is over and what became of it.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`].
    pub fn trial_decided(
        &self,
        id: FunctionId,
        committed: bool,
        reason: impl Into<Arc<str>>,
    ) -> Result<(), Error> {
        let kind = || EventKind::CanaryDecided {
            committed,
            reason: reason.into(),
        };
        self.core.emit(self.core.record(id)?, kind);
        Ok(())
    }

    /// Withdraws the job that another thread has begun. To be called in a child of `fork`, which does not have that thread, for
    /// functions that it had claimed. Calls go to the version that ran before.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`].
    pub fn abandon_claim(&self, id: FunctionId) -> Result<(), Error> {
        let record = self.core.record(id)?;
        if let Some(word) = record.abandon_job() {
            self.queue_again(record, word);
        }
        Ok(())
    }
}

impl<R> Job<'_, R> {
    /// Another unit of this job: one that is tried, or that another is compared with. If something that it relies on changes, the
    /// job is stale as if it were its own.
    #[must_use]
    pub fn add_unit(&mut self) -> UnitId {
        let unit = self.next_unit();
        self.record().add_tried(unit);
        unit
    }

    /// Makes the slot lead to code that sends some of the calls to `candidate`, a body that this job has made, and the others to
    /// `control`: `install` stores its address.
    ///
    /// The trial lasts until the job publishes or ends, a unit of it is invalidated, another version gets the slot, or
    /// [`Job::end_trial`]. Unless another version has the slot by then, `restore` gets the address of the version that runs, or
    /// `None` if the next call is to be a first call. It runs under the lock that orders the publications of this function and
    /// must not call the runtime.
    ///
    /// # Errors
    /// [`TrialError::Stale`] if something that a unit of the job relied on no longer holds, and the error of `install`; nothing
    /// has changed then.
    pub fn begin_trial<E>(
        &mut self,
        (candidate, control): (&Arc<str>, &Arc<str>),
        install: impl FnOnce() -> Result<(), E>,
        restore: Restore,
    ) -> Result<(), TrialError<E>> {
        self.record().begin_trial(install, restore)?;
        self.emit(|| EventKind::CanaryStarted {
            candidate: candidate.clone(),
            control: control.clone(),
        });
        Ok(())
    }

    /// Makes calls go to the version that runs again.
    pub fn end_trial(&mut self) {
        self.record().end_trial();
    }

    /// Why a job that lasts has to end: something that a unit of it relied on no longer holds, another version got the slot, or
    /// somebody else wants to compile the function and waits.
    #[must_use]
    pub fn must_end(&self) -> Option<Arc<str>> {
        self.record().must_end()
    }
}

#[cfg(all(test, not(tjit_loom)))]
mod tests;
