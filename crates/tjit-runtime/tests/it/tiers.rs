//! More than two tiers, thresholds, and directives of single functions.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use crate::support::{BASELINE, OPTIMIZED, baseline, code, install};
use tjit_runtime::{
    Cause, DeclineReason, DefaultPolicy, Directive, Error, Event, EventKind, FunctionId,
    FunctionState, NoCounters, Runtime, Thresholds, Tier, TierSpec, TripOutcome,
};

const QUICK: Tier = Tier::OPTIMIZED;
const PEAK: Tier = Tier::OPTIMIZED.next().unwrap();

fn after(calls: u64, loops: u64) -> Thresholds {
    Thresholds {
        calls: NonZeroU64::new(calls),
        loops: NonZeroU64::new(loops),
    }
}

fn three_tiers() -> Runtime<u32> {
    let quick = TierSpec {
        name: "quick".into(),
        pipeline: Some("default<O1>".to_owned()),
        thresholds: after(100, 0),
    };
    let policy = DefaultPolicy {
        tiers: vec![
            TierSpec::baseline(after(10, 5_000)),
            quick,
            TierSpec::optimized(),
        ],
        ..DefaultPolicy::default()
    };
    Runtime::new(Arc::new(policy), Arc::new(NoCounters))
}

/// Serves the job that is queued and says what it was for.
fn promote(runtime: &Runtime<u32>) -> (Tier, Cause) {
    let mut worker = runtime.worker().unwrap();
    let job = worker.next_job().unwrap();
    let made = (job.tier(), job.cause());
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    made
}

fn turn(runtime: &Runtime<u32>, id: FunctionId, turns: u32) -> Option<TripOutcome> {
    runtime.turned(id, Tier::BASELINE, NonZeroU32::new(turns).unwrap())
}

#[test]
fn each_trip_leads_one_tier_up() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
    assert_eq!(promote(&runtime), (QUICK, Cause::Trip));
    assert_eq!(runtime.trip_from(id, QUICK), TripOutcome::Queued);
    assert_eq!(promote(&runtime), (PEAK, Cause::Trip));
    let settled = TripOutcome::Settled(FunctionState::Optimized);
    assert_eq!(runtime.trip_from(id, PEAK), TripOutcome::Queued);
    assert_eq!(promote(&runtime), (PEAK, Cause::Trip));
    assert_eq!(runtime.trip(id), settled);
    let stats = runtime.stats();
    assert_eq!(
        (stats.tier(QUICK).compiles, stats.tier(PEAK).compiles),
        (1, 2)
    );
}

/// Failure may indicate that a thread that is late in the baseline has a function skip the tier between.
#[test]
fn a_stale_counter_promotes_nothing() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
    promote(&runtime);
    let settled = TripOutcome::Settled(FunctionState::Optimized);
    assert_eq!(runtime.trip(id), settled);
    assert_eq!(turn(&runtime, id, 5_000), None);
    assert_eq!(runtime.table().get(id).unwrap().tier(), Some(QUICK));
}

/// The code of a version is entered before its state says so.
#[test]
fn a_trip_of_a_version_that_is_being_published_is_put_off() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    runtime.trip(id);
    let mut worker = runtime.worker().unwrap();
    let job = worker.next_job().unwrap();
    let install = |_| {
        assert_eq!(runtime.trip_from(id, QUICK), TripOutcome::Early);
        Ok::<_, String>(())
    };
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    assert_eq!(runtime.trip_from(id, QUICK), TripOutcome::Queued);
}

#[test]
fn a_request_leads_to_the_top_and_a_renewal_to_where_it_was() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    runtime.request(id, 1).unwrap();
    assert_eq!(promote(&runtime), (PEAK, Cause::Request));
    assert!(runtime.renew(id).unwrap());
    assert_eq!(promote(&runtime), (PEAK, Cause::Renewal));

    let id = baseline(&runtime, "g");
    runtime.trip(id);
    promote(&runtime);
    let unit = runtime.table().get(id).unwrap().running().unwrap().unit;
    let taken_back = |address| {
        assert_eq!(address, Some(BASELINE));
        Ok::<_, Error>(())
    };
    let reason = Arc::from("a test");
    runtime
        .invalidate((id, unit.unwrap()), &reason, taken_back)
        .unwrap();
    assert_eq!(promote(&runtime), (QUICK, Cause::Renewal));
}

#[test]
fn turns_of_loops_add_up() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    for _ in 0..4 {
        assert_eq!(turn(&runtime, id, 1_024), None);
    }
    assert_eq!(turn(&runtime, id, 1_024), Some(TripOutcome::Queued));
    // It counts anew, and the tier above has no threshold for loops.
    assert_eq!(turn(&runtime, id, 1_024), None);
    promote(&runtime);
    let turns = NonZeroU32::MAX;
    assert_eq!(runtime.turned(id, QUICK, turns), None);
}

#[test]
fn the_counter_is_that_of_the_version_that_runs() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    let record = runtime.table().get(id).unwrap();
    assert_eq!(record.counter(), Some(0xc0de));
    runtime.request(id, 1).unwrap();
    let mut worker = runtime.worker().unwrap();
    let mut uncounted = code("f_optimized", OPTIMIZED);
    uncounted.counter = None;
    let refuse = |_| Err("no such stub");
    let job = worker.next_job().unwrap();
    job.publish(uncounted.clone(), refuse).unwrap_err();
    assert_eq!(record.counter(), Some(0xc0de));
    runtime.request(id, 1).unwrap();
    let job = worker.next_job().unwrap();
    let unit = job.unit();
    job.publish(uncounted, install).unwrap();
    assert_eq!(record.counter(), None);
    let reason = Arc::from("a test");
    let back = |_| Ok::<_, Error>(());
    runtime.invalidate((id, unit), &reason, back).unwrap();
    assert_eq!(record.counter(), Some(0xc0de));
}

#[test]
fn directives_come_before_tiers() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    let record = runtime.table().get(id).unwrap();
    let policy = runtime.policy();
    assert_eq!(policy.thresholds(record, Tier::BASELINE), after(10, 5_000));
    assert_eq!(policy.thresholds(record, PEAK), Thresholds::NEVER);
    let directive = |never, pin, calls| Directive {
        never,
        pin,
        calls: NonZeroU64::new(calls),
        ..Directive::default()
    };
    record.set_directive(directive(false, false, 3));
    assert_eq!(policy.thresholds(record, Tier::BASELINE), after(3, 5_000));
    assert_eq!(policy.thresholds(record, QUICK), after(3, 0));
    record.set_directive(directive(true, false, 3));
    assert_eq!(policy.thresholds(record, Tier::BASELINE), Thresholds::NEVER);
    assert_eq!(runtime.trip(id), TripOutcome::Directed);
    record.set_directive(directive(false, true, 0));
    assert_eq!(runtime.trip(id), TripOutcome::Directed);
    record.set_directive(Directive::default());
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
}

#[test]
fn turns_of_one_version_are_not_those_of_the_next() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    assert_eq!(turn(&runtime, id, 4_096), None);
    runtime.request(id, 1).unwrap();
    let mut worker = runtime.worker().unwrap();
    let job = worker.next_job().unwrap();
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    runtime.roll_back(id, 0, |_| Ok::<_, Error>(())).unwrap();
    runtime.resume(id).unwrap();
    assert_eq!(
        turn(&runtime, id, 4_096),
        None,
        "those before are forgotten"
    );
    assert_eq!(turn(&runtime, id, 4_096), Some(TripOutcome::Queued));
}

#[test]
fn loops_that_go_on_are_declined_once_for_each_reason() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    let record = runtime.table().get(id).unwrap();
    let events = runtime.events().subscribe(NonZeroUsize::new(64).unwrap());
    let declined = || {
        for _ in 0..3 {
            turn(&runtime, id, 5_000).expect("it trips");
        }
        let reason = |event: Event| match event.kind {
            EventKind::Declined { reason, .. } => Some(reason),
            _ => None,
        };
        // What mutators note is told with the next event.
        runtime.report(id, EventKind::Removed).unwrap();
        events.try_iter().filter_map(reason).collect::<Vec<_>>()
    };
    let pin = Directive {
        pin: true,
        ..Directive::default()
    };
    record.set_directive(pin.clone());
    assert_eq!(declined(), [DeclineReason::Directive]);
    assert_eq!(declined(), []);
    record.set_directive(pin);
    assert_eq!(declined(), [DeclineReason::Directive]);
    record.set_directive(Directive::default());
    for _ in 0..2 {
        runtime.request(id, 1).unwrap();
        let job = runtime.worker().unwrap().next_job().unwrap();
        job.fail("it is Tuesday");
        assert_eq!(declined(), [DeclineReason::Failed]);
        assert_eq!(declined(), []);
    }
}

#[test]
fn whoever_claims_a_function_is_no_worker() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    let record = runtime.table().get(id).unwrap();
    assert!(!record.is_with_workers());
    let claimed = runtime.claim(id, Cause::Request).unwrap();
    runtime.trip(id);
    assert_eq!(record.state(), FunctionState::Compiling);
    assert!(!record.is_with_workers(), "it may take its time");
    claimed.withdraw("a test");
    assert!(record.is_with_workers(), "it waits for one");
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert!(record.is_with_workers());
    job.fail("it is Tuesday");
    assert!(!record.is_with_workers());
}

#[test]
fn a_function_that_comes_back_is_another() {
    let runtime = three_tiers();
    let id = baseline(&runtime, "f");
    let record = runtime.table().get(id).unwrap();
    let mut taken = record.baselines_taken();
    let mut is_news = || std::mem::replace(&mut taken, record.baselines_taken()) != taken;
    let lazy = || Ok::<_, Error>(());
    runtime.debase(id, &Arc::from("a test"), lazy).unwrap();
    assert!(is_news());
    assert!(!is_news());
    runtime.remove(id).unwrap();
    runtime.reset(id).unwrap();
    assert!(is_news());
}
