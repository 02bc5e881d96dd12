//! Functions that change together.

use crate::support::{BASELINE, OPTIMIZED, baseline, code, lazy, runtime, state};
use std::sync::Arc;
use tjit_runtime::{
    Cause, Change, Changed, Committed, Error, FunctionId, FunctionState, Invalidation, Job,
    Runtime, TripOutcome,
};

fn claim<'r>(runtime: &'r Runtime<u32>, ids: &[FunctionId]) -> Vec<Job<'r, u32>> {
    let jobs = runtime.try_claim_all(ids, Cause::Request).unwrap();
    let jobs = jobs.expect("nobody compiles them");
    let found: Vec<_> = jobs.iter().map(|job| job.record().id()).collect();
    assert_eq!(found, ids, "as they were given");
    jobs
}

/// What the jobs have made, each at an address of its own.
fn made<'r>(jobs: Vec<Job<'r, u32>>) -> Vec<Change<'r, u32>> {
    let publish =
        |(index, job)| Change::Publish(job, Box::new(code("f_optimized", OPTIMIZED + index)));
    jobs.into_iter().enumerate().map(publish).collect()
}

type Stored = Vec<(FunctionId, usize)>;

/// Commits, and returns what is stored into the slots.
fn commit<'r>(
    runtime: &'r Runtime<u32>,
    changes: Vec<Change<'r, u32>>,
) -> Result<(Committed<'r, u32>, Stored), Error> {
    let mut stored = Vec::new();
    let done = runtime.commit(changes, |addresses| {
        stored.extend_from_slice(addresses);
        Ok::<(), Error>(())
    })?;
    Ok((done, stored))
}

fn done(committed: Committed<'_, u32>) -> Vec<Changed<u32>> {
    match committed {
        Committed::Done(changed) => changed,
        Committed::Stale(_) => panic!("nothing is stale"),
    }
}

#[test]
fn all_are_published() {
    let (runtime, _) = runtime(4);
    let (f, g) = (baseline(&runtime, "f"), baseline(&runtime, "g"));
    let jobs = claim(&runtime, &[g, f]);
    let (committed, stored) = commit(&runtime, made(jobs)).unwrap();
    assert_eq!(stored, [(f, OPTIMIZED + 1), (g, OPTIMIZED)]);
    let changed = done(committed);
    let functions: Vec<_> = changed.iter().map(|changed| changed.function).collect();
    assert_eq!(functions, [g, f], "as they were given");
    for id in [f, g] {
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    }
}

#[test]
fn none_is_if_the_slots_can_t_be_stored_to() {
    let (runtime, _) = runtime(4);
    let (f, g) = (baseline(&runtime, "f"), baseline(&runtime, "g"));
    assert_eq!(runtime.trip(f), TripOutcome::Queued);
    let mut changes = made(claim(&runtime, &[f]));
    changes.push(Change::RollBack(g, 0));
    if let Change::Publish(_, compiled) = &mut changes[0] {
        compiled.counter = None;
    }
    let fail = |_: &[_]| Err(Error::UnknownFunction(g));
    runtime.commit(changes, fail).unwrap_err();
    let record = runtime.table().get(f).unwrap();
    assert_eq!(
        (record.code(), record.counter()),
        (Some(BASELINE), Some(0xc0de))
    );
    assert_eq!(state(&runtime, f), FunctionState::Queued, "as before");
    assert!(!runtime.table().get(g).unwrap().is_held());
}

#[test]
fn none_is_if_one_can_t_run() {
    let (runtime, _) = runtime(4);
    let (f, g) = (baseline(&runtime, "f"), lazy(&runtime, "g"));
    let mut changes = made(claim(&runtime, &[f]));
    changes.push(Change::RollBack(g, 0));
    let refused = commit(&runtime, changes).unwrap_err();
    assert!(matches!(refused, Error::Version { .. }), "{refused}");
    assert_eq!(state(&runtime, f), FunctionState::Baseline);

    let changes = made(claim(&runtime, &[f]));
    let roll_back = |_| Ok::<(), Error>(());
    runtime.roll_back(f, 0, roll_back).unwrap();
    let refused = commit(&runtime, changes).unwrap_err();
    assert!(matches!(refused, Error::Withdrawn { .. }), "{refused}");

    let twice = vec![Change::RollBack(f, 0), Change::RollBack(f, 0)];
    assert!(matches!(commit(&runtime, twice), Err(Error::Twice(_))));
    let twice = runtime.try_claim_all(&[f, f], Cause::Request);
    assert!(matches!(twice, Err(Error::Twice(_))));
}

#[test]
fn what_is_stale_is_made_again_and_the_others_stay() {
    let (runtime, _) = runtime(4);
    let (f, g) = (baseline(&runtime, "f"), baseline(&runtime, "g"));
    let jobs = claim(&runtime, &[f, g]);
    let units = [jobs[0].unit(), jobs[1].unit()];
    let reason = Arc::from("`rate` has changed");
    let done_so = runtime.invalidate((g, units[1]), &reason, |_| Ok::<(), Error>(()));
    assert_eq!(done_so, Ok(Invalidation::Job));
    let (committed, stored) = commit(&runtime, made(jobs)).unwrap();
    assert_eq!(stored, []);
    let Committed::Stale(changes) = committed else {
        panic!("one is stale")
    };
    let again: Vec<_> = changes
        .iter()
        .map(|change| match change {
            Change::Publish(job, _) => job.unit(),
            Change::RollBack(..) => panic!("nobody asked for that"),
        })
        .collect();
    assert_eq!(again[0], units[0]);
    assert_ne!(again[1], units[1]);
    let (committed, stored) = commit(&runtime, changes).unwrap();
    assert_eq!((done(committed).len(), stored.len()), (2, 2));
}

#[test]
fn functions_are_claimed_together_or_not_at_all() {
    let (runtime, _) = runtime(4);
    let (f, g) = (baseline(&runtime, "f"), baseline(&runtime, "g"));
    let job = runtime.claim(g, Cause::Canary).unwrap();
    assert_eq!(job.must_end(), None);
    let claimed = runtime.try_claim_all(&[f, g], Cause::Request).unwrap();
    assert!(claimed.is_none());
    assert_eq!(state(&runtime, f), FunctionState::Baseline);
    assert!(job.must_end().is_some(), "somebody waits");
    job.withdraw("it ends");
    made(claim(&runtime, &[f, g]))
        .into_iter()
        .for_each(|change| match change {
            Change::Publish(job, _) => job.withdraw("so does this"),
            Change::RollBack(..) => {}
        });
}

#[test]
fn a_rollback_gives_requests_back_and_a_publication_leaves_them() {
    let (runtime, _) = runtime(4);
    let (f, g) = (baseline(&runtime, "f"), baseline(&runtime, "g"));
    let mut changes = made(claim(&runtime, &[f]));
    changes.push(Change::RollBack(g, 0));
    runtime.request(f, 1).unwrap();
    runtime.request(g, 2).unwrap();
    let (committed, _) = commit(&runtime, changes).unwrap();
    let changed = done(committed);
    assert_eq!(
        (&changed[0].withdrawn[..], &changed[1].withdrawn[..]),
        (&[][..], &[2][..])
    );
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!((job.record().id(), job.requests()), (f, &[1][..]));
    job.withdraw("that is all");
    let record = runtime.table().get(g).unwrap();
    assert!(record.is_held());
}
