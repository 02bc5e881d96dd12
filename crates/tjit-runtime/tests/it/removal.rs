//! Functions that leave the program.

use std::num::NonZeroUsize;

use tjit_runtime::{
    Baseline, Error, EventKind, FunctionId, FunctionState, JobOutcome, RequestOutcome, TripOutcome,
};

use crate::support::{BASELINE, OPTIMIZED, baseline, code, install, lazy, runtime, state};

#[test]
fn a_removed_function_declines_everything() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "gone");
    let events = runtime.events().subscribe(NonZeroUsize::new(8).unwrap());
    assert_eq!(runtime.request(id, 5), Ok(RequestOutcome::Enqueued));
    assert_eq!(runtime.remove(id), Ok(vec![5]));

    let record = runtime.table().get(id).unwrap();
    assert_eq!(record.state(), FunctionState::Removed);
    assert_eq!(
        (record.code(), record.counter(), record.tier()),
        (None, None, None)
    );
    assert!(record.versions().is_empty());
    assert_eq!(runtime.stats().functions.removed, 1);
    assert_eq!(runtime.stats().functions.queued, 0);

    assert_eq!(
        runtime.trip(id),
        TripOutcome::Settled(FunctionState::Removed)
    );
    assert_eq!(runtime.request(id, 6), Ok(RequestOutcome::Removed));
    assert!(matches!(runtime.baseline(id), Err(Error::Removed(symbol)) if &*symbol == "gone"));
    assert!(matches!(runtime.remove(id), Err(Error::Removed(_))));
    assert_eq!(runtime.renew(id), Ok(false));

    // What was in the queue is no job any more.
    let next = lazy(&runtime, "next");
    runtime.request(next, 7).unwrap();
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!(job.record().id(), next);
    drop(job);
    let kinds: Vec<_> = events.try_iter().map(|event| event.kind).collect();
    assert!(kinds.contains(&EventKind::Removed), "{kinds:?}");
}

#[test]
fn what_is_being_compiled_is_busy() {
    let (runtime, _) = runtime(4);
    let id = lazy(&runtime, "f");
    let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
        panic!("nobody else compiles")
    };
    assert!(matches!(runtime.remove(id), Err(Error::Busy(_))));
    assert!(matches!(runtime.reset(id), Err(Error::Busy(_))));
    guard
        .publish(code("f_baseline", BASELINE), install)
        .unwrap();
    runtime.request(id, 1).unwrap();
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert!(matches!(runtime.remove(id), Err(Error::Busy(_))));
    drop(job);
    assert_eq!(runtime.remove(id), Ok(vec![]));
    let unknown = FunctionId::new(99);
    assert!(matches!(
        runtime.remove(unknown),
        Err(Error::UnknownFunction(_))
    ));
}

#[test]
fn a_function_that_is_reset_begins_anew() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    let events = runtime.events().subscribe(NonZeroUsize::new(8).unwrap());
    // Both after it was removed and when only its versions go; a request that waits still does.
    for removed in [false, true] {
        runtime.request(id, 1).unwrap();
        if removed {
            runtime.remove(id).unwrap();
        }
        runtime.reset(id).unwrap();
        let waits = if removed {
            FunctionState::Lazy
        } else {
            FunctionState::Queued
        };
        assert_eq!(state(&runtime, id), waits);
        if removed {
            runtime.request(id, 1).unwrap();
        }
        let job = runtime.worker().unwrap().next_job().unwrap();
        assert_eq!(job.requests(), [1]);
        let outcome = job.publish(code("f_optimized", OPTIMIZED), install);
        assert!(matches!(outcome, Ok(JobOutcome::Installed(_))));
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
        assert_eq!(runtime.table().get(id).unwrap().versions().len(), 1);
    }
    let resets = events
        .try_iter()
        .filter(|event| event.kind == EventKind::Reset);
    assert_eq!(
        resets.count(),
        1,
        "after a removal there was nothing left to go"
    );
}
