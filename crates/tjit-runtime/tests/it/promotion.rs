//! Trips, requests, jobs and what is left of them in history and statistics.

use crate::support::{BASELINE, OPTIMIZED, baseline, code, install, lazy, runtime, state};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tjit_runtime::{
    Baseline, BaselineGuard, Cause, Error, EventReceiver, FunctionState, Job, MAX_WORKERS, Phase,
    Published, RequestOutcome, Runtime, Tier, TripOutcome,
};

#[test]
fn a_trip_leads_to_a_version_with_its_cost() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
    assert_eq!(
        runtime.trip(id),
        TripOutcome::Settled(FunctionState::Queued)
    );
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!(
        (job.tier(), job.cause(), job.requests()),
        (Tier::OPTIMIZED, Cause::Trip, &[][..])
    );
    assert_eq!(state(&runtime, id), FunctionState::Compiling);
    let mut slot = BASELINE;
    job.publish(code("f_optimized", OPTIMIZED), |address| {
        slot = address;
        Ok::<(), String>(())
    })
    .unwrap();
    assert_eq!(
        (slot, state(&runtime, id)),
        (OPTIMIZED, FunctionState::Optimized)
    );

    let versions = runtime.table().get(id).unwrap().versions();
    let bodies: Vec<_> = versions
        .iter()
        .map(|version| (version.number, &*version.body, version.cause))
        .collect();
    assert_eq!(
        bodies,
        [
            (0, "f_baseline", Cause::FirstCall),
            (1, "f_optimized", Cause::Trip)
        ]
    );
    let stats = runtime.stats();
    assert_eq!(
        (stats.trips, stats.trips_dropped, stats.failures()),
        (2, 0, 0)
    );
    let optimized = stats.tier(Tier::OPTIMIZED);
    assert_eq!((optimized.compiles, optimized.code_bytes), (1, 100));
    assert_eq!(optimized.phases[Phase::Codegen], Duration::from_millis(3));
    let made_elsewhere = optimized.phases.total() - optimized.phases[Phase::Publish];
    assert_eq!(made_elsewhere, Duration::from_millis(5));
    assert_eq!(stats.functions.optimized, 1);
}

#[test]
fn a_full_queue_rearms_and_changes_nothing() {
    let (runtime, rearmed) = runtime(1);
    let (first, second) = (baseline(&runtime, "f"), baseline(&runtime, "g"));
    assert_eq!(runtime.trip(first), TripOutcome::Queued);
    assert_eq!(runtime.trip(second), TripOutcome::Full);
    assert_eq!(state(&runtime, second), FunctionState::Baseline);
    assert_eq!(rearmed.0.load(Ordering::Relaxed), 500);
    assert_eq!(
        (
            runtime.stats().trips_dropped,
            runtime.table().get(second).unwrap().dropped_trips()
        ),
        (1, 1)
    );

    let mut worker = runtime.worker().unwrap();
    worker
        .next_job()
        .unwrap()
        .publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    assert_eq!(
        runtime.trip(second),
        TripOutcome::Queued,
        "there is room again"
    );
}

#[test]
fn requests_go_first_and_merge() {
    let (runtime, _) = runtime(4);
    let (hot, asked) = (baseline(&runtime, "hot"), baseline(&runtime, "asked"));
    let both = baseline(&runtime, "both");
    assert_eq!(runtime.trip(hot), TripOutcome::Queued);
    assert_eq!(runtime.trip(both), TripOutcome::Queued);
    assert_eq!(runtime.request(asked, 1), Ok(RequestOutcome::Enqueued));
    assert_eq!(runtime.request(asked, 2), Ok(RequestOutcome::Merged));
    assert_eq!(runtime.request(both, 3), Ok(RequestOutcome::Raised));

    let mut worker = runtime.worker().unwrap();
    let mut order = Vec::new();
    for _ in 0..3 {
        let job = worker.next_job().unwrap();
        order.push((job.record().id(), job.cause(), job.requests().to_vec()));
        job.publish(code("optimized", OPTIMIZED), install).unwrap();
    }
    let expected = [
        (asked, Cause::Request, vec![1, 2]),
        (both, Cause::Request, vec![3]),
        (hot, Cause::Trip, vec![]),
    ];
    assert_eq!(order, expected);
    // The entry that `both` left in the lane of trips is stale and must not make a job.
    runtime.shutdown();
    assert!(worker.next_job().is_none());
    assert_eq!(runtime.stats().tier(Tier::OPTIMIZED).compiles, 3);
}

#[test]
fn a_request_during_a_job_queues_the_function_again() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    runtime.request(id, 1).unwrap();
    let mut worker = runtime.worker().unwrap();
    let job = worker.next_job().unwrap();
    assert_eq!(runtime.request(id, 2), Ok(RequestOutcome::Deferred));
    assert_eq!(runtime.request(id, 3), Ok(RequestOutcome::Deferred));
    assert_eq!(job.requests(), [1]);
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    assert_eq!(state(&runtime, id), FunctionState::Queued);
    let job = worker.next_job().unwrap();
    assert_eq!((job.requests(), job.tier()), (&[2, 3][..], Tier::OPTIMIZED));
    job.publish(code("f_v2_optimized", OPTIMIZED + 1), install)
        .unwrap();
    assert_eq!(runtime.table().get(id).unwrap().code(), Some(OPTIMIZED + 1));
}

#[test]
fn a_failed_promotion_is_only_retried_on_request() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    runtime.trip(id);
    let mut worker = runtime.worker().unwrap();
    worker
        .next_job()
        .unwrap()
        .fail("the module does not verify");
    let record = runtime.table().get(id).unwrap();
    assert_eq!(
        (record.state(), record.code()),
        (FunctionState::Failed, Some(BASELINE))
    );
    assert_eq!(
        record.failure().as_deref(),
        Some("the module does not verify")
    );
    assert_eq!(
        runtime.trip(id),
        TripOutcome::Settled(FunctionState::Failed)
    );

    assert_eq!(runtime.request(id, 1), Ok(RequestOutcome::Enqueued));
    let refused = worker
        .next_job()
        .unwrap()
        .publish(code("f_optimized", OPTIMIZED), |_| Err("no such stub"));
    assert_eq!(
        (refused.err(), record.code()),
        (Some("no such stub"), Some(BASELINE))
    );
    runtime.request(id, 2).unwrap();
    worker
        .next_job()
        .unwrap()
        .publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    assert_eq!(
        (record.state(), record.failure()),
        (FunctionState::Optimized, None)
    );
    assert_eq!(runtime.stats().tier(Tier::OPTIMIZED).failures, 2);
}

#[test]
fn a_function_that_was_never_called_can_be_requested() {
    let (runtime, _) = runtime(4);
    let id = lazy(&runtime, "f");
    assert_eq!(runtime.request(id, 1), Ok(RequestOutcome::Enqueued));
    // Its first call comes while it waits; the caller does not wait for the optimiser.
    let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
        panic!("nobody else compiles")
    };
    let job = runtime.worker().unwrap().next_job().unwrap();
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    let never = |_: usize| -> Result<(), String> { panic!("the better version must stay") };
    assert_eq!(
        guard.publish(code("f_baseline", BASELINE), never),
        Ok(Published::Superseded)
    );
    let record = runtime.table().get(id).unwrap();
    assert_eq!(
        (record.code(), record.tier()),
        (Some(OPTIMIZED), Some(Tier::OPTIMIZED))
    );
}

#[test]
fn shutdown_declines_what_comes_after() {
    let (runtime, _) = runtime(4);
    let (first, second) = (baseline(&runtime, "f"), baseline(&runtime, "g"));
    runtime.request(first, 1).unwrap();
    let mut worker = runtime.worker().unwrap();
    let job = worker.next_job().unwrap();
    runtime.trip(second);
    runtime.shutdown();
    assert!(worker.next_job().is_none(), "queued work is not waited for");
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    assert_eq!(runtime.request(first, 2), Ok(RequestOutcome::Stopped));
    assert_eq!(runtime.trip(second), TripOutcome::Stopped);
    assert_eq!(state(&runtime, first), FunctionState::Optimized);
    let third = baseline(&runtime, "h");
    assert_eq!(
        state(&runtime, third),
        FunctionState::Baseline,
        "first calls still work"
    );
}

#[test]
fn workers_are_bounded() {
    let (runtime, _) = runtime(4);
    let workers: Vec<_> = (0..MAX_WORKERS)
        .map(|_| runtime.worker().unwrap())
        .collect();
    assert_eq!(runtime.worker().unwrap_err(), Error::TooManyWorkers);
    assert_eq!(workers.len(), MAX_WORKERS);
}

/// Failure is a compile error: an embedder shares the runtime between threads and hands jobs and guards on.
#[test]
fn what_threads_share_can_be_shared() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    type Payload = Box<dyn FnOnce() + Send>;
    send::<Runtime<Payload>>();
    sync::<Runtime<Payload>>();
    send::<Job<'_, Payload>>();
    send::<BaselineGuard<'_>>();
    send::<EventReceiver>();
}
