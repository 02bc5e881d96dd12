//! Model-checked: every interleaving (up to a bound on preemptions) of the few threads that matter.
//!
//! Run with `RUSTFLAGS="--cfg tjit_loom" cargo test -p tjit-runtime --test loom --release`.
#![cfg(tjit_loom)]

use loom::thread;
use std::convert::Infallible;
use std::num::{NonZeroU64, NonZeroUsize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tjit_runtime::{
    Baseline, BaselineTicket, Cause, Compiled, Counters, DefaultPolicy, Error, FunctionId,
    FunctionInfo, FunctionRecord, FunctionState, Invalidation, Job, JobOutcome, PhaseTimes,
    Published, RequestOutcome, Retired, Runtime, Tier, TripOutcome, UnitId, Waited,
};

const BASELINE: usize = 0xba5e;
const OPTIMIZED: usize = 0x0b71;

/// Counts re-armings. Not modelled: it is read after all threads have ended.
#[derive(Default, Debug)]
struct Rearmed(AtomicUsize);

impl Counters for Rearmed {
    fn rearm(&self, _function: &FunctionRecord, _calls: NonZeroU64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn runtime(capacity: usize, rearmed: &Arc<Rearmed>) -> Arc<Runtime<u32>> {
    let queue_capacity = NonZeroUsize::new(capacity).unwrap();
    let policy = DefaultPolicy {
        queue_capacity,
        ..DefaultPolicy::default()
    };
    Arc::new(Runtime::new(Arc::new(policy), rearmed.clone()))
}

/// A runtime with functions in state `Baseline`.
fn with_baselines(functions: usize, capacity: usize) -> (Arc<Runtime<u32>>, Vec<FunctionId>) {
    let runtime = runtime(capacity, &Arc::default());
    let ids = (0..functions)
        .map(|_| runtime.register(FunctionInfo::new("f", 1)).unwrap())
        .collect::<Vec<_>>();
    for &id in &ids {
        let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
            panic!("nobody else compiles")
        };
        assert_eq!(
            guard.publish(code(BASELINE), installed),
            Ok(Published::Installed)
        );
    }
    (runtime, ids)
}

fn code(address: usize) -> Compiled {
    Compiled {
        body: "f".into(),
        address,
        size: 1,
        phases: PhaseTimes::new(),
    }
}

fn installed(_address: usize) -> Result<(), Infallible> {
    Ok(())
}

fn promote(job: Job<'_, u32>) {
    job.publish(code(OPTIMIZED), installed).unwrap();
}

fn state(runtime: &Runtime<u32>, id: FunctionId) -> FunctionState {
    runtime.table().get(id).unwrap().state()
}

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

/// A trip, a request and a worker that publishes as soon as there is work: the request's payload reaches exactly one job,
/// and when all is done nothing is left in a state that waits for somebody.
#[test]
fn trip_against_request_against_publish() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let tripping = runtime.clone();
        let trip = thread::spawn(move || tripping.trip(id));
        let requesting = runtime.clone();
        let request = thread::spawn(move || requesting.request(id, 7).unwrap());

        let mut worker = runtime.worker().unwrap();
        let mut served = Vec::new();
        while served.is_empty() {
            let mut job = worker.next_job().unwrap();
            let payloads = job.take_requests();
            assert_eq!(job.cause() == Cause::Request, !payloads.is_empty());
            served.extend(payloads);
            promote(job);
        }
        let (trip, request) = (trip.join().unwrap(), request.join().unwrap());
        assert_eq!(served, [7]);
        assert!(matches!(
            trip,
            TripOutcome::Queued | TripOutcome::NotBaseline(_)
        ));
        assert!(!matches!(
            request,
            RequestOutcome::Merged | RequestOutcome::Stopped
        ));
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}

/// Two requests merge or follow each other; no payload is lost or served twice.
#[test]
fn two_requests_are_served_once_each() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let requesting = runtime.clone();
        let other = thread::spawn(move || requesting.request(id, 1).unwrap());
        let working = runtime.clone();
        let worker = thread::spawn(move || {
            let mut worker = working.worker().unwrap();
            let mut served = Vec::new();
            while served.len() < 2 {
                let mut job = worker.next_job().unwrap();
                assert!(!job.requests().is_empty(), "no job without a reason");
                served.extend(job.take_requests());
                promote(job);
            }
            served
        });
        runtime.request(id, 2).unwrap();
        let mut served = worker.join().unwrap();
        other.join().unwrap();
        served.sort_unstable();
        assert_eq!(served, [1, 2]);
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

/// Shutdown reaches a worker wherever it is, and what is queued is not waited for.
#[test]
fn shutdown_wakes_a_worker() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let working = runtime.clone();
        let worker = thread::spawn(move || {
            let mut worker = working.worker().unwrap();
            while let Some(job) = worker.next_job() {
                promote(job);
            }
        });
        let tripping = runtime.clone();
        let trip = thread::spawn(move || tripping.trip(id));
        runtime.shutdown();
        worker.join().unwrap();
        match trip.join().unwrap() {
            TripOutcome::Queued => {
                assert!(matches!(
                    state(&runtime, id),
                    FunctionState::Queued | FunctionState::Optimized
                ));
            }
            outcome => {
                assert_eq!(outcome, TripOutcome::Stopped);
                assert_eq!(state(&runtime, id), FunctionState::Baseline);
            }
        }
        assert_eq!(runtime.request(id, 1), Ok(RequestOutcome::Stopped));
    });
}

/// A request against shutdown: its payload is served or dropped, never kept, so whoever waits for it hears of it.
#[test]
fn shutdown_drops_or_declines_a_request() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let requesting = runtime.clone();
        let request = thread::spawn(move || requesting.request(id, 1).unwrap());
        runtime.shutdown();
        let outcome = request.join().unwrap();
        assert!(matches!(
            outcome,
            RequestOutcome::Enqueued | RequestOutcome::Stopped
        ));
        assert!(runtime.worker().unwrap().next_job().is_none());
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

/// Three first calls at once: one compiles, all get the same address, and the code was installed before anyone got it.
#[test]
fn first_calls_compile_once() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let compiles = Arc::new(AtomicUsize::new(0));
        let call = move |runtime: &Runtime<u32>, compiles: &AtomicUsize| match runtime
            .baseline(id)
            .unwrap()
        {
            Baseline::Ready(address) => assert_eq!(address, BASELINE),
            Baseline::Mine(guard) => {
                compiles.fetch_add(1, Ordering::Relaxed);
                guard.publish(code(BASELINE), installed).unwrap();
            }
        };
        let callers: Vec<_> = (0..2)
            .map(|_| {
                let (runtime, compiles) = (runtime.clone(), compiles.clone());
                thread::spawn(move || call(&runtime, &compiles))
            })
            .collect();
        call(&runtime, &compiles);
        callers
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(compiles.load(Ordering::Relaxed), 1);
        assert_eq!(state(&runtime, id), FunctionState::Baseline);
    });
}

/// The compiling caller panics: the waiting one gets an error and does not hang.
#[test]
fn an_abandoned_baseline_wakes_the_waiters() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let Ok(BaselineTicket::Mine(guard)) = runtime.begin_baseline(id) else {
            panic!("nobody else compiles")
        };
        let calling = runtime.clone();
        let caller = thread::spawn(move || match calling.begin_baseline(id) {
            Ok(BaselineTicket::Wait(other)) => other.wait().map(drop),
            Ok(_) => panic!("neither compiled nor free"),
            Err(error) => Err(error),
        });
        drop(guard);
        let failed = caller.join().unwrap();
        assert!(
            matches!(failed, Err(Error::BaselineFailed { .. })),
            "{failed:?}"
        );
        assert_eq!(state(&runtime, id), FunctionState::Failed);
    });
}

/// The compiling caller gives the duty back: the waiting one takes it.
#[test]
fn a_released_baseline_goes_to_a_waiter() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let Ok(BaselineTicket::Mine(guard)) = runtime.begin_baseline(id) else {
            panic!("nobody else compiles")
        };
        let calling = runtime.clone();
        let caller = thread::spawn(move || match calling.baseline(id).unwrap() {
            Baseline::Mine(guard) => guard.publish(code(BASELINE), installed).unwrap(),
            Baseline::Ready(_) => panic!("nobody compiled it"),
        });
        guard.release();
        assert_eq!(caller.join().unwrap(), Published::Installed);
    });
}

/// A request for a function whose first call is under way: whichever is published last, calls end in the optimised version,
/// and a caller that waits for the baseline is content with that.
#[test]
fn baseline_never_replaces_a_better_version() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let slot = Arc::new(AtomicUsize::new(0));
        let Ok(BaselineTicket::Mine(guard)) = runtime.begin_baseline(id) else {
            panic!("nobody else compiles")
        };
        runtime.request(id, 1).unwrap();

        let (working, target) = (runtime.clone(), slot.clone());
        let worker = thread::spawn(move || {
            let job = working.worker().unwrap().next_job().unwrap();
            job.publish(code(OPTIMIZED), |address| store(&target, address))
                .unwrap();
        });
        let calling = runtime.clone();
        let caller = thread::spawn(move || match calling.begin_baseline(id).unwrap() {
            BaselineTicket::Wait(other) => {
                assert!(matches!(other.wait().unwrap(), Waited::Ready(_)))
            }
            BaselineTicket::Done(address) => assert!(address == BASELINE || address == OPTIMIZED),
            BaselineTicket::Mine(_) => panic!("two callers compile"),
        });
        guard
            .publish(code(BASELINE), |address| store(&slot, address))
            .unwrap();
        worker.join().unwrap();
        caller.join().unwrap();
        assert_eq!(slot.load(Ordering::Relaxed), OPTIMIZED);
        assert_eq!(runtime.table().get(id).unwrap().code(), Some(OPTIMIZED));
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}

/// A caller that waits for a baseline goes on as soon as a job has published something better, however long the baseline
/// takes.
#[test]
fn a_better_version_ends_the_wait_for_the_baseline() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let Ok(BaselineTicket::Mine(guard)) = runtime.begin_baseline(id) else {
            panic!("nobody else compiles")
        };
        let calling = runtime.clone();
        let caller = thread::spawn(move || match calling.baseline(id).unwrap() {
            Baseline::Ready(address) => address,
            Baseline::Mine(_) => panic!("two callers compile"),
        });
        runtime.request(id, 1).unwrap();
        promote(runtime.worker().unwrap().next_job().unwrap());
        assert_eq!(caller.join().unwrap(), OPTIMIZED);
        assert_eq!(
            guard.publish(code(BASELINE), installed),
            Ok(Published::Superseded)
        );
    });
}

fn store(slot: &AtomicUsize, address: usize) -> Result<(), Infallible> {
    slot.store(address, Ordering::Relaxed);
    Ok(())
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

/// Serves one job to its end, however often it has to start again, and returns how often that was.
fn promote_into(slot: &AtomicUsize, job: Job<'_, u32>, units: &dyn Fn(UnitId)) -> usize {
    let (mut job, mut restarts) = (job, 0);
    loop {
        units(job.unit());
        match job.publish(code(OPTIMIZED), |address| store(slot, address)) {
            Ok(JobOutcome::Installed(_)) => return restarts,
            Ok(JobOutcome::Stale(again)) => (job, restarts) = (again, restarts + 1),
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
                Ok(Invalidation::Baseline | Invalidation::Gone)
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

/// Sanity of the set-up: loom finds a deadlock when a worker waits for work that never comes.
#[test]
fn loom_reports_a_missing_wake_up() {
    let hang = || {
        let (runtime, _) = with_baselines(1, 1);
        runtime.worker().unwrap().next_job();
    };
    assert!(catch_unwind(AssertUnwindSafe(|| check(hang))).is_err());
}

/// A slot with versions behind it that are freed.
struct World {
    retired: Retired<usize>,
    slot: loom::sync::atomic::AtomicUsize,
    freed: [loom::sync::atomic::AtomicBool; 3],
}

impl World {
    fn call(&self) {
        let _pin = self.retired.pin();
        let version = self.slot.load(Ordering::Acquire);
        assert!(!self.freed[version].load(Ordering::Relaxed));
    }

    fn publish(&self, version: usize) {
        let old = self.slot.swap(version, Ordering::AcqRel);
        self.retired.retire(old);
    }

    fn reclaim(&self) {
        for version in self.retired.collect() {
            let twice = self.freed[version].swap(true, Ordering::Relaxed);
            assert!(!twice, "freed twice");
        }
    }
}

/// One thread calls, one publishes, one reclaims: whoever is inside never sees a version that is freed.
#[test]
fn no_call_enters_what_was_freed() {
    check(|| {
        let world = Arc::new(World {
            retired: Retired::default(),
            slot: loom::sync::atomic::AtomicUsize::new(0),
            freed: std::array::from_fn(|_| loom::sync::atomic::AtomicBool::new(false)),
        });
        let caller = thread::spawn({
            let world = world.clone();
            move || world.call()
        });
        let publisher = thread::spawn({
            let world = world.clone();
            move || {
                world.publish(1);
                world.publish(2);
            }
        });
        world.reclaim();
        caller.join().unwrap();
        publisher.join().unwrap();
        world.reclaim();
        assert!(world.retired.is_empty(), "a slow pin only delays");
        assert!(!world.freed[2].load(Ordering::Relaxed));
    });
}
