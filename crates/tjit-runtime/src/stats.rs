//! Counts of what the runtime did, taken at one moment.

use crate::version::{PhaseTimes, VersionInfo};
use crate::{FunctionState, FunctionTable, Tier};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A snapshot; the parts are read one after the other while the program runs, so they may disagree by what happened
/// meanwhile.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// How many functions are in which state.
    pub functions: StateCounts,
    /// What was compiled at each tier that was used, lowest first.
    pub tiers: Vec<TierStats>,
    /// Calls of counters into the runtime.
    pub trips: u64,
    /// Those among them that met a full queue.
    pub trips_dropped: u64,
    /// Requests from outside, merged ones included.
    pub requests: u64,
    /// Versions that were taken back because something they relied on no longer held.
    pub invalidations: u64,
}

impl Stats {
    /// What was compiled at `tier`.
    #[must_use]
    pub fn tier(&self, tier: Tier) -> TierStats {
        self.tiers
            .iter()
            .copied()
            .find(|stats| stats.tier == tier)
            .unwrap_or(TierStats::new(tier))
    }

    /// Failed compilations of all tiers.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.tiers.iter().map(|stats| stats.failures).sum()
    }
}

/// How many functions are in each [`FunctionState`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct StateCounts {
    /// Never called.
    pub lazy: usize,
    /// Being compiled for the first time.
    pub compiling_baseline: usize,
    /// Running baseline code.
    pub baseline: usize,
    /// Waiting for a worker.
    pub queued: usize,
    /// Being recompiled.
    pub compiling: usize,
    /// Running code above the baseline.
    pub optimized: usize,
    /// Whose last attempt failed.
    pub failed: usize,
    /// Not in the program any more.
    pub removed: usize,
}

/// What was compiled at one tier.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct TierStats {
    /// The tier.
    pub tier: Tier,
    /// Versions made.
    pub compiles: u64,
    /// Attempts that ended without a version.
    pub failures: u64,
    /// Size of the versions together in bytes.
    pub code_bytes: u64,
    /// Time the versions took together.
    pub phases: PhaseTimes,
}

impl TierStats {
    const fn new(tier: Tier) -> Self {
        Self {
            tier,
            compiles: 0,
            failures: 0,
            code_bytes: 0,
            phases: PhaseTimes::new(),
        }
    }
}

/// The running totals behind [`Stats`]. A plain lock: written once per compile job.
#[derive(Default, Debug)]
pub(crate) struct Totals {
    tiers: Mutex<Vec<TierStats>>,
    requests: AtomicU64,
    invalidations: AtomicU64,
}

impl Totals {
    pub(crate) fn compiled(&self, version: &VersionInfo) {
        self.change(version.tier, |stats| {
            stats.compiles += 1;
            stats.code_bytes += version.size as u64;
            stats.phases += &version.phases;
        });
    }

    pub(crate) fn failed(&self, tier: Tier) {
        self.change(tier, |stats| stats.failures += 1);
    }

    pub(crate) fn requested(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn invalidated(&self) {
        self.invalidations.fetch_add(1, Ordering::Relaxed);
    }

    fn change(&self, tier: Tier, change: impl FnOnce(&mut TierStats)) {
        let mut tiers = self.tiers.lock().unwrap_or_else(PoisonError::into_inner);
        let index = tiers
            .binary_search_by_key(&tier, |stats| stats.tier)
            .unwrap_or_else(|index| {
                tiers.insert(index, TierStats::new(tier));
                index
            });
        change(&mut tiers[index]);
    }

    /// Runs `f` while every lock of this object is held.
    #[cfg(all(test, not(tjit_loom)))]
    pub(crate) fn hold_locks<R>(&self, f: impl FnOnce() -> R) -> R {
        let _tiers = self.tiers.lock().unwrap_or_else(PoisonError::into_inner);
        f()
    }

    pub(crate) fn snapshot(&self, table: &FunctionTable) -> Stats {
        let tiers = self
            .tiers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut stats = Stats {
            tiers,
            requests: self.requests.load(Ordering::Relaxed),
            invalidations: self.invalidations.load(Ordering::Relaxed),
            ..Stats::default()
        };
        for record in table.iter() {
            stats.trips += record.trips();
            stats.trips_dropped += record.dropped_trips();
            *stats.functions.of(record.state()) += 1;
        }
        stats
    }
}

impl StateCounts {
    fn of(&mut self, state: FunctionState) -> &mut usize {
        match state {
            FunctionState::Lazy => &mut self.lazy,
            FunctionState::CompilingBaseline => &mut self.compiling_baseline,
            FunctionState::Baseline => &mut self.baseline,
            FunctionState::Queued => &mut self.queued,
            FunctionState::Compiling => &mut self.compiling,
            FunctionState::Optimized => &mut self.optimized,
            FunctionState::Failed => &mut self.failed,
            FunctionState::Removed => &mut self.removed,
        }
    }
}
