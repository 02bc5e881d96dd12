//! Trips and the jobs they lead to.

use crate::support::{
    BASELINE, Rearmed, check, code, installed, promote, runtime, runtime_of, state, with_baselines,
};
use loom::thread;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tjit_runtime::{
    Baseline, BaselineTicket, Cause, Counters, DefaultPolicy, FunctionInfo, FunctionRecord,
    FunctionState, Tier, TripOutcome,
};

/// Two callers trip the same function: it is queued once. The worker must not miss the wake-up.
#[test]
fn two_trips_one_job() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 2);
        let id = ids[0];
        let mutators: Vec<_> = (0..2)
            .map(|_| {
                let runtime = runtime.clone();
                thread::spawn(move || runtime.trip(id))
            })
            .collect();
        let job = runtime.worker().unwrap().next_job().unwrap();
        assert_eq!((job.cause(), job.tier()), (Cause::Trip, Tier::OPTIMIZED));
        promote(job);
        let queued = mutators.into_iter().map(|thread| thread.join().unwrap());
        assert_eq!(
            queued
                .filter(|outcome| *outcome == TripOutcome::Queued)
                .count(),
            1
        );
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}

/// Two items wake two sleeping workers: neither wake-up is spent on the wrong one.
#[test]
fn two_trips_two_workers() {
    check(|| {
        let (runtime, ids) = with_baselines(2, 2);
        let workers: Vec<_> = (0..2)
            .map(|_| {
                let runtime = runtime.clone();
                // Each takes exactly one job, so that a lost wake-up is a deadlock, which loom reports.
                thread::spawn(move || promote(runtime.worker().unwrap().next_job().unwrap()))
            })
            .collect();
        for &id in &ids {
            assert_eq!(runtime.trip(id), TripOutcome::Queued);
        }
        workers
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert!(
            ids.iter()
                .all(|&id| state(&runtime, id) == FunctionState::Optimized)
        );
    });
}

/// With one place, of two functions that trip at once at most one meets a full queue; that one is re-armed and its state is
/// as if nothing had happened.
#[test]
fn a_full_queue_changes_nothing() {
    check(|| {
        let rearmed = Arc::new(Rearmed::default());
        let runtime = runtime(1, &rearmed);
        let ids: Vec<_> = (0..2)
            .map(|_| runtime.register(FunctionInfo::new("f", 1)).unwrap())
            .collect();
        for &id in &ids {
            let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
                panic!("nobody else compiles")
            };
            guard.publish(code(BASELINE), installed).unwrap();
        }
        let (tripping, first) = (runtime.clone(), ids[0]);
        let other = thread::spawn(move || tripping.trip(first));
        let outcomes = [runtime.trip(ids[1]), other.join().unwrap()];
        assert_eq!(
            outcomes
                .iter()
                .filter(|outcome| **outcome == TripOutcome::Queued)
                .count(),
            1
        );
        assert_eq!(
            outcomes
                .iter()
                .filter(|outcome| **outcome == TripOutcome::Full)
                .count(),
            1
        );
        assert_eq!(rearmed.0.load(Ordering::Relaxed), 1);
        let queued = ids
            .iter()
            .filter(|&&id| state(&runtime, id) == FunctionState::Queued)
            .count();
        let baseline = ids
            .iter()
            .filter(|&&id| state(&runtime, id) == FunctionState::Baseline)
            .count();
        assert_eq!((queued, baseline), (1, 1));
    });
}

/// A job that ends in a panic fails the function and no other; a request that came meanwhile is still served.
#[test]
fn an_abandoned_job_fails_once() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        assert_eq!(runtime.trip(id), TripOutcome::Queued);
        let requesting = runtime.clone();
        let request = thread::spawn(move || requesting.request(id, 1).unwrap());
        let mut worker = runtime.worker().unwrap();
        let job = worker.next_job().unwrap();
        let served = job.requests().len();
        drop(job);
        if served == 0 {
            promote(worker.next_job().unwrap());
        }
        request.join().unwrap();
        let expected = if served == 0 {
            FunctionState::Optimized
        } else {
            FunctionState::Failed
        };
        assert_eq!(state(&runtime, id), expected);
    });
}

/// A trip may come in before the baseline is declared ready, since its code is installed first: it is not lost.
#[test]
fn an_early_trip_is_not_lost() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let Ok(BaselineTicket::Mine(guard)) = runtime.begin_baseline(id) else {
            panic!("nobody else compiles")
        };
        let tripping = runtime.clone();
        let trip = thread::spawn(move || assert_eq!(tripping.trip(id), TripOutcome::Queued));
        guard.publish(code(BASELINE), installed).unwrap();
        promote(runtime.worker().unwrap().next_job().unwrap());
        trip.join().unwrap();
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}

/// The higher the id the hotter.
#[derive(Debug)]
struct LaterIsHotter;

impl Counters for LaterIsHotter {
    fn rearm(&self, _function: &FunctionRecord, _calls: NonZeroU64) {}

    fn calls_since_trip(&self, function: &FunctionRecord) -> u64 {
        u64::from(function.id().index())
    }
}

/// Two functions trip while a worker takes one after the other: both are served once, the hotter one first if both waited, and
/// their places come back.
#[test]
fn two_trips_are_served_by_heat() {
    check(|| {
        let (runtime, ids) = runtime_of((2, 2), DefaultPolicy::default(), Arc::new(LaterIsHotter));
        let [cold, hot] = [ids[0], ids[1]];
        let tripping = runtime.clone();
        let other = thread::spawn(move || tripping.trip(cold));
        assert_eq!(runtime.trip(hot), TripOutcome::Queued);
        let mut worker = runtime.worker().unwrap();
        let first = worker.next_job().unwrap();
        assert_eq!(first.record().id(), hot, "it waited first or is hotter");
        promote(first);
        let second = worker.next_job().unwrap();
        assert_eq!(second.record().id(), cold);
        second.fail("so that its counter is left alone");
        assert_eq!(other.join().unwrap(), TripOutcome::Queued);
        assert_eq!(state(&runtime, hot), FunctionState::Optimized);
        assert_eq!(state(&runtime, cold), FunctionState::Failed);
    });
}
