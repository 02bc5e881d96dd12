//! When a function is worth more work, and how much of the machine the compiler may have.

use crate::{Cause, FunctionRecord, Tier};
use std::fmt::Debug;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use crate::sleepers::MAX_WORKERS;

/// The embedder's say in when functions are promoted.
///
/// [`TierPolicy::retry_after`] is called on the path of a trip, which may be in a signal handler: it must not lock, allocate
/// or block. The others are called where code is compiled.
pub trait TierPolicy: Debug + Send + Sync {
    /// How many calls of code at `tier` it takes to trip.
    fn threshold(&self, function: &FunctionRecord, tier: Tier) -> NonZeroU64;

    /// After how many more calls a function shall trip again whose trip met a full queue.
    fn retry_after(&self, function: &FunctionRecord) -> NonZeroU64;

    /// The tier that a promotion of a function at `current` aims for. The answer to a request for a function that is at the
    /// top already is its own tier.
    fn target(&self, function: &FunctionRecord, current: Tier) -> Tier {
        let _ = function;
        current.max(Tier::OPTIMIZED)
    }

    /// Which of the functions that tripped is served next: the one with the highest number, and of equal ones the one that waits
    /// longest. Requests and renewals are served before any trip.
    ///
    /// Called by workers, for a bounded number of functions at a time, with locks of the runtime held: it must not call the
    /// runtime. By default a call since the trip counts one and each millisecond of waiting ten: a function that is called every
    /// 100 µs, and would save a hundredth of a core at a microsecond per call, is as urgent as one that merely waits, so that
    /// none waits for ever.
    fn priority(&self, waiting: &Waiting<'_>) -> u64 {
        let aged = waiting.waited.as_micros() / 100;
        let aged = u64::try_from(aged).unwrap_or(u64::MAX);
        waiting.calls.saturating_add(aged)
    }

    /// How long trips wait while the program starts; read once by [`Runtime::new`](crate::Runtime::new). By default they don't.
    fn hold_off(&self) -> HoldOff {
        HoldOff::NONE
    }

    /// How many threads shall compile in the background; read once by the embedder that starts them.
    fn workers(&self) -> NonZeroUsize;

    /// How many trips may wait for a worker; read once by [`Runtime::new`](crate::Runtime::new).
    fn queue_capacity(&self) -> NonZeroUsize;
}

/// A function that tripped and waits for a worker.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Waiting<'a> {
    /// The function.
    pub record: &'a FunctionRecord,
    /// Why it waits.
    pub cause: Cause,
    /// Calls since it tripped, as far as its counters say ([`Counters::calls_since_trip`]).
    pub calls: u64,
    /// Time since it tripped.
    pub waited: Duration,
}

impl<'a> Waiting<'a> {
    /// A function that has tripped just now.
    #[must_use]
    pub fn new(record: &'a FunctionRecord, cause: Cause) -> Self {
        Self {
            record,
            cause,
            calls: 0,
            waited: Duration::ZERO,
        }
    }
}

/// For how long workers leave functions that tripped alone while the program starts: compiling them takes time from first calls,
/// for which the program waits. Requests are not held off.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct HoldOff {
    /// Trips are held while the last first call is less than this ago; zero for no hold-off.
    pub quiet: Duration,
    /// But no trip for longer than this.
    pub at_most: Duration,
}

impl HoldOff {
    /// Trips are served at once.
    pub const NONE: Self = Self {
        quiet: Duration::ZERO,
        at_most: Duration::ZERO,
    };
}

/// Two tiers, the same threshold for each function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefaultPolicy {
    /// Calls of the baseline before the function is recompiled.
    ///
    /// 1,000 by default: recompiling a small function takes 1 to 11 ms of another core (`docs/architecture.md`, costs) and
    /// saves in the order of a microsecond per call, so a function called less often does not earn it back. HotSpot's
    /// second compiler asks for 5,000 (`Tier4InvocationThreshold`) behind a first one that asks for 200, .NET for 30
    /// (`TC_CallCountThreshold`) after a hold-off of 100 ms.
    pub call_threshold: NonZeroU64,
    /// Calls until the next trip after one that met a full queue. Half the threshold by default: the queue drains while the
    /// function stays as hot as it is.
    pub retry_after: NonZeroU64,
    /// Background threads. One less than the cores by default so that the program keeps its own, at least one and at most
    /// [`MAX_WORKERS`].
    pub workers: NonZeroUsize,
    /// Trips that may wait. 4,096 by default: minutes of work for one worker, in 64 KiB.
    pub queue_capacity: NonZeroUsize,
}

impl Default for DefaultPolicy {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = cores.saturating_sub(1).clamp(1, MAX_WORKERS);
        Self {
            call_threshold: const { NonZeroU64::new(1_000).unwrap() },
            retry_after: const { NonZeroU64::new(500).unwrap() },
            workers: NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN),
            queue_capacity: const { NonZeroUsize::new(4_096).unwrap() },
        }
    }
}

impl TierPolicy for DefaultPolicy {
    fn threshold(&self, _function: &FunctionRecord, _tier: Tier) -> NonZeroU64 {
        self.call_threshold
    }

    fn retry_after(&self, _function: &FunctionRecord) -> NonZeroU64 {
        self.retry_after
    }

    fn workers(&self) -> NonZeroUsize {
        self.workers
    }

    fn queue_capacity(&self) -> NonZeroUsize {
        self.queue_capacity
    }
}

/// Access to the counters in generated code, which only the embedder can write to.
pub trait Counters: Debug + Send + Sync {
    /// Makes `function` trip again after `calls` more calls. Called on the path of a trip, possibly in a signal handler: it
    /// must not lock, allocate or block. [`FunctionRecord::counter`] says where the counter is.
    fn rearm(&self, function: &FunctionRecord, calls: NonZeroU64);

    /// How often `function` was called since its counter reached the threshold: counters go on counting while the function waits.
    /// 0 if that is not known.
    ///
    /// Called by workers with locks of the runtime held, and with the guard that was entered for
    /// [`Worker::next_job_inside`](crate::Worker::next_job_inside).
    fn calls_since_trip(&self, function: &FunctionRecord) -> u64 {
        let _ = function;
        0
    }
}

/// For programs whose counters need no re-arming, because they call into the runtime on every call past the threshold.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct NoCounters;

impl Counters for NoCounters {
    fn rearm(&self, _function: &FunctionRecord, _calls: NonZeroU64) {}
}
