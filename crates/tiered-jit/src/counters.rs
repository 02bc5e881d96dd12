//! Access to the entry counters in generated code.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use tjit_runtime::{Counters, FunctionRecord};

/// Who uses a counter reads; who frees one writes. It is tried and never waited for by those that read, who may be signal handlers.
static IN_USE: RwLock<()> = RwLock::new(());

/// Waits until nobody uses a counter; until it is dropped nobody finds one. To be held while code with counters is freed.
pub(crate) fn unused() -> RwLockWriteGuard<'static, ()> {
    IN_USE.write().unwrap_or_else(PoisonError::into_inner)
}

/// Re-arms and reads the counters that `tjit-instrument` put into code, which count down.
#[derive(Debug)]
pub(crate) struct EntryCounters;

impl Counters for EntryCounters {
    fn rearm(&self, function: &FunctionRecord, calls: NonZeroU64) {
        let calls = i64::try_from(calls.get()).unwrap_or(i64::MAX);
        // Relaxed: the counter orders nothing; a concurrent decrement may win, which delays the next trip.
        with_counter(function, |counter| counter.store(calls, Ordering::Relaxed));
    }

    fn calls_since_trip(&self, function: &FunctionRecord) -> u64 {
        // Relaxed: a hint.
        let left = with_counter(function, |counter| counter.load(Ordering::Relaxed));
        left.unwrap_or(0).saturating_neg().max(0).unsigned_abs()
    }
}

/// Uses the counter in the code of `function` that runs, if it has one and nothing is being freed just now.
fn with_counter<R>(function: &FunctionRecord, access: impl FnOnce(&AtomicI64) -> R) -> Option<R> {
    let _in_use = IN_USE.try_read().ok()?;
    let address = function.counter()?;
    // SAFETY: the address is that of an aligned i64 in the data of the version that runs, which generated code accesses by atomic
    // loads and stores only. That of a baseline goes with its module, while nobody is inside the gate (`fork::alone`), as workers
    // are, nor in the module's code. That of a tier in between may be freed after its version has left the slot, when the record has
    // another address or none: under `unused`, so not while this one is used.
    Some(access(unsafe { AtomicI64::from_ptr(address as *mut i64) }))
}
