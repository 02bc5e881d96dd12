//! The parts put together: what generated code, embedder and workers call.

use crate::baseline::{Baseline, BaselineTicket, Waited};
use crate::event::{DeclineReason, EventKind};
use crate::hub::EventHub;
use crate::job::{Job, Worker};
use crate::policy::{Careful, Counters, TierPolicy};
use crate::primitive::{Mutex, lock};
use crate::queue::PromotionQueue;
use crate::stats::{Stats, Totals};
use crate::version::{Cause, VersionInfo};
use crate::{Error, FunctionId, FunctionInfo, FunctionRecord, FunctionTable};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The parts that don't depend on the type of a request.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) table: FunctionTable,
    pub(crate) totals: Totals,
    pub(crate) policy: Arc<dyn TierPolicy>,
    pub(crate) counters: Arc<dyn Counters>,
    pub(crate) events: EventHub,
    on_displaced: OnDisplaced,
}

/// Who wants to hear of versions that leave their slots.
#[derive(Default)]
struct OnDisplaced(OnceLock<Box<DisplacedHook>>);

type DisplacedHook = dyn Fn(&FunctionRecord, &Arc<VersionInfo>) + Send + Sync;

impl fmt::Debug for OnDisplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnDisplaced")
            .field(&self.0.get().is_some())
            .finish()
    }
}

impl Core {
    pub(crate) fn emit(&self, record: &FunctionRecord, kind: impl FnOnce() -> EventKind) {
        self.events.emit(&self.table, record, kind);
    }

    /// A trip or a request came to nothing.
    pub(crate) fn decline(&self, record: &FunctionRecord, cause: Cause, reason: DeclineReason) {
        self.emit(record, || EventKind::Declined { cause, reason });
    }

    /// Runs `f` while every lock of this object and of `record` is held.
    #[cfg(all(test, not(tjit_loom)))]
    fn hold_locks<R>(&self, record: &FunctionRecord, f: impl FnOnce() -> R) -> R {
        let table = || self.table.hold_locks(|| record.hold_locks(f));
        self.totals.hold_locks(|| self.events.hold_locks(table))
    }

    /// Has the counter of a function trip again.
    pub(crate) fn rearm(&self, record: &FunctionRecord) {
        self.counters.rearm(record, self.policy.retry_after(record));
    }

    /// Time since the runtime was made.
    pub(crate) fn now(&self) -> Duration {
        self.events.now()
    }

    /// New calls don't enter `version` any more. Called once each time that a version leaves its slot, under no lock; it may be
    /// back by now if it was rolled back to.
    pub(crate) fn displaced(&self, record: &FunctionRecord, version: &Arc<VersionInfo>) {
        if let Some(hear) = self.on_displaced.0.get() {
            hear(record, version);
        }
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
        let queue = PromotionQueue::new(policy.queue_capacity(), policy.hold_off());
        let table = FunctionTable::new();
        let core = Core {
            table,
            totals: Totals::default(),
            policy: Arc::new(Careful::new(policy)),
            counters,
            events: EventHub::new(),
            on_displaced: OnDisplaced::default(),
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

    /// Has `hear` called for each version that has left its slot, on the thread that saw to that and under no lock of the
    /// runtime: new calls don't enter it any more, unless it has been rolled back to meanwhile. Those that are in it go on. Only
    /// the first to ask is told; returns whether that was the caller.
    pub fn on_displaced<F>(&self, hear: F) -> bool
    where
        F: Fn(&FunctionRecord, &Arc<VersionInfo>) + Send + Sync + 'static,
    {
        self.core.on_displaced.0.set(Box::new(hear)).is_ok()
    }

    /// Tells those who listen of something that the embedder did to a function. Allocates and locks: not for signal handlers.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`].
    pub fn report(&self, id: FunctionId, kind: EventKind) -> Result<(), Error> {
        let record = self.core.record(id)?;
        self.core.emit(record, || kind);
        Ok(())
    }

    /// Counts of what happened up to now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.core.totals.snapshot(&self.core.table)
    }

    /// Adds a function in state [`FunctionState::Lazy`](crate::FunctionState::Lazy).
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

    /// A caller met a function without code and waits as long as another one compiles it. This is what a hold-off
    /// ([`TierPolicy::hold_off`]) takes for a first call; [`Runtime::begin_baseline`] is not.
    ///
    /// # Errors
    /// [`Error::BaselineFailed`] if compiling it failed, [`Error::UnknownFunction`].
    pub fn baseline(&self, id: FunctionId) -> Result<Baseline<'_>, Error> {
        loop {
            match self.begin_baseline(id)? {
                BaselineTicket::Mine(guard) => {
                    self.queue.note_first_call();
                    return Ok(Baseline::Mine(guard));
                }
                BaselineTicket::Done(address) => return Ok(Baseline::Ready(address)),
                BaselineTicket::Wait(other) => {
                    if let Waited::Ready(address) = other.wait()? {
                        return Ok(Baseline::Ready(address));
                    }
                }
            }
        }
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

    /// Ends promotion: workers get no more jobs, trips and requests are declined, payloads that no job has taken are dropped, and
    /// what waits is told so in events. Does not wait for jobs under way, and first calls still work.
    pub fn shutdown(&self) {
        self.queue.stop();
        // Dropped outside the lock: a payload may run the embedder's code.
        let payloads = lock(&self.pending).take();
        drop(payloads);
        self.core.events.flush(&self.core.table);
        if !self.core.events.is_active() {
            return;
        }
        for record in self.core.table.iter() {
            let word = record.word.load();
            if word.is_queued() {
                self.core
                    .decline(record, word.cause(), DeclineReason::Stopped);
            }
        }
    }

    /// Lets the time pass that hold-offs go by.
    #[cfg(any(tjit_loom, tjit_shuttle))]
    pub fn advance(&self, time: std::time::Duration) {
        self.queue.advance(time);
    }
}

#[cfg(all(test, not(tjit_loom)))]
mod tests;
