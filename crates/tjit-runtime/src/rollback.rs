//! Going back to a version that ran before.

use crate::event::EventKind;
use crate::primitive::lock;
use crate::record::RolledBack;
use crate::runtime::Core;
use crate::word::Word;
use crate::{Error, FunctionId, FunctionRecord, Runtime, VersionInfo};
use std::sync::Arc;

/// What became of rolling back.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rollback<R> {
    /// The version that runs now.
    pub version: Arc<VersionInfo>,
    /// The payloads of requests that waited for a job, oldest first: they will not be served.
    pub withdrawn: Vec<R>,
}

impl<R> Runtime<R> {
    /// Has the version with this number run again: `install` gets its address and stores it into the slot. It runs under the lock
    /// that orders the publications of the function, and is not called if that version runs already.
    ///
    /// It stays: a job under way is not published ([`JobOutcome::Withdrawn`](crate::JobOutcome::Withdrawn)), requests that wait
    /// are given back, and trips and renewals don't lead to another version. A request that comes later does, and when it has
    /// succeeded, or after [`Runtime::resume`], the function is promoted as ever. Should something that the version relies on
    /// cease to hold, it is taken back to the baseline as ever, and that stays then. It is not evicted. [`Runtime::rebase`] ends it.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`], [`Error::Removed`]; [`Error::Version`] if there is no such version, its code is gone, or
    /// something that it relied on no longer holds; and the error of `install`. Nothing has changed then.
    pub fn roll_back<E: From<Error>>(
        &self,
        id: FunctionId,
        number: usize,
        install: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<Rollback<R>, E> {
        let record = self.core.record(id)?;
        let (rolled_back, payloads) = {
            let mut pending = lock(&self.pending);
            let rolled_back = record.roll_back(number, install, self.core.now())?;
            let payloads = pending.as_mut().and_then(|payloads| payloads.remove(&id));
            if payloads.is_some() {
                // Under the lock, so that the entry of a later request stays.
                self.queue.drop_request(id);
            }
            (rolled_back, payloads)
        };
        Ok(Rollback {
            version: self.core.rolled_back(record, rolled_back),
            withdrawn: payloads.unwrap_or_default(),
        })
    }

    /// Lets a function be promoted again that was rolled back: its counter starts anew, and if a renewal was due it is queued.
    /// Returns whether that was needed.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`].
    pub fn resume(&self, id: FunctionId) -> Result<bool, Error> {
        let record = self.core.record(id)?;
        let Ok((_, word)) = record.word.update(Word::resume) else {
            return Ok(false);
        };
        if record.counter().is_some() {
            self.core.rearm(record);
        }
        self.core.emit(record, || EventKind::Resumed);
        self.queue_renewal(record, word);
        Ok(true)
    }
}

impl Core {
    /// Tells everybody of a version that runs again.
    pub(crate) fn rolled_back(
        &self,
        record: &FunctionRecord,
        RolledBack { version, displaced }: RolledBack,
    ) -> Arc<VersionInfo> {
        let heard = version.clone();
        self.emit(record, || EventKind::RolledBack { version: heard });
        if let Some(displaced) = displaced {
            self.displaced(record, &displaced);
        }
        version
    }
}
