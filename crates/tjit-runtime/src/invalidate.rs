//! Taking versions back whose ground has gone, and renewing those that could stand on more.

use crate::event::EventKind;
use crate::record::InvalidatedUnit;
use crate::word::Word;
use crate::{Error, FunctionId, FunctionRecord, Runtime, Tier, UnitId};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What invalidating a unit did.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Invalidation {
    /// It ran. New calls enter the baseline again, and the function is queued.
    Baseline,
    /// It ran and there is no baseline. The next call is a first call, and the function is queued.
    Lazy,
    /// It is being compiled. It will not be published; its job starts again.
    Job,
    /// It does not run, but could have been run again: that is over.
    Kept,
    /// There is nothing to take back: it has failed, was taken back before, or its code is gone.
    Gone,
}

impl<R> Runtime<R> {
    /// Something that `unit`, of function `id`, relied on no longer holds.
    ///
    /// If it is the version that runs, new calls go to the baseline from when `install` has run, which gets the baseline's
    /// address to store it into the slot, or `None` to make the slot lazy. Calls under way go on where they are. The function
    /// is queued, behind requests and ahead of trips, and made anew. If the unit is still being compiled, it is not published
    /// and [`Job::publish`](crate::Job::publish) gives its job back. Everything else is left alone, other units of the
    /// function too.
    ///
    /// After it has returned no call enters `unit` through the slot, however this races with its publication: both are ordered
    /// by the lock under which `install` runs. Allocates and locks: not for signal handlers.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`], and the error of `install`; the state says then that the version was taken back, but the
    /// slot may still lead to it.
    pub fn invalidate<E: From<Error>>(
        &self,
        (id, unit): (FunctionId, UnitId),
        reason: &Arc<str>,
        install: impl FnOnce(Option<usize>) -> Result<(), E>,
    ) -> Result<Invalidation, E> {
        let record = self.core.record(id)?;
        let (word, version) = match record.invalidate((unit, reason), install, self.core.now())? {
            InvalidatedUnit::Running(word, version) => (word, version),
            InvalidatedUnit::Kept => return Ok(Invalidation::Kept),
            InvalidatedUnit::Job => return Ok(Invalidation::Job),
            InvalidatedUnit::Gone => return Ok(Invalidation::Gone),
        };
        self.core.totals.invalidated();
        let now = word.has_code().then_some(Tier::BASELINE);
        let heard = version.clone();
        self.core.emit(record, || EventKind::Invalidated {
            version: heard,
            now,
        });
        self.core.displaced(record, &version);
        self.queue_renewal(record, word);
        Ok(match now {
            Some(_) => Invalidation::Baseline,
            None => Invalidation::Lazy,
        })
    }

    /// A better version could be made than the optimised one of function `id`: it is queued, behind requests and ahead of trips.
    /// A job under way may have begun too early to know, and is followed by another. Returns whether anything was queued: not
    /// for a function below the optimised tier, or whose last promotion failed, or that waits already. One that was rolled back
    /// is renewed when it is resumed.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`].
    pub fn renew(&self, id: FunctionId) -> Result<bool, Error> {
        let record = self.core.record(id)?;
        if self.queue.is_stopped() {
            return Ok(false);
        }
        let Ok((_, word)) = record.word.update(Word::renew) else {
            return Ok(false);
        };
        self.queue_renewal(record, word);
        Ok(!word.waits_for_resumption())
    }

    /// Makes the entry for a renewal that the word has just been given. A request may have raised it meanwhile; then there are
    /// two entries, of which the second finds nothing to do.
    pub(crate) fn queue_renewal(&self, record: &FunctionRecord, word: Word) {
        if word.is_queued() && word.renewed() {
            self.queue.push_renewal(record.id());
        }
    }

    /// Makes the entry for a function that is queued, in the lane that its word asks for.
    pub(crate) fn queue_entry(&self, record: &FunctionRecord, word: Word) {
        if word.urgent() {
            self.queue.push_request(record.id());
        } else {
            self.queue.push_renewal(record.id());
        }
    }

    /// A job has ended. If the word says that a request or a renewal came meanwhile, the entry for it is still to be made.
    pub(crate) fn queue_again(&self, record: &FunctionRecord, word: Word) {
        if word.is_queued() {
            self.queue_entry(record, word);
        }
    }

    pub(crate) fn next_unit(&self) -> UnitId {
        // Relaxed: only has to be unique.
        UnitId::new(self.units.fetch_add(1, Ordering::Relaxed))
    }
}
