//! When a function is worth more work, and how much of the machine the compiler may have.

use crate::{Cause, FunctionRecord, Thresholds, Tier, TierSpec};
use std::fmt::Debug;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

mod careful;

pub(crate) use careful::Careful;

use crate::sleepers::MAX_WORKERS;

/// The embedder's say in when functions are promoted.
///
/// [`TierPolicy::tiers`], [`TierPolicy::thresholds`] and [`TierPolicy::retry_after`] are called on the path of a trip, which may
/// be in a signal handler: they must not lock, allocate or block. The others are called where code is compiled. Where one of them
/// panics when it is asked about a function, the default implementation answers in its stead.
pub trait TierPolicy: Debug + Send + Sync {
    /// The tiers, slowest code first, always the same: at least one and at most as many as [`Tier`] can name.
    fn tiers(&self) -> &[TierSpec];

    /// What [`TierPolicy::tiers`] says of `tier`.
    fn spec(&self, tier: Tier) -> Option<&TierSpec> {
        self.tiers().get(usize::from(tier.number()))
    }

    /// The highest tier.
    fn top(&self) -> Tier {
        let above = self.tiers().len().saturating_sub(1);
        u8::try_from(above)
            .ok()
            .and_then(Tier::new)
            .unwrap_or(Tier::MAX)
    }

    /// What it takes for `function` to leave `tier`: what its directive says, or else the tier's own thresholds. Nothing leaves
    /// the highest tier, and what has the directive `never` leaves none.
    fn thresholds(&self, function: &FunctionRecord, tier: Tier) -> Thresholds {
        if tier >= self.top() || function.is_never() {
            return Thresholds::NEVER;
        }
        let own = function.directed_thresholds();
        let of_tier = self.spec(tier);
        let of_tier = of_tier.map_or(Thresholds::NEVER, |spec| spec.thresholds);
        Thresholds {
            calls: own.calls.or(of_tier.calls),
            loops: own.loops.or(of_tier.loops),
        }
    }

    /// After how many more calls a function shall trip again whose trip met a full queue. Half of what it takes to leave its
    /// tier: the queue drains while the function stays as hot as it is.
    fn retry_after(&self, function: &FunctionRecord) -> NonZeroU64 {
        let tier = function.tier().unwrap_or(Tier::BASELINE);
        let calls = self.thresholds(function, tier).calls;
        let half = calls.and_then(|calls| NonZeroU64::new(calls.get() / 2));
        half.unwrap_or(NonZeroU64::MIN)
    }

    /// The tier that a promotion of a function aims for. `current` is the tier of the version that runs, or that ran before it
    /// was taken back. A trip leads to the next tier, a request or a canary to the highest, and a renewal to where the function was.
    /// Below [`Tier::OPTIMIZED`] counts as that: baselines are not made by promotions.
    fn target(&self, function: &FunctionRecord, current: Tier, cause: Cause) -> Tier {
        let _ = function;
        match cause {
            Cause::Trip => current.next().unwrap_or(current).min(self.top()),
            Cause::Renewal => current.min(self.top()),
            Cause::FirstCall | Cause::Request | Cause::Canary | Cause::Redefinition => self.top(),
        }
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

/// The same thresholds for each function without a directive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefaultPolicy {
    /// The tiers, slowest code first: two by default, see [`DefaultPolicy::CALLS`] and [`DefaultPolicy::LOOPS`].
    pub tiers: Vec<TierSpec>,
    /// Background threads. One less than the cores by default so that the program keeps its own, at least one and at most
    /// [`MAX_WORKERS`].
    pub workers: NonZeroUsize,
    /// Trips that may wait. 4,096 by default: minutes of work for one worker, in 256 KiB (64 bytes for each).
    pub queue_capacity: NonZeroUsize,
    /// How long trips wait while the program starts.
    pub hold_off: HoldOff,
}

impl DefaultPolicy {
    /// Calls of the baseline before a function is recompiled.
    ///
    /// Recompiling a small function takes 1 to 11 ms of another core (`docs/architecture.md`, costs) and
    /// saves in the order of a microsecond per call, so a function called less often does not earn it back. HotSpot's
    /// second compiler asks for 5,000 (`Tier4InvocationThreshold`) behind a first one that asks for 200, .NET for 30
    /// (`TC_CallCountThreshold`) after a hold-off of 100 ms.
    pub const CALLS: NonZeroU64 = NonZeroU64::new(1_000).unwrap();

    /// Turns of its loops for each call of a threshold: 60, so that a function is recompiled after 60,000 turns by default, as
    /// HotSpot's interpreter leaves a loop (`Tier3BackEdgeThreshold`); its second compiler asks for 40,000
    /// (`Tier4BackEdgeThreshold`).
    pub const LOOPS: NonZeroU64 = NonZeroU64::new(60).unwrap();

    /// Thresholds of a tier that is left after `calls` calls, or [`DefaultPolicy::LOOPS`] as many turns of loops.
    #[must_use]
    pub const fn after_calls(calls: NonZeroU64) -> Thresholds {
        Thresholds {
            calls: Some(calls),
            loops: Some(calls.saturating_mul(Self::LOOPS)),
        }
    }

    /// A baseline that is left by `thresholds`, and the optimising tier.
    #[must_use]
    pub fn two_tiers(thresholds: Thresholds) -> Vec<TierSpec> {
        vec![TierSpec::baseline(thresholds), TierSpec::optimized()]
    }
}

impl Default for DefaultPolicy {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = cores.saturating_sub(1).clamp(1, MAX_WORKERS);
        Self {
            tiers: Self::two_tiers(Self::after_calls(Self::CALLS)),
            workers: NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN),
            queue_capacity: const { NonZeroUsize::new(4_096).unwrap() },
            hold_off: HoldOff::NONE,
        }
    }
}

impl TierPolicy for DefaultPolicy {
    fn tiers(&self) -> &[TierSpec] {
        &self.tiers
    }

    fn workers(&self) -> NonZeroUsize {
        self.workers
    }

    fn queue_capacity(&self) -> NonZeroUsize {
        self.queue_capacity
    }

    fn hold_off(&self) -> HoldOff {
        self.hold_off
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
