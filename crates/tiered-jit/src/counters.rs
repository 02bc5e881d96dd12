//! Access to the entry counters in generated code.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicI64, Ordering};

use tjit_runtime::{Counters, FunctionRecord};

/// Re-arms and reads the counters that `tjit-instrument` put into code, which count down.
#[derive(Debug)]
pub(crate) struct EntryCounters;

impl Counters for EntryCounters {
    fn rearm(&self, function: &FunctionRecord, calls: NonZeroU64) {
        if let Some(counter) = counter(function) {
            let calls = i64::try_from(calls.get()).unwrap_or(i64::MAX);
            // Relaxed: the counter orders nothing; a concurrent decrement may win, which delays the next trip.
            counter.store(calls, Ordering::Relaxed);
        }
    }

    fn calls_since_trip(&self, function: &FunctionRecord) -> u64 {
        // Relaxed: a hint.
        let left = counter(function).map_or(0, |counter| counter.load(Ordering::Relaxed));
        left.saturating_neg().max(0).unsigned_abs()
    }
}

/// The counter in the code of `function` that runs, if it has one.
fn counter(function: &FunctionRecord) -> Option<&AtomicI64> {
    let address = function.counter()?;
    // SAFETY: the address is that of an aligned i64 in the data of the version that ran when it was read, which generated code
    // accesses by atomic loads and stores only. That of a baseline goes with its module, while nobody is inside the gate
    // (`fork::alone`), as workers are, nor in the module's code. That of a tier in between may be reclaimed once the version has left
    // its slot: a mutator that re-arms it has had its pin (`Reclaim::pin`) since before it read the address, or is among those
    // that the caller of `collect_now` vouches for; a worker has no pin, and nothing but that it
    // uses the address at once keeps a version that is displaced just then from being noted, sorted, retired and freed before.
    Some(unsafe { AtomicI64::from_ptr(address as *mut i64) })
}
