//! The parts put together: what generated code, embedder and workers call.

use crate::baseline::{Baseline, BaselineTicket, Waited};
use crate::event::EventKind;
use crate::hub::EventHub;
use crate::job::{Job, Worker};
use crate::policy::{Counters, TierPolicy};
use crate::primitive::{Mutex, lock};
use crate::queue::PromotionQueue;
use crate::stats::{Stats, Totals};
use crate::version::{Cause, VersionInfo};
use crate::word::Word;
use crate::{
    Error, FunctionId, FunctionInfo, FunctionRecord, FunctionState, FunctionTable, RequestOutcome,
    Tier,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// What a trip did.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TripOutcome {
    /// The function waits for a worker.
    Queued,
    /// The queue was full. The counter was re-armed; nothing else happened.
    Full,
    /// There is nothing to promote: the function is queued or beyond the baseline already, or its promotion failed.
    NotBaseline(FunctionState),
    /// The runtime was shut down.
    Stopped,
    /// No such function.
    Unknown,
}

/// The parts that don't depend on the type of a request.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) table: FunctionTable,
    pub(crate) totals: Totals,
    policy: Arc<dyn TierPolicy>,
    counters: Arc<dyn Counters>,
    events: EventHub,
}

impl Core {
    pub(crate) fn emit(&self, record: &FunctionRecord, kind: impl FnOnce() -> EventKind) {
        self.events.emit(&self.table, record, kind);
    }

    /// Runs `f` while every lock of this object and of `record` is held.
    #[cfg(all(test, not(tjit_loom)))]
    fn hold_locks<R>(&self, record: &FunctionRecord, f: impl FnOnce() -> R) -> R {
        let table = || self.table.hold_locks(|| record.hold_locks(f));
        self.totals.hold_locks(|| self.events.hold_locks(table))
    }

    /// Time since the runtime was made.
    pub(crate) fn now(&self) -> Duration {
        self.events.now()
    }

    /// New calls don't enter `version` any more. Called once each time that a version leaves its slot, under no lock; it may be
    /// back by now if it was rolled back to.
    pub(crate) fn displaced(&self, record: &FunctionRecord, version: &Arc<VersionInfo>) {
        let _ = (self, record, version);
    }

    pub(crate) fn record(&self, id: FunctionId) -> Result<&FunctionRecord, Error> {
        self.table.get(id).ok_or(Error::UnknownFunction(id))
    }
}

/// The tiering state of one program.
///
/// `R` is what a request from outside carries to the job that serves it: transformations, options, a channel for the answer.
///
/// All methods may be called from any thread. [`Runtime::trip`], [`Runtime::table`] and the lookups in it take no lock and
/// don't allocate and so may be called in a signal handler; the others may not.
#[derive(Debug)]
pub struct Runtime<R = ()> {
    pub(crate) core: Core,
    pub(crate) queue: PromotionQueue,
    /// Payloads by function, `None` after shutdown. Its lock also makes "payload stored and state changed" one step for
    /// the workers, so that each payload is served by exactly one job. Order: this lock, then the queue's.
    pub(crate) pending: Mutex<Option<HashMap<FunctionId, Vec<R>>>>,
    pub(crate) units: AtomicU64,
}

impl<R> Runtime<R> {
    /// A runtime without functions. Starts no thread: see [`Runtime::worker`].
    #[must_use]
    pub fn new(policy: Arc<dyn TierPolicy>, counters: Arc<dyn Counters>) -> Self {
        let queue = PromotionQueue::new(policy.queue_capacity());
        let table = FunctionTable::new();
        let core = Core {
            table,
            totals: Totals::default(),
            policy,
            counters,
            events: EventHub::new(),
        };
        Self {
            core,
            queue,
            pending: Mutex::new(Some(HashMap::new())),
            units: AtomicU64::new(0),
        }
    }

    /// The functions of the program.
    #[must_use]
    pub fn table(&self) -> &FunctionTable {
        &self.core.table
    }

    /// When functions are promoted.
    #[must_use]
    pub fn policy(&self) -> &dyn TierPolicy {
        &*self.core.policy
    }

    /// The source of events.
    #[must_use]
    pub fn events(&self) -> &EventHub {
        &self.core.events
    }

    /// Counts of what happened up to now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.core.totals.snapshot(&self.core.table)
    }

    /// Adds a function in state [`FunctionState::Lazy`].
    ///
    /// # Errors
    /// [`Error::TableFull`] when every index is used.
    pub fn register(&self, info: FunctionInfo) -> Result<FunctionId, Error> {
        self.core.table.push(info)
    }

    /// A caller met a function without code. Does not wait.
    ///
    /// # Errors
    /// [`Error::BaselineFailed`] if it was tried before in vain, [`Error::UnknownFunction`].
    pub fn begin_baseline(&self, id: FunctionId) -> Result<BaselineTicket<'_>, Error> {
        self.core.begin_baseline(self.core.record(id)?)
    }

    /// A caller met a function without code and waits as long as another one compiles it.
    ///
    /// # Errors
    /// [`Error::BaselineFailed`] if compiling it failed, [`Error::UnknownFunction`].
    pub fn baseline(&self, id: FunctionId) -> Result<Baseline<'_>, Error> {
        loop {
            match self.begin_baseline(id)? {
                BaselineTicket::Mine(guard) => return Ok(Baseline::Mine(guard)),
                BaselineTicket::Done(address) => return Ok(Baseline::Ready(address)),
                BaselineTicket::Wait(other) => {
                    if let Waited::Ready(address) = other.wait()? {
                        return Ok(Baseline::Ready(address));
                    }
                }
            }
        }
    }

    /// A counter of the function reached its threshold.
    ///
    /// One compare-and-swap on the state, one push into a bounded queue, one wake-up: no lock, no allocation. May be called in
    /// a signal handler. A full queue leaves the state alone and re-arms the counter after [`TierPolicy::retry_after`].
    pub fn trip(&self, id: FunctionId) -> TripOutcome {
        let Some(record) = self.core.table.get(id) else {
            return TripOutcome::Unknown;
        };
        record.count_trip();
        if self.queue.is_stopped() {
            return TripOutcome::Stopped;
        }
        let word = record.word.load();
        if word.trip().is_none() {
            return TripOutcome::NotBaseline(word.state());
        }
        // The place comes before the state, so that a state is never changed for a push that can't follow.
        let Some(place) = self.queue.reserve_trip() else {
            record.count_dropped();
            self.core
                .counters
                .rearm(record, self.core.policy.retry_after(record));
            self.core.events.note(id, EventKind::TripDropped);
            return TripOutcome::Full;
        };
        if let Err(word) = record.word.update(Word::trip) {
            return TripOutcome::NotBaseline(word.state());
        }
        self.core.events.note(id, EventKind::Queued);
        self.queue.push_trip(place, id);
        TripOutcome::Queued
    }

    /// The embedder asks for a new version of the function, in whatever state it is. `payload` reaches exactly one job, or is
    /// dropped at shutdown.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`].
    pub fn request(&self, id: FunctionId, payload: R) -> Result<RequestOutcome, Error> {
        let record = self.core.record(id)?;
        let outcome = self.queue_request(record, payload);
        if outcome != RequestOutcome::Stopped {
            self.core.totals.requested();
            self.core.emit(record, || EventKind::Requested { outcome });
        }
        // The entry comes after the event, so that "requested" is heard before "started".
        if matches!(outcome, RequestOutcome::Enqueued | RequestOutcome::Raised) {
            self.queue.push_request(record.id());
        }
        Ok(outcome)
    }

    fn queue_request(&self, record: &FunctionRecord, payload: R) -> RequestOutcome {
        let mut pending = lock(&self.pending);
        let Some(payloads) = pending.as_mut() else {
            return RequestOutcome::Stopped;
        };
        // Removing takes the same lock, so it stays true.
        if record.word.load().is_removed() {
            return RequestOutcome::Removed;
        }
        payloads.entry(record.id()).or_default().push(payload);
        let changed = record.word.update(|word| Some(word.request().0));
        let before = changed.map_or_else(|word| word, |(before, _)| before);
        before.request().1
    }

    /// Makes the calling thread a worker.
    ///
    /// # Errors
    /// [`Error::TooManyWorkers`] after [`MAX_WORKERS`](crate::MAX_WORKERS) threads.
    pub fn worker(&self) -> Result<Worker<'_, R>, Error> {
        Ok(Worker::new(self, self.queue.sit()?))
    }

    /// Forgets that workers wait for jobs. To be called in a child of `fork`, whose only thread is the one that forked, and
    /// before threads of the child become workers; otherwise jobs wait for a thread that does not exist.
    ///
    /// Seats are not given back: parents and children together have [`MAX_WORKERS`](crate::MAX_WORKERS) in each line of descent.
    /// A job that a worker was serving stays under way in the child for ever, so fork between jobs: see
    /// [`Worker::next_job_inside`].
    pub fn forget_workers(&self) {
        self.queue.forget_workers();
    }

    /// A worker popped this entry. `None`: the function is not queued any more.
    pub(crate) fn begin_job(&self, id: FunctionId) -> Option<Job<'_, R>> {
        let record = self.core.table.get(id)?;
        let unit = self.next_unit();
        let (word, payloads) = {
            let mut pending = lock(&self.pending);
            let before = record.begin_job(unit)?;
            (
                before,
                pending.as_mut().and_then(|payloads| payloads.remove(&id)),
            )
        };
        let cause = if word.urgent() {
            Cause::Request
        } else if word.renewed() {
            Cause::Renewal
        } else {
            Cause::Trip
        };
        let current = match cause {
            // It was taken back, and its tier with it.
            Cause::Renewal if word.tier() == Tier::BASELINE => {
                record.last_tier().unwrap_or(Tier::OPTIMIZED)
            }
            _ => word.tier(),
        };
        let tier = self.core.policy.target(record, current, cause);
        Some(Job::new(
            self,
            record,
            (unit, tier, cause, payloads.unwrap_or_default()),
        ))
    }

    /// Begins a job for the function outside of the queue, as soon as nobody compiles it: for who compiles it on a thread of its
    /// own. What had queued the function waits until the job has ended, and so do requests that come meanwhile.
    ///
    /// Who claims several functions claims them in the order of their ids, so that no two wait for each other.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`], [`Error::Removed`], [`Error::Stopped`] after [`Runtime::shutdown`].
    pub fn claim(&self, id: FunctionId, cause: Cause) -> Result<Job<'_, R>, Error> {
        let record = self.core.record(id)?;
        if self.queue.is_stopped() {
            return Err(Error::Stopped(record.symbol().clone()));
        }
        let unit = self.next_unit();
        let word = record.claim(unit)?;
        let tier = self.core.policy.target(record, word.tier(), cause);
        Ok(Job::new(self, record, (unit, tier, cause, Vec::new())))
    }

    /// Ends promotion: workers get no more jobs, trips and requests are declined, payloads that no job has taken are dropped.
    /// Does not wait for jobs under way, and first calls still work.
    pub fn shutdown(&self) {
        self.queue.stop();
        // Dropped outside the lock: a payload may run the embedder's code.
        let payloads = lock(&self.pending).take();
        drop(payloads);
        self.core.events.flush(&self.core.table);
    }
}

#[cfg(all(test, not(tjit_loom)))]
mod tests;
