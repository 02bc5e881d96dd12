//! Versions that are taken back or renewed while they are made.

use crate::support::{BASELINE, OPTIMIZED, check, code, runtime, state, store, with_baselines};
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tjit_runtime::{
    Baseline, Cause, Error, FunctionInfo, FunctionState, Invalidation, Job, JobOutcome, Published,
    TripOutcome, UnitId,
};

/// Serves one job to its end, however often it has to start again, and returns how often that was.
fn promote_into(slot: &AtomicUsize, job: Job<'_, u32>, units: &dyn Fn(UnitId)) -> usize {
    let (mut job, mut restarts) = (job, 0);
    loop {
        units(job.unit());
        match job.publish(code(OPTIMIZED), |address| store(slot, address)) {
            Ok(JobOutcome::Installed(_)) => return restarts,
            Ok(JobOutcome::Stale(again)) => (job, restarts) = (again, restarts + 1),
            Ok(JobOutcome::Withdrawn(reason)) => panic!("nobody rolls back: {reason}"),
            Err(never) => match never {},
        }
    }
}

fn fall_back(slot: &AtomicUsize, to: Option<usize>) -> Result<(), Error> {
    slot.store(to.unwrap_or(LAZY), Ordering::Relaxed);
    Ok(())
}

const LAZY: usize = 0x1a21;

/// A unit is invalidated while its job publishes it: it is taken back or does not come out, never both or neither, and another
/// one is made of which nobody needs to be told.
#[test]
fn invalidate_against_publish() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let slot = Arc::new(AtomicUsize::new(BASELINE));
        assert_eq!(runtime.trip(id), TripOutcome::Queued);
        let mut worker = runtime.worker().unwrap();
        let job = worker.next_job().unwrap();
        let unit = job.unit();
        let (invalidating, target) = (runtime.clone(), slot.clone());
        let other = thread::spawn(move || {
            let install = |to: Option<usize>| fall_back(&target, to);
            let done = invalidating.invalidate((id, unit), &"gone".into(), install);
            (done.unwrap(), target.load(Ordering::Relaxed))
        });
        let restarts = promote_into(&slot, job, &|_| ());
        let (done, _seen) = other.join().unwrap();
        match done {
            Invalidation::Baseline => {
                assert_eq!((restarts, slot.load(Ordering::Relaxed)), (0, BASELINE));
                assert_eq!(state(&runtime, id), FunctionState::Queued);
                let job = worker.next_job().unwrap();
                assert_eq!(job.cause(), Cause::Renewal);
                assert_eq!(
                    promote_into(&slot, job, &|again| assert_ne!(again, unit)),
                    0
                );
            }
            other => assert_eq!((other, restarts), (Invalidation::Job, 1)),
        }
        assert_eq!(slot.load(Ordering::Relaxed), OPTIMIZED);
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}

/// A running unit is invalidated while a request comes and a worker serves it: in the end an optimised version runs that is
/// not the invalidated one, the request was served once, and nothing is left in the queue.
#[test]
fn invalidate_against_request() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let slot = Arc::new(AtomicUsize::new(BASELINE));
        assert_eq!(runtime.trip(id), TripOutcome::Queued);
        let mut worker = runtime.worker().unwrap();
        let job = worker.next_job().unwrap();
        let unit = job.unit();
        promote_into(&slot, job, &|_| ());

        let requesting = runtime.clone();
        let request = thread::spawn(move || requesting.request(id, 7).unwrap());
        let (invalidating, target) = (runtime.clone(), slot.clone());
        let other = thread::spawn(move || {
            let install = |to: Option<usize>| fall_back(&target, to);
            let done = invalidating.invalidate((id, unit), &"gone".into(), install);
            assert!(matches!(
                done,
                Ok(Invalidation::Baseline | Invalidation::Kept | Invalidation::Gone)
            ));
        });
        let mut served = Vec::new();
        while served.is_empty() {
            let mut job = worker.next_job().unwrap();
            served.extend(job.take_requests());
            promote_into(&slot, job, &|again| assert_ne!(again, unit));
        }
        request.join().unwrap();
        other.join().unwrap();
        assert_eq!(served, [7]);
        if state(&runtime, id) == FunctionState::Queued {
            promote_into(&slot, worker.next_job().unwrap(), &|again| {
                assert_ne!(again, unit)
            });
        }
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
        assert_eq!(slot.load(Ordering::Relaxed), OPTIMIZED);
    });
}

/// A function without a baseline is invalidated while somebody calls it for the first time: the caller gets the old version's
/// address, which it may as a call that began before, or compiles the baseline.
#[test]
fn invalidate_against_a_first_call() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let slot = Arc::new(AtomicUsize::new(LAZY));
        runtime.request(id, 1).unwrap();
        let job = runtime.worker().unwrap().next_job().unwrap();
        let unit = job.unit();
        promote_into(&slot, job, &|_| ());

        let (calling, target) = (runtime.clone(), slot.clone());
        let caller = thread::spawn(move || match calling.baseline(id).unwrap() {
            Baseline::Ready(address) => assert!(address == OPTIMIZED || address == 1),
            Baseline::Mine(guard) => {
                let published = guard.publish(code(BASELINE), |address| store(&target, address));
                assert_eq!(published, Ok(Published::Installed));
            }
        });
        let done = runtime.invalidate((id, unit), &"gone".into(), |to| fall_back(&slot, to));
        assert_eq!(done, Ok(Invalidation::Lazy));
        caller.join().unwrap();
        let compiled = runtime.table().get(id).unwrap().code();
        let expected = compiled.unwrap_or(LAZY);
        assert_eq!(slot.load(Ordering::Relaxed), expected);
        assert_eq!(state(&runtime, id), FunctionState::Queued);
        promote_into(
            &slot,
            runtime.worker().unwrap().next_job().unwrap(),
            &|_| (),
        );
        assert_eq!(slot.load(Ordering::Relaxed), OPTIMIZED);
    });
}

/// A renewal against the end of the job it comes for: whatever the order, another job follows, and only one.
#[test]
fn renew_against_publish() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let slot = AtomicUsize::new(BASELINE);
        assert_eq!(runtime.trip(id), TripOutcome::Queued);
        let mut worker = runtime.worker().unwrap();
        let job = worker.next_job().unwrap();
        let renewing = runtime.clone();
        let other = thread::spawn(move || assert_eq!(renewing.renew(id), Ok(true)));
        promote_into(&slot, job, &|_| ());
        let job = worker.next_job().unwrap();
        assert_eq!(job.cause(), Cause::Renewal);
        promote_into(&slot, job, &|_| ());
        other.join().unwrap();
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}
