//! Workers that wait for time to pass. It passes when the model says so.

use crate::support::{Rearmed, check, promote, runtime_of, state};
use loom::thread;
use std::sync::Arc;
use std::time::Duration;
use tjit_runtime::{DefaultPolicy, FunctionId, FunctionState, HoldOff, Runtime, TripOutcome};

const QUIET: Duration = Duration::from_nanos(10);

/// A runtime whose functions have been called for the first time at the beginning of time.
fn started(functions: usize) -> (Arc<Runtime<u32>>, Vec<FunctionId>) {
    let policy = DefaultPolicy {
        hold_off: HoldOff {
            quiet: QUIET,
            at_most: 10 * QUIET,
        },
        ..DefaultPolicy::default()
    };
    runtime_of((functions, 2), policy, Arc::<Rearmed>::default())
}

/// The time comes while the worker is on its way to sleep, or asleep: it wakes up.
#[test]
fn the_end_of_a_hold_off_wakes_a_worker() {
    check(|| {
        let (runtime, ids) = started(1);
        let id = ids[0];
        assert_eq!(runtime.trip(id), TripOutcome::Queued);
        let working = runtime.clone();
        let worker = thread::spawn(move || promote(working.worker().unwrap().next_job().unwrap()));
        runtime.advance(2 * QUIET);
        worker.join().unwrap();
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}

/// The function trips while the worker goes to sleep without knowing of it, and time passes after that.
#[test]
fn a_trip_that_is_held_off_is_served_in_time() {
    check(|| {
        let (runtime, ids) = started(1);
        let id = ids[0];
        let working = runtime.clone();
        let worker = thread::spawn(move || promote(working.worker().unwrap().next_job().unwrap()));
        assert_eq!(runtime.trip(id), TripOutcome::Queued);
        runtime.advance(2 * QUIET);
        worker.join().unwrap();
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}

/// A request comes while the worker waits for the time to pass: it is served at once, and the trip when time has passed.
#[test]
fn a_request_is_not_held_off() {
    check(|| {
        let (runtime, ids) = started(2);
        let [hot, asked] = [ids[0], ids[1]];
        assert_eq!(runtime.trip(hot), TripOutcome::Queued);
        let working = runtime.clone();
        let worker = thread::spawn(move || {
            let mut worker = working.worker().unwrap();
            let first = worker.next_job().unwrap();
            assert_eq!(first.record().id(), asked, "no time has passed");
            promote(first);
            working.advance(2 * QUIET);
            promote(worker.next_job().unwrap());
        });
        runtime.request(asked, 1).unwrap();
        worker.join().unwrap();
        assert_eq!(state(&runtime, hot), FunctionState::Optimized);
    });
}

/// The worker that waits for the time to pass is given a request, and time passes while it serves it: the other worker must not
/// have slept through that.
#[test]
fn the_wait_for_the_end_is_passed_on() {
    check(|| {
        let (runtime, ids) = started(2);
        let [hot, asked] = [ids[0], ids[1]];
        assert_eq!(runtime.trip(hot), TripOutcome::Queued);
        runtime.request(asked, 1).unwrap();
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let runtime = runtime.clone();
                thread::spawn(move || promote(runtime.worker().unwrap().next_job().unwrap()))
            })
            .collect();
        runtime.advance(2 * QUIET);
        workers
            .into_iter()
            .for_each(|worker| worker.join().unwrap());
        assert_eq!(state(&runtime, hot), FunctionState::Optimized);
        assert_eq!(state(&runtime, asked), FunctionState::Optimized);
    });
}

/// Shutdown reaches a worker that waits for time to pass.
#[test]
fn shutdown_ends_a_hold_off() {
    check(|| {
        let (runtime, ids) = started(1);
        assert_eq!(runtime.trip(ids[0]), TripOutcome::Queued);
        let working = runtime.clone();
        let worker = thread::spawn(move || working.worker().unwrap().next_job().is_none());
        runtime.shutdown();
        assert!(worker.join().unwrap());
        assert_eq!(state(&runtime, ids[0]), FunctionState::Queued);
    });
}
