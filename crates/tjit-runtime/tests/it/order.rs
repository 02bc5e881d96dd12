//! Which function is served next, and which is not yet.

use crate::support::{OPTIMIZED, baseline, code, install, runtime_with};
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tjit_runtime::{
    Baseline, Cause, Counters, DeclineReason, DefaultPolicy, EventKind, FunctionInfo,
    FunctionRecord, FunctionState, HoldOff, NoCounters, Runtime, Tier, TierPolicy, TripOutcome,
    Waiting,
};

const LONG: Duration = Duration::from_secs(3_600);
const MANY: NonZeroUsize = NonZeroUsize::new(100).unwrap();

/// Functions are the hotter the later they were registered.
#[derive(Debug)]
struct LaterIsHotter;

impl Counters for LaterIsHotter {
    fn rearm(&self, _function: &FunctionRecord, _calls: NonZeroU64) {}

    fn calls_since_trip(&self, function: &FunctionRecord) -> u64 {
        // More than what a test can wait counts.
        u64::from(function.id().index()) << 40
    }
}

fn held() -> DefaultPolicy {
    DefaultPolicy {
        hold_off: HoldOff {
            quiet: LONG,
            at_most: LONG,
        },
        ..DefaultPolicy::default()
    }
}

fn served(runtime: &Runtime<u32>, jobs: usize) -> Vec<u32> {
    let mut worker = runtime.worker().unwrap();
    let serve = |_| {
        let job = worker.next_job().unwrap();
        let function = job.record().id().index();
        job.publish(code("optimized", OPTIMIZED), install).unwrap();
        function
    };
    (0..jobs).map(serve).collect()
}

#[test]
fn requests_go_before_renewals_before_trips_and_of_those_the_hottest() {
    let runtime = runtime_with(DefaultPolicy::default(), LaterIsHotter);
    let ids: Vec<_> = (0..7)
        .map(|n| baseline(&runtime, &format!("f{n}")))
        .collect();
    runtime.request(ids[0], 1).unwrap();
    assert_eq!(served(&runtime, 1), [0]);

    for index in [3, 1, 6, 5] {
        assert_eq!(runtime.trip(ids[index]), TripOutcome::Queued);
    }
    assert_eq!(runtime.renew(ids[0]), Ok(true));
    runtime.request(ids[2], 1).unwrap();
    runtime.request(ids[4], 1).unwrap();
    assert_eq!(served(&runtime, 7), [2, 4, 0, 6, 5, 3, 1]);
}

#[test]
fn waiting_makes_a_function_urgent() {
    let policy = DefaultPolicy::default();
    let runtime = runtime_with(policy.clone(), NoCounters);
    let id = baseline(&runtime, "f");
    let record = runtime.table().get(id).unwrap();
    let mut cold = Waiting::new(record, Cause::Trip);
    let mut hot = cold;
    hot.calls = 10_000;
    assert!(policy.priority(&hot) > policy.priority(&cold));
    cold.waited = Duration::from_millis(1_001);
    assert!(policy.priority(&hot) < policy.priority(&cold));
}

#[test]
fn requests_are_served_while_trips_are_held_off() {
    let runtime = runtime_with(held(), NoCounters);
    let (hot, asked) = (baseline(&runtime, "hot"), baseline(&runtime, "asked"));
    assert_eq!(runtime.trip(hot), TripOutcome::Queued);
    runtime.request(asked, 1).unwrap();
    assert_eq!(served(&runtime, 1), [asked.index()]);
    let state = runtime.table().get(hot).unwrap().state();
    assert_eq!(state, FunctionState::Queued);
}

#[test]
fn no_trip_is_held_off_for_longer_than_the_limit_and_its_end_is_told() {
    let mut policy = held();
    policy.hold_off.at_most = Duration::from_millis(20);
    let runtime = runtime_with(policy, NoCounters);
    let events = runtime.events().subscribe(MANY);
    let id = baseline(&runtime, "f");
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
    assert_eq!(served(&runtime, 1), [id.index()]);
    let waits: Vec<_> = events
        .try_iter()
        .filter_map(|event| match event.kind {
            EventKind::HeldOff { waited } => Some(waited),
            _ => None,
        })
        .collect();
    // A slow machine may have passed the limit before the first look.
    assert!(
        waits
            .iter()
            .all(|waited| *waited >= Duration::from_millis(20))
    );
    assert!(waits.len() <= 1);
}

#[test]
fn a_worker_that_waits_for_a_hold_off_to_end_hears_of_shutdown() {
    let runtime = runtime_with(held(), NoCounters);
    let id = baseline(&runtime, "f");
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
    thread::scope(|scope| {
        let worker = scope.spawn(|| runtime.worker().unwrap().next_job().is_none());
        runtime.shutdown();
        assert!(worker.join().unwrap());
    });
}

#[test]
fn what_was_queued_at_shutdown_and_what_comes_later_is_told_why_nothing_comes_of_it() {
    let runtime = runtime_with(DefaultPolicy::default(), NoCounters);
    let [tripped, asked, late] = ["tripped", "asked", "late"].map(|f| baseline(&runtime, f));
    runtime.trip(tripped);
    runtime.request(asked, 1).unwrap();
    let events = runtime.events().subscribe(MANY);
    runtime.shutdown();
    runtime.trip(late);
    runtime.request(late, 2).unwrap();
    let declined: Vec<_> = events
        .try_iter()
        .filter_map(|event| match event.kind {
            EventKind::Declined { cause, reason } => Some((event.function, cause, reason)),
            _ => None,
        })
        .collect();
    let reason = DeclineReason::Stopped;
    assert_eq!(
        declined,
        [
            (tripped, Cause::Trip, reason.clone()),
            (asked, Cause::Request, reason.clone()),
            (late, Cause::Trip, reason.clone()),
            (late, Cause::Request, reason),
        ]
    );
}

#[test]
fn a_trip_after_a_failure_is_told_why_nothing_comes_of_it() {
    let runtime = runtime_with(DefaultPolicy::default(), NoCounters);
    let id = baseline(&runtime, "f");
    runtime.trip(id);
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!(job.tier(), Tier::OPTIMIZED);
    job.fail("no reason at all");
    let events = runtime.events().subscribe(MANY);
    runtime.trip(id);
    runtime.request(id, 1).unwrap();
    let first = events.try_recv().map(|event| event.kind);
    let declined = EventKind::Declined {
        cause: Cause::Trip,
        reason: DeclineReason::Failed,
    };
    assert_eq!(first, Some(declined));
}

/// A whole program that becomes hot at once, with few places and two workers: everything is optimised, or has failed with a reason,
/// and at no time does more than the capacity wait.
#[test]
fn ten_thousand_that_trip_at_once_all_come_to_an_end() {
    const FUNCTIONS: usize = if cfg!(miri) { 40 } else { 10_000 };
    let policy = DefaultPolicy {
        queue_capacity: NonZeroUsize::new(16).unwrap(),
        ..DefaultPolicy::default()
    };
    let runtime: Runtime<u32> = Runtime::new(Arc::new(policy), Arc::new(LaterIsHotter));
    let ids: Vec<_> = (0..FUNCTIONS)
        .map(|_| {
            let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
            let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
                panic!("nobody else compiles")
            };
            guard.publish(code("baseline", 1), install).unwrap();
            id
        })
        .collect();
    thread::scope(|scope| {
        let workers = [(); 2].map(|()| scope.spawn(|| serve_or_fail(&runtime)));
        let mut waiting = ids.clone();
        while !waiting.is_empty() {
            waiting.retain(|&id| {
                let outcome = runtime.trip(id);
                assert!(!matches!(
                    outcome,
                    TripOutcome::Stopped | TripOutcome::Unknown
                ));
                outcome == TripOutcome::Full
            });
            // Each worker may have taken one out of its place that does not say so yet.
            let queued = runtime.stats().functions.queued;
            assert!(queued <= 16 + 2, "{queued} wait");
        }
        while runtime.stats().functions.queued + runtime.stats().functions.compiling > 0 {
            thread::yield_now();
        }
        runtime.shutdown();
        workers
            .into_iter()
            .for_each(|worker| worker.join().unwrap());
    });
    for id in ids {
        let record = runtime.table().get(id).unwrap();
        match record.state() {
            FunctionState::Optimized => {}
            FunctionState::Failed => assert_eq!(record.failure().as_deref(), Some("odd")),
            state => panic!("{record}: {state:?}"),
        }
    }
}

fn serve_or_fail(runtime: &Runtime<u32>) {
    let mut worker = runtime.worker().unwrap();
    while let Some(job) = worker.next_job() {
        match job.record().id().index().is_multiple_of(7) {
            true => job.fail("odd"),
            false => drop(job.publish(code("optimized", OPTIMIZED), install).unwrap()),
        }
    }
}
