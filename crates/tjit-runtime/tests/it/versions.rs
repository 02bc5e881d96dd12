//! The history of versions, going back in it, and jobs outside of the queue.

use crate::support::{BASELINE, OPTIMIZED, baseline, code, install, lazy, runtime, state};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tjit_runtime::{
    Baseline, Cause, Error, EventKind, FunctionId, FunctionState, Invalidation, JobOutcome,
    RequestOutcome, Runtime, Tier, TripOutcome, UnitId, Unrunnable, VersionInfo, VersionStatus,
};

use VersionStatus::{Invalidated, Kept, Reclaimed, Running};

/// Makes the version at `address` run, for a request, and returns its unit.
fn request(runtime: &Runtime<u32>, id: FunctionId, address: usize) -> UnitId {
    runtime.request(id, 1).unwrap();
    let job = runtime.worker().unwrap().next_job().unwrap();
    let unit = job.unit();
    job.publish(code("f_optimized", address), install).unwrap();
    unit
}

/// Rolls back and returns where the slot leads, if it was stored to, and the requests that were withdrawn.
fn roll_back(
    runtime: &Runtime<u32>,
    id: FunctionId,
    number: usize,
) -> Result<(Option<usize>, Vec<u32>), Error> {
    let mut slot = None;
    let done = runtime.roll_back(id, number, |address| {
        slot = Some(address);
        Ok::<(), Error>(())
    })?;
    assert_eq!(done.version.number, number);
    assert_eq!(done.version.status(), VersionStatus::Running);
    Ok((slot, done.withdrawn))
}

fn statuses(runtime: &Runtime<u32>, id: FunctionId) -> Vec<VersionStatus> {
    let versions = runtime.table().get(id).unwrap().versions();
    versions.iter().map(|version| version.status()).collect()
}

fn running(runtime: &Runtime<u32>, id: FunctionId) -> Option<Arc<VersionInfo>> {
    runtime.table().get(id).unwrap().running()
}

#[test]
fn the_history_says_which_version_runs_and_since_when() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    assert_eq!(statuses(&runtime, id), [Running]);
    request(&runtime, id, OPTIMIZED);
    request(&runtime, id, OPTIMIZED + 1);
    assert_eq!(statuses(&runtime, id), [Kept, Kept, Running]);
    let versions = runtime.table().get(id).unwrap().versions();
    assert!(versions.windows(2).all(|pair| {
        let (before, after) = (&pair[0], &pair[1]);
        before.made_at <= after.made_at
            && before.published_at <= before.displaced_at
            && before.displaced_at == after.published_at
    }));
    assert_eq!(versions[2].displaced_at, None);
    assert_eq!(running(&runtime, id).map(|version| version.number), Some(2));
}

#[test]
fn an_earlier_version_runs_again_and_stays() {
    let (runtime, rearmed) = runtime(4);
    let id = baseline(&runtime, "f");
    request(&runtime, id, OPTIMIZED);
    let events = runtime.events().subscribe(NonZeroUsize::new(16).unwrap());
    assert_eq!(roll_back(&runtime, id, 0), Ok((Some(BASELINE), vec![])));
    let record = runtime.table().get(id).unwrap();
    assert_eq!(
        (record.code(), record.tier(), record.state()),
        (
            Some(BASELINE),
            Some(Tier::BASELINE),
            FunctionState::Baseline
        )
    );
    assert!(record.is_held());
    assert_eq!(statuses(&runtime, id), [Running, Kept]);
    assert!(matches!(
        events.try_recv().unwrap().kind,
        EventKind::RolledBack { version } if version.number == 0
    ));
    assert_eq!(
        runtime.trip(id),
        TripOutcome::Settled(FunctionState::Baseline)
    );
    // Forward again: any version can be gone to, and the one that runs stays when it is asked for.
    assert_eq!(roll_back(&runtime, id, 1), Ok((Some(OPTIMIZED), vec![])));
    assert_eq!(roll_back(&runtime, id, 1), Ok((None, vec![])));
    assert_eq!(state(&runtime, id), FunctionState::Optimized);
    assert_eq!(runtime.renew(id), Ok(false), "not now");

    assert_eq!(roll_back(&runtime, id, 0), Ok((Some(BASELINE), vec![])));
    assert_eq!(rearmed.0.load(Ordering::Relaxed), 0);
    assert_eq!(runtime.resume(id), Ok(true));
    assert_eq!(runtime.resume(id), Ok(false), "it was");
    assert!(rearmed.0.load(Ordering::Relaxed) > 0, "it counts anew");
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
}

#[test]
fn a_renewal_that_was_due_follows_resumption() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    request(&runtime, id, OPTIMIZED);
    roll_back(&runtime, id, 1).unwrap();
    assert_eq!(runtime.renew(id), Ok(false), "not now");
    assert_eq!(state(&runtime, id), FunctionState::Optimized);
    assert_eq!(runtime.resume(id), Ok(true));
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!(job.cause(), Cause::Renewal);
}

#[test]
fn a_version_that_is_held_is_taken_back_when_it_has_to_be() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    let unit = request(&runtime, id, OPTIMIZED);
    request(&runtime, id, OPTIMIZED + 1);
    roll_back(&runtime, id, 1).unwrap();
    let reason = Arc::from("`rate` has changed");
    let take_back = |unit| {
        let done = runtime.invalidate((id, unit), &reason, |_| Ok::<(), Error>(()));
        done.unwrap()
    };
    assert_eq!(take_back(unit), Invalidation::Baseline);
    assert_eq!(state(&runtime, id), FunctionState::Baseline, "not queued");
    assert_eq!(statuses(&runtime, id), [Running, Invalidated, Kept]);
    assert_eq!(take_back(unit), Invalidation::Gone);
    let refused = roll_back(&runtime, id, 1).unwrap_err();
    let invalidated = Unrunnable::Invalidated(reason.clone());
    assert!(
        matches!(&refused, Error::Version { reason, .. } if *reason == invalidated),
        "{refused}"
    );
    assert_eq!(runtime.resume(id), Ok(true));
    assert_eq!(state(&runtime, id), FunctionState::Queued);
}

#[test]
fn a_kept_version_that_loses_its_facts_can_t_run_again() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    let unit = request(&runtime, id, OPTIMIZED);
    request(&runtime, id, OPTIMIZED + 1);
    let reason = Arc::from("`rate` has changed");
    let never = |_| -> Result<(), Error> { panic!("it does not run") };
    let done = runtime.invalidate((id, unit), &reason, never).unwrap();
    assert_eq!(done, Invalidation::Kept);
    assert_eq!(statuses(&runtime, id), [Kept, Invalidated, Running]);
    assert_eq!(runtime.stats().invalidations, 0, "it did not run");
    assert!(matches!(
        roll_back(&runtime, id, 1),
        Err(Error::Version { .. })
    ));
}

#[test]
fn what_has_no_code_can_t_run() {
    let (runtime, _) = runtime(4);
    let id = lazy(&runtime, "f");
    let reason = |number| match roll_back(&runtime, id, number) {
        Err(Error::Version { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(0), Unrunnable::Unknown);
    for address in 0..3 {
        request(&runtime, id, OPTIMIZED + address);
    }
    let record = runtime.table().get(id).unwrap();
    let reclaim = |number| record.reclaim(&record.version(number).unwrap());
    assert!(!reclaim(2), "it runs");
    assert!(reclaim(1));
    assert!(!reclaim(1), "it is reclaimed");
    assert_eq!(record.version(3), None);
    let found = record.version(0).unwrap();
    assert_eq!(statuses(&runtime, id), [Kept, Reclaimed, Running]);
    assert_eq!(reason(1), Unrunnable::Reclaimed);
    assert_eq!(reason(3), Unrunnable::Unknown);
    assert_eq!(roll_back(&runtime, id, 0).unwrap().0, Some(OPTIMIZED));
    let last = record.version(2).unwrap();
    assert_eq!(roll_back(&runtime, id, 2).unwrap().0, Some(OPTIMIZED + 2));
    assert!(
        !record.reclaim(&found),
        "it is the one that was displaced last"
    );
    assert_eq!(roll_back(&runtime, id, 0).unwrap().0, Some(OPTIMIZED));
    assert!(!record.reclaim(&last), "it has run since");
    assert!(reclaim(2));
}

#[test]
fn the_history_is_bounded_and_numbers_stay() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    let record = runtime.table().get(id).unwrap();
    for number in 1..=200 {
        let job = runtime.claim(id, Cause::Request).unwrap();
        job.publish(code("f_optimized", OPTIMIZED + number), install)
            .unwrap();
        let before = record.version(number - 1).unwrap();
        assert!(number == 1 || record.reclaim(&before));
    }
    assert!(
        !record.reclaim(&record.version(0).unwrap()),
        "others go back to it"
    );
    let versions = record.versions();
    let numbers: Vec<_> = versions.iter().map(|version| version.number).collect();
    assert_eq!((numbers[0], numbers[1]), (0, 136));
    assert_eq!(numbers.len(), 1 + 64 + 1);
    assert_eq!(record.forgotten_versions(), 135);
    assert!(matches!(
        roll_back(&runtime, id, 7),
        Err(Error::Version {
            reason: Unrunnable::Reclaimed,
            ..
        })
    ));
    assert_eq!(roll_back(&runtime, id, 0), Ok((Some(BASELINE), vec![])));
}

#[test]
fn rolling_back_wins_over_what_began_before() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    request(&runtime, id, OPTIMIZED);
    // Queued.
    runtime.request(id, 5).unwrap();
    assert_eq!(roll_back(&runtime, id, 0), Ok((Some(BASELINE), vec![5])));
    assert_eq!(state(&runtime, id), FunctionState::Baseline);
    // Under way, with another request behind it.
    runtime.request(id, 6).unwrap();
    let mut worker = runtime.worker().unwrap();
    let job = worker.next_job().unwrap();
    assert_eq!(job.requests(), [6]);
    assert_eq!(runtime.request(id, 7), Ok(RequestOutcome::Deferred));
    assert_eq!(roll_back(&runtime, id, 1), Ok((Some(OPTIMIZED), vec![7])));
    // After it.
    assert_eq!(runtime.request(id, 8), Ok(RequestOutcome::Deferred));
    let never = |_| -> Result<(), String> { panic!("it must not be installed") };
    let done = job.publish(code("f_optimized", OPTIMIZED + 1), never);
    let Ok(JobOutcome::Withdrawn(reason)) = done else {
        panic!("{done:?}")
    };
    assert_eq!(&*reason, "it was rolled back to version 1");
    let job = worker.next_job().unwrap();
    assert_eq!(job.requests(), [8]);
    job.publish(code("f_optimized", OPTIMIZED + 2), install)
        .unwrap();
    assert!(!runtime.table().get(id).unwrap().is_held());
    assert_eq!(statuses(&runtime, id), [Kept, Kept, Running]);
}

#[test]
fn a_request_that_fails_leaves_a_version_held() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    request(&runtime, id, OPTIMIZED);
    roll_back(&runtime, id, 0).unwrap();
    runtime.request(id, 1).unwrap();
    let job = runtime.worker().unwrap().next_job().unwrap();
    job.fail("no luck");
    assert!(runtime.table().get(id).unwrap().is_held());
}

#[test]
fn what_had_queued_a_function_waits_for_who_claims_it() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
    let job = runtime.claim(id, Cause::Request).unwrap();
    assert_eq!(state(&runtime, id), FunctionState::Compiling);
    job.withdraw("it is not needed");
    assert_eq!(state(&runtime, id), FunctionState::Queued, "by its trip");
    let mut worker = runtime.worker().unwrap();
    let job = worker.next_job().unwrap();
    assert_eq!(job.cause(), Cause::Trip);
    job.withdraw("it is not needed");
    assert_eq!(
        state(&runtime, id),
        FunctionState::Baseline,
        "it does not wait"
    );

    runtime.request(id, 1).unwrap();
    let job = runtime.claim(id, Cause::Request).unwrap();
    assert!(job.requests().is_empty(), "they wait for a worker");
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    let job = worker.next_job().unwrap();
    assert_eq!((job.cause(), job.requests()), (Cause::Request, &[1][..]));
}

#[test]
fn who_claims_a_function_waits_for_the_job_under_way() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
    let job = runtime.worker().unwrap().next_job().unwrap();
    std::thread::scope(|scope| {
        let claim = scope.spawn(|| {
            let job = runtime.claim(id, Cause::Request).unwrap();
            assert_eq!(running(&runtime, id).unwrap().address, OPTIMIZED);
            job.publish(code("f_optimized", OPTIMIZED + 1), install)
                .map(drop)
        });
        job.publish(code("f_optimized", OPTIMIZED), install)
            .unwrap();
        claim.join().unwrap().unwrap();
    });
    assert_eq!(running(&runtime, id).unwrap().address, OPTIMIZED + 1);
}

#[test]
fn what_is_gone_can_t_be_claimed() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    runtime.remove(id).unwrap();
    assert!(matches!(
        runtime.claim(id, Cause::Request),
        Err(Error::Removed(_))
    ));
    assert!(matches!(roll_back(&runtime, id, 0), Err(Error::Removed(_))));
    let id = baseline(&runtime, "g");
    runtime.shutdown();
    assert!(matches!(
        runtime.claim(id, Cause::Request),
        Err(Error::Stopped(_))
    ));
    // Going back needs nobody who compiles.
    assert_eq!(roll_back(&runtime, id, 0), Ok((None, vec![])));
}

#[test]
fn a_baseline_that_never_ran_can() {
    let (runtime, _) = runtime(4);
    let id = lazy(&runtime, "f");
    let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
        panic!("nobody else compiles")
    };
    request(&runtime, id, OPTIMIZED);
    guard
        .publish(code("f_baseline", BASELINE), install)
        .unwrap();
    assert_eq!(statuses(&runtime, id), [Running, Kept]);
    assert_eq!(roll_back(&runtime, id, 1), Ok((Some(BASELINE), vec![])));
    assert_eq!(state(&runtime, id), FunctionState::Baseline);
}

#[test]
fn what_was_rolled_back_to_makes_no_room() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    let unit = request(&runtime, id, OPTIMIZED);
    roll_back(&runtime, id, 1).unwrap();
    let probe = || runtime.probe((id, unit), || Ok::<(), Error>(())).unwrap();
    let evict = || runtime.evict((id, unit), |_| Ok::<(), Error>(())).unwrap();
    assert!(!probe() && !evict());
    assert_eq!(running(&runtime, id).map(|version| version.number), Some(1));
    runtime.resume(id).unwrap();
    assert!(probe() && evict());
    assert_eq!(statuses(&runtime, id), [Running, Kept]);
}

#[test]
fn another_meaning_ends_a_rollback() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    request(&runtime, id, OPTIMIZED);
    roll_back(&runtime, id, 1).unwrap();
    let reason = Arc::from("it was redefined");
    let body = code("f_baseline_2", BASELINE + 1);
    let install = |_| Ok::<(), Error>(());
    runtime.rebase(id, (body, &reason), install).unwrap();
    let record = runtime.table().get(id).unwrap();
    assert_eq!(
        (record.is_held(), record.state()),
        (false, FunctionState::Queued)
    );
    assert_eq!(statuses(&runtime, id), [Invalidated, Invalidated, Running]);
    for number in [0, 1] {
        roll_back(&runtime, id, number).unwrap_err();
    }
    assert_eq!(
        roll_back(&runtime, id, 2),
        Ok((None, vec![])),
        "it runs already"
    );
}
