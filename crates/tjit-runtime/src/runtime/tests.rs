//! What the path of a trip promises to a signal handler, checked from inside.

use super::*;
use crate::policy::{DefaultPolicy, NoCounters};
use crate::version::{Compiled, PhaseTimes};
use crate::{FunctionState, TripOutcome};
use std::num::NonZeroUsize;

fn with_baseline(capacity: usize) -> (Runtime<()>, FunctionId, FunctionId) {
    let queue_capacity = NonZeroUsize::new(capacity).unwrap();
    let policy = DefaultPolicy {
        queue_capacity,
        ..DefaultPolicy::default()
    };
    let runtime = Runtime::new(Arc::new(policy), Arc::new(NoCounters));
    let ids = [(); 2].map(|()| {
        let id = runtime.register(FunctionInfo::new("f", 0x10)).unwrap();
        let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
            panic!("nobody else compiles")
        };
        let compiled = Compiled {
            body: "f".into(),
            address: 0x20,
            size: 1,
            counter: None,
            phases: PhaseTimes::new(),
        };
        guard.publish(compiled, |_| Ok::<(), String>(())).unwrap();
        id
    });
    (runtime, ids[0], ids[1])
}

/// Failure is a hang: a signal handler that trips would wait for the very thread that it interrupted.
#[test]
fn a_trip_takes_no_lock_that_the_interrupted_thread_may_hold() {
    let (runtime, first, second) = with_baseline(1);
    let _events = runtime.events().subscribe(NonZeroUsize::MIN);
    let record = runtime.table().get(first).unwrap();
    let _pending = lock(&runtime.pending);
    runtime.core.hold_locks(record, || {
        runtime.queue.hold_locks(|| {
            assert_eq!(runtime.trip(first), TripOutcome::Queued);
            assert_eq!(
                runtime.trip(first),
                TripOutcome::Settled(FunctionState::Queued)
            );
            assert_eq!(runtime.trip(second), TripOutcome::Full);
            assert_eq!(runtime.trip(FunctionId::new(2)), TripOutcome::Unknown);
        });
    });
}
