//! Access to the entry counters in baseline code.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tjit_runtime::{Counters, FunctionRecord, Tier, TierPolicy};

/// Re-arms the counters that `tjit-instrument` put into baseline code.
#[derive(Debug)]
pub(crate) struct EntryCounters {
    policy: Arc<dyn TierPolicy>,
}

impl EntryCounters {
    pub(crate) fn new(policy: Arc<dyn TierPolicy>) -> Self {
        Self { policy }
    }
}

impl Counters for EntryCounters {
    fn rearm(&self, function: &FunctionRecord, calls: NonZeroU64) {
        let Some(address) = function.counter() else {
            return;
        };
        let threshold = self.policy.threshold(function, Tier::BASELINE).get();
        // SAFETY: the address is that of the function's counter, an aligned i64 in the data of its baseline, which is not
        // freed while the function can trip; generated code accesses it by atomic loads and stores only.
        let counter = unsafe { AtomicU64::from_ptr(address as *mut u64) };
        // Relaxed: the counter orders nothing; a concurrent increment may win, which delays the next trip.
        counter.store(threshold.saturating_sub(calls.get()), Ordering::Relaxed);
    }
}
