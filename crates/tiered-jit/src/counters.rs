//! Access to the entry counters in baseline code.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tjit_runtime::{Counters, FunctionRecord, Tier, TierPolicy};

/// Re-arms and reads the counters that `tjit-instrument` put into baseline code.
#[derive(Debug)]
pub(crate) struct EntryCounters {
    policy: Arc<dyn TierPolicy>,
}

impl EntryCounters {
    pub(crate) fn new(policy: Arc<dyn TierPolicy>) -> Self {
        Self { policy }
    }

    fn threshold(&self, function: &FunctionRecord) -> u64 {
        let threshold = self.policy.thresholds(function, Tier::BASELINE).calls;
        threshold.map_or(u64::MAX, NonZeroU64::get)
    }
}

impl Counters for EntryCounters {
    fn rearm(&self, function: &FunctionRecord, calls: NonZeroU64) {
        let Some(counter) = counter(function) else {
            return;
        };
        let threshold = self.threshold(function);
        // Relaxed: the counter orders nothing; a concurrent increment may win, which delays the next trip.
        counter.store(threshold.saturating_sub(calls.get()), Ordering::Relaxed);
    }

    fn calls_since_trip(&self, function: &FunctionRecord) -> u64 {
        let threshold = self.threshold(function);
        // Relaxed: a hint.
        counter(function).map_or(0, |counter| {
            counter.load(Ordering::Relaxed).saturating_sub(threshold)
        })
    }
}

/// The counter in the baseline of `function`, if it has one.
fn counter(function: &FunctionRecord) -> Option<&AtomicU64> {
    let address = function.counter()?;
    // SAFETY: the address is that of the function's counter, an aligned i64 in the data of its baseline, which is not freed while
    // the function can trip or a worker that is inside the gate (`fork::enter`) looks; generated code accesses it by atomic
    // loads and stores only.
    Some(unsafe { AtomicU64::from_ptr(address as *mut u64) })
}
