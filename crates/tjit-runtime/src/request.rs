//! Requests from outside: put in, taken out again, and served or too late when a worker comes to them.

use crate::event::{DeclineReason, EventKind};
use crate::job::Job;
use crate::primitive::lock;
use crate::trips::Taken;
use crate::version::Cause;
use crate::word::Word;
use crate::{
    CancelOutcome, Error, FunctionId, FunctionRecord, RequestOutcome, Runtime, Tier, UnitId,
};

/// Requests that were taken out again.
#[derive(Debug)]
#[must_use = "whoever waits for the requests is to be told"]
pub struct Cancelled<R> {
    /// Their payloads, oldest first.
    pub payloads: Vec<R>,
    /// What became of the function.
    pub outcome: CancelOutcome,
}

/// What a worker does with requests that waited too long.
///
/// A pair of closures, `(|payload| …, |record, payload| …)`, is one as well.
pub trait Lapse<R> {
    /// Whether nobody has use for the answer any more. Called with locks of the runtime held: it must not call the runtime.
    fn has_lapsed(&self, payload: &R) -> bool;

    /// The request is not served. Called without locks, by the worker that would have begun the job.
    fn lapsed(&self, record: &FunctionRecord, payload: R);
}

/// Requests wait for as long as it takes.
impl<R> Lapse<R> for () {
    fn has_lapsed(&self, _payload: &R) -> bool {
        false
    }

    fn lapsed(&self, _record: &FunctionRecord, _payload: R) {}
}

impl<R, H: Fn(&R) -> bool, L: Fn(&FunctionRecord, R)> Lapse<R> for (H, L) {
    fn has_lapsed(&self, payload: &R) -> bool {
        self.0(payload)
    }

    fn lapsed(&self, record: &FunctionRecord, payload: R) {
        self.1(record, payload);
    }
}

/// The payloads that waited for a function.
struct TakenPayloads<R> {
    /// The word before the job, and what it is to serve.
    job: Option<(Word, Vec<R>)>,
    lapsed: Vec<R>,
}

impl<R> Runtime<R> {
    /// The embedder asks for a new version of the function, in whatever state it is. `payload` reaches exactly one job, or comes
    /// back from [`Runtime::cancel`] or [`Runtime::remove`], or lapses ([`Lapse`]), or is dropped at shutdown.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`].
    pub fn request(&self, id: FunctionId, payload: R) -> Result<RequestOutcome, Error> {
        self.request_and(id, payload, |_| ())
    }

    /// As [`Runtime::request`]. `tell` hears the outcome first: before a job can have the payload, and before the payload is
    /// dropped. It is called with locks of the runtime held: it must neither call the runtime nor wait.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`], and `tell` hears nothing.
    pub fn request_and(
        &self,
        id: FunctionId,
        payload: R,
        tell: impl FnOnce(RequestOutcome),
    ) -> Result<RequestOutcome, Error> {
        let record = self.core.record(id)?;
        let outcome = self.queue_request(record, payload, tell);
        match outcome {
            RequestOutcome::Stopped => self.decline_request(record, DeclineReason::Stopped),
            RequestOutcome::Removed => self.decline_request(record, DeclineReason::Removed),
            _ => {
                self.core.totals.requested();
                self.core.emit(record, || EventKind::Requested { outcome });
            }
        }
        // The entry comes after the event, so that "requested" is heard before "started".
        if matches!(outcome, RequestOutcome::Enqueued | RequestOutcome::Raised) {
            self.queue.push_request(record.id());
        }
        Ok(outcome)
    }

    fn decline_request(&self, record: &FunctionRecord, reason: DeclineReason) {
        self.core.decline(record, Cause::Request, reason);
    }

    /// A payload that is not queued is dropped behind the locks, as it may run the embedder's code.
    fn queue_request(
        &self,
        record: &FunctionRecord,
        payload: R,
        tell: impl FnOnce(RequestOutcome),
    ) -> RequestOutcome {
        let mut pending = lock(&self.pending);
        let outcome = match pending.as_mut() {
            None => RequestOutcome::Stopped,
            // Removing takes the same lock, so it stays true.
            Some(_) if record.word.load().is_removed() => RequestOutcome::Removed,
            Some(payloads) => {
                payloads.entry(record.id()).or_default().push(payload);
                let changed = record.word.update(|word| Some(word.request().0));
                let before = changed.map_or_else(|word| word, |(before, _)| before);
                before.request().1
            }
        };
        // Taking a payload takes the same lock.
        tell(outcome);
        outcome
    }

    /// Takes requests out again that no job has taken yet: those whose payloads `which` chooses. When no request is left the
    /// function is what it was before, unless it tripped or is to be renewed as well: then it waits for that. A job under way is
    /// not stopped.
    ///
    /// `which` is called with locks of the runtime held: it must not call the runtime. Not for signal handlers.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`].
    pub fn cancel(
        &self,
        id: FunctionId,
        which: impl Fn(&R) -> bool,
    ) -> Result<Cancelled<R>, Error> {
        let record = self.core.record(id)?;
        let (payloads, outcome) = self.take_back(record, which);
        match outcome {
            // It may have had its entry in the lane of requests only.
            CancelOutcome::StillQueued => self.queue.push_renewal(id),
            CancelOutcome::Dequeued | CancelOutcome::Nothing | CancelOutcome::Shared => {}
        }
        if !payloads.is_empty() {
            let requests = payloads.len();
            self.core
                .emit(record, || EventKind::Cancelled { requests, outcome });
        }
        Ok(Cancelled { payloads, outcome })
    }

    fn take_back(
        &self,
        record: &FunctionRecord,
        which: impl Fn(&R) -> bool,
    ) -> (Vec<R>, CancelOutcome) {
        let mut pending = lock(&self.pending);
        let waiting = pending.as_mut();
        let Some(waiting) = waiting.and_then(|waiting| waiting.get_mut(&record.id())) else {
            return (Vec::new(), CancelOutcome::Nothing);
        };
        let taken: Vec<R> = waiting.extract_if(.., |payload| which(payload)).collect();
        if taken.is_empty() {
            return (taken, CancelOutcome::Nothing);
        }
        if !waiting.is_empty() {
            return (taken, CancelOutcome::Shared);
        }
        if let Some(waiting) = pending.as_mut() {
            waiting.remove(&record.id());
        }
        let outcome = match record.word.update(Word::cancel) {
            Ok((_, word)) if word.is_queued() => CancelOutcome::StillQueued,
            _ => {
                // Under the lock, so that the entry of a later request stays.
                self.queue.drop_request(record.id());
                CancelOutcome::Dequeued
            }
        };
        (taken, outcome)
    }

    /// A worker took this entry. `None`: the function is not queued any more, or was for requests that have all lapsed.
    pub(crate) fn begin_job(&self, taken: Taken, lapse: &impl Lapse<R>) -> Option<Job<'_, R>> {
        let record = self.core.table.get(taken.function)?;
        let unit = self.next_unit();
        let TakenPayloads { job, lapsed } = self.take_payloads((record, unit), lapse);
        if !lapsed.is_empty() {
            let requests = lapsed.len();
            self.core.emit(record, || EventKind::Expired { requests });
            for payload in lapsed {
                lapse.lapsed(record, payload);
            }
        }
        let (word, payloads) = job?;
        if let Some(waited) = taken.held {
            self.core.emit(record, || EventKind::HeldOff { waited });
        }
        let cause = word.cause();
        let current = match cause {
            // It was taken back, and its tier with it.
            Cause::Renewal if word.tier() == Tier::BASELINE => {
                record.last_tier().unwrap_or(Tier::OPTIMIZED)
            }
            _ => word.tier(),
        };
        let tier = self.core.policy.target(record, current, cause);
        Some(Job::new(self, record, (unit, tier, cause, payloads)))
    }

    /// Takes what waits for the function, and begins a job unless nothing does any more.
    fn take_payloads(
        &self,
        (record, unit): (&FunctionRecord, UnitId),
        lapse: &impl Lapse<R>,
    ) -> TakenPayloads<R> {
        let id = record.id();
        let mut pending = lock(&self.pending);
        let mut lapsed = Vec::new();
        if let Some(waiting) = pending.as_mut().and_then(|waiting| waiting.get_mut(&id)) {
            lapsed.extend(waiting.extract_if(.., |payload| lapse.has_lapsed(payload)));
            if waiting.is_empty() {
                let _none = pending.as_mut().and_then(|waiting| waiting.remove(&id));
                // It may have tripped as well.
                let _was_asked_for = record.word.update(Word::cancel);
            }
        }
        let job = record.begin_job(unit).map(|before| {
            let payloads = pending.as_mut().and_then(|waiting| waiting.remove(&id));
            (before, payloads.unwrap_or_default())
        });
        TakenPayloads { job, lapsed }
    }
}
