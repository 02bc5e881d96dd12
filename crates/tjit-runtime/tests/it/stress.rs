//! Many threads, many functions, real scheduling.

use crate::support::{BASELINE, OPTIMIZED, code, install, lazy, runtime};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use tjit_runtime::{Baseline, FunctionId, Runtime, TripOutcome};

const FUNCTIONS: usize = if cfg!(miri) { 12 } else { 2_000 };

/// Failure means that a function was forgotten: it is called again and again and still not optimised, or never compiled, or
/// compiled twice.
#[test]
fn every_hot_function_ends_optimised() {
    // A queue much smaller than the program, so that trips are refused and have to come again.
    let (runtime, _) = runtime(8);
    let ids: Vec<_> = (0..FUNCTIONS)
        .map(|n| lazy(&runtime, &format!("f{n}")))
        .collect();
    let compiles = AtomicUsize::new(0);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(|| work(&runtime))).collect();
        let callers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    ids.iter()
                        .for_each(|&id| call_until_hot(&runtime, id, &compiles))
                })
            })
            .collect();
        let asker = scope.spawn(|| {
            for &id in ids.iter().cycle() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                runtime.request(id, 1).unwrap();
                thread::yield_now();
            }
        });
        callers
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        done.store(true, Ordering::Relaxed);
        asker.join().unwrap();
        runtime.shutdown();
        workers
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
    // A function that was requested before its first call may need no baseline.
    assert!(compiles.load(Ordering::Relaxed) <= FUNCTIONS);
    assert!(
        ids.iter()
            .all(|&id| runtime.table().get(id).unwrap().code() == Some(OPTIMIZED))
    );
    assert_eq!(runtime.stats().failures(), 0);
}

fn work(runtime: &Runtime<u32>) {
    let mut worker = runtime.worker().unwrap();
    while let Some(job) = worker.next_job() {
        job.publish(code("optimized", OPTIMIZED), install).unwrap();
    }
}

/// What a caller does: compile on the first call, trip on every later one until the slot has changed.
fn call_until_hot(runtime: &Runtime<u32>, id: FunctionId, compiles: &AtomicUsize) {
    let record = runtime.table().get(id).unwrap();
    while record.code() != Some(OPTIMIZED) {
        match runtime.baseline(id).unwrap() {
            Baseline::Mine(guard) => {
                compiles.fetch_add(1, Ordering::Relaxed);
                guard.publish(code("baseline", BASELINE), install).unwrap();
            }
            Baseline::Ready(_) => {
                let outcome = runtime.trip(id);
                assert!(!matches!(
                    outcome,
                    TripOutcome::Unknown | TripOutcome::Stopped
                ));
                thread::yield_now();
            }
        }
    }
}
