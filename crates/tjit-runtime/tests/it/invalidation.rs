//! Versions that are taken back, and functions that are made anew.

use crate::support::{BASELINE, OPTIMIZED, baseline, code, install, lazy, runtime, state};
use std::num::NonZeroUsize;
use std::sync::Arc;
use tjit_runtime::{
    Baseline, Cause, Error, EventKind, FactCounts, FunctionId, FunctionState, Invalidation,
    JobOutcome, RequestOutcome, Runtime, Tier, TripOutcome, UnitId,
};

/// Promotes a function that is queued and says what the unit was.
fn promote(runtime: &Runtime<u32>, id: FunctionId) -> UnitId {
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!(job.record().id(), id);
    let unit = job.unit();
    let done = job
        .publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    assert!(matches!(done, JobOutcome::Installed(_)));
    unit
}

fn tripped(runtime: &Runtime<u32>) -> (FunctionId, UnitId) {
    let id = baseline(runtime, "f");
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
    (id, promote(runtime, id))
}

/// Invalidates `unit` and returns what was done and where calls go.
fn invalidate(
    runtime: &Runtime<u32>,
    id: FunctionId,
    unit: UnitId,
) -> (Invalidation, Option<Option<usize>>) {
    let mut target = None;
    let reason: Arc<str> = "`rate` has changed".into();
    let done = runtime.invalidate((id, unit), &reason, |to| {
        target = Some(to);
        Ok::<(), Error>(())
    });
    (done.unwrap(), target)
}

#[test]
fn a_version_is_taken_back_to_the_baseline_and_made_anew() {
    let (runtime, _) = runtime(4);
    let (id, unit) = tripped(&runtime);
    let events = runtime.events().subscribe(NonZeroUsize::new(16).unwrap());

    let done = invalidate(&runtime, id, unit);
    assert_eq!(done, (Invalidation::Baseline, Some(Some(BASELINE))));
    let record = runtime.table().get(id).unwrap();
    assert_eq!(
        (record.code(), record.tier()),
        (Some(BASELINE), Some(Tier::BASELINE))
    );
    assert_eq!(record.state(), FunctionState::Queued);
    let versions = record.versions();
    assert_eq!(versions[0].invalidated, None);
    assert_eq!(
        versions[1].invalidated.as_deref(),
        Some("`rate` has changed")
    );
    let heard = events.try_recv().unwrap().kind;
    let EventKind::Invalidated { version, now } = heard else {
        panic!("{heard:?}")
    };
    assert_eq!((version.unit, now), (Some(unit), Some(Tier::BASELINE)));

    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!(job.cause(), Cause::Renewal);
    job.publish(code("f_v2_optimized", OPTIMIZED + 1), install)
        .unwrap();
    assert_eq!(state(&runtime, id), FunctionState::Optimized);
    assert_eq!(runtime.stats().invalidations, 1);
    // The old unit is no longer there to be taken back.
    assert_eq!(invalidate(&runtime, id, unit), (Invalidation::Gone, None));
}

#[test]
fn without_a_baseline_the_next_call_is_a_first_call() {
    let (runtime, _) = runtime(4);
    let id = lazy(&runtime, "f");
    runtime.request(id, 1).unwrap();
    let unit = promote(&runtime, id);
    assert_eq!(
        invalidate(&runtime, id, unit),
        (Invalidation::Lazy, Some(None))
    );
    let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
        panic!("there is no code")
    };
    guard
        .publish(code("f_baseline", BASELINE), install)
        .unwrap();
    assert_eq!(runtime.table().get(id).unwrap().code(), Some(BASELINE));
    promote(&runtime, id);
    assert_eq!(state(&runtime, id), FunctionState::Optimized);
}

#[test]
fn a_baseline_that_was_superseded_is_what_a_function_goes_back_to() {
    let (runtime, _) = runtime(4);
    let id = lazy(&runtime, "f");
    let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
        panic!("nobody else compiles")
    };
    runtime.request(id, 1).unwrap();
    let unit = promote(&runtime, id);
    guard
        .publish(code("f_baseline", BASELINE), install)
        .unwrap();
    assert_eq!(
        invalidate(&runtime, id, unit),
        (Invalidation::Baseline, Some(Some(BASELINE)))
    );
}

#[test]
fn a_job_whose_unit_is_invalidated_starts_again() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    let events = runtime.events().subscribe(NonZeroUsize::new(16).unwrap());
    runtime.request(id, 7).unwrap();
    let mut job = runtime.worker().unwrap().next_job().unwrap();
    let unit = job.unit();
    job.relies_on(FactCounts {
        guards: 1,
        values: 1,
        arguments: 0,
    });
    assert_eq!(invalidate(&runtime, id, unit), (Invalidation::Job, None));
    let never = |_| -> Result<(), String> { panic!("it must not be installed") };
    let Ok(JobOutcome::Stale(mut job)) = job.publish(code("f_optimized", OPTIMIZED), never) else {
        panic!("it is stale")
    };
    assert_eq!(runtime.table().get(id).unwrap().code(), Some(BASELINE));
    assert_ne!(job.unit(), unit);
    assert_eq!(job.requests(), [7]);
    // The unit it had is nobody's now.
    assert_eq!(invalidate(&runtime, id, unit), (Invalidation::Gone, None));
    job.relies_on(FactCounts {
        guards: 1,
        values: 0,
        arguments: 0,
    });
    let Ok(JobOutcome::Installed(version)) =
        job.publish(code("f_v2_optimized", OPTIMIZED), install)
    else {
        panic!("nothing has changed since")
    };
    assert_eq!(
        version.facts,
        FactCounts {
            guards: 1,
            values: 0,
            arguments: 0,
        }
    );
    assert_eq!(state(&runtime, id), FunctionState::Optimized);
    assert_eq!(
        runtime.stats().invalidations,
        0,
        "nothing that ran was taken back"
    );
    let restarted = |kind: &EventKind| matches!(kind, EventKind::PromotionRestarted { .. });
    assert_eq!(
        events
            .try_iter()
            .filter(|event| restarted(&event.kind))
            .count(),
        1
    );
}

#[test]
fn a_version_can_be_taken_back_while_the_next_one_is_compiled() {
    let (runtime, _) = runtime(4);
    let (id, unit) = tripped(&runtime);
    runtime.request(id, 1).unwrap();
    let job = runtime.worker().unwrap().next_job().unwrap();
    let done = invalidate(&runtime, id, unit);
    assert_eq!(done, (Invalidation::Baseline, Some(Some(BASELINE))));
    // The job did not rely on it, and replaces the baseline.
    let done = job.publish(code("f_v2_optimized", OPTIMIZED + 1), install);
    assert!(matches!(done, Ok(JobOutcome::Installed(_))));
    assert_eq!(state(&runtime, id), FunctionState::Optimized);
    assert_eq!(runtime.table().get(id).unwrap().code(), Some(OPTIMIZED + 1));
}

#[test]
fn renewals_wait_behind_requests_and_ahead_of_trips() {
    let (runtime, _) = runtime(4);
    let (first, _) = tripped(&runtime);
    let (second, third) = (baseline(&runtime, "g"), baseline(&runtime, "h"));
    assert_eq!(runtime.renew(second), Ok(false), "it is not optimised");
    assert_eq!(runtime.trip(second), TripOutcome::Queued);
    assert_eq!(runtime.renew(first), Ok(true));
    assert_eq!(runtime.renew(first), Ok(false), "it waits");
    runtime.request(third, 1).unwrap();
    let mut worker = runtime.worker().unwrap();
    for expected in [third, first, second] {
        let job = worker.next_job().unwrap();
        assert_eq!(job.record().id(), expected);
        job.publish(code("optimized", OPTIMIZED), install).unwrap();
    }
}

#[test]
fn a_renewal_during_a_job_is_followed_by_another() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
    let mut worker = runtime.worker().unwrap();
    let job = worker.next_job().unwrap();
    assert_eq!(runtime.renew(id), Ok(true));
    assert_eq!(runtime.request(id, 1), Ok(RequestOutcome::Deferred));
    job.fail("no luck");
    let mut job = worker.next_job().unwrap();
    assert_eq!(
        (job.cause(), job.take_requests()),
        (Cause::Request, vec![1])
    );
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    assert_eq!(state(&runtime, id), FunctionState::Optimized);
}

#[test]
fn nothing_is_renewed_after_shutdown() {
    let (runtime, _) = runtime(4);
    let (id, unit) = tripped(&runtime);
    runtime.shutdown();
    assert_eq!(runtime.renew(id), Ok(false));
    assert_eq!(invalidate(&runtime, id, unit).0, Invalidation::Baseline);
    assert_eq!(runtime.table().get(id).unwrap().code(), Some(BASELINE));
}
