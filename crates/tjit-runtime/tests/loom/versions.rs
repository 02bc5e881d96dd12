//! Jobs outside of the queue, going back to earlier versions, and changing several functions together.

use crate::support::{BASELINE, OPTIMIZED, check, code, state, store, with_baselines};
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tjit_runtime::{
    Cause, Change, Committed, Error, FunctionId, FunctionState, Invalidation, JobOutcome, Runtime,
};

/// One for each function, in the order of their ids.
type Slots = Arc<[AtomicUsize; 2]>;

fn slots() -> Slots {
    Arc::new([AtomicUsize::new(BASELINE), AtomicUsize::new(BASELINE)])
}

fn stored(slots: &Slots) -> [usize; 2] {
    [0, 1].map(|index| slots[index].load(Ordering::Relaxed))
}

fn store_all(slots: &Slots, addresses: &[(FunctionId, usize)]) -> Result<(), Error> {
    for &(id, address) in addresses {
        slots[id.index() as usize].store(address, Ordering::Relaxed);
    }
    Ok(())
}

/// Makes `address` run in both functions, unless somebody else compiles one of them. Returns whether.
fn change_both(
    runtime: &Runtime<u32>,
    ids: &[FunctionId],
    (slots, address): (&Slots, usize),
) -> bool {
    let claimed = runtime.try_claim_all(ids, Cause::Request).unwrap();
    let Some(jobs) = claimed else { return false };
    let changes = jobs.into_iter();
    let mut changes: Vec<_> = changes
        .map(|job| Change::Publish(job, Box::new(code(address))))
        .collect();
    loop {
        let install = |addresses: &[_]| store_all(slots, addresses);
        match runtime.commit(changes, install).unwrap() {
            Committed::Done(_) => return true,
            Committed::Stale(again) => changes = again,
        }
    }
}

/// A function is rolled back while its job publishes: it is what it was rolled back to in the end.
#[test]
fn roll_back_against_publish() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let slot = Arc::new(AtomicUsize::new(BASELINE));
        let job = runtime.claim(id, Cause::Request).unwrap();
        let (rolling, target) = (runtime.clone(), slot.clone());
        let other = thread::spawn(move || {
            let install = |address| {
                target.store(address, Ordering::Relaxed);
                Ok::<(), Error>(())
            };
            rolling.roll_back(id, 0, install).unwrap().version.number
        });
        let published = job.publish(code(OPTIMIZED), |address| store(&slot, address));
        assert_eq!(other.join().unwrap(), 0);
        let record = runtime.table().get(id).unwrap();
        let versions = match published.unwrap() {
            JobOutcome::Installed(_) => 2,
            JobOutcome::Withdrawn(_) => 1,
            JobOutcome::Stale(_) => panic!("nothing has changed"),
        };
        assert_eq!(record.versions().len(), versions);
        assert_eq!(slot.load(Ordering::Relaxed), BASELINE);
        assert_eq!(record.code(), Some(BASELINE));
        assert!(record.is_held());
        assert_eq!(state(&runtime, id), FunctionState::Baseline);
    });
}

/// A function trips while it is claimed by somebody who gives it up: the counter does not tell again, and the trip is served.
#[test]
fn claim_against_trip() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let tripping = runtime.clone();
        let other = thread::spawn(move || tripping.trip(id));
        let job = runtime.claim(id, Cause::Request).unwrap();
        job.withdraw("it is not worth it");
        let outcome = other.join().unwrap();
        assert_eq!(state(&runtime, id), FunctionState::Queued, "{outcome:?}");
        let job = runtime.worker().unwrap().next_job().unwrap();
        assert_eq!(job.cause(), Cause::Trip);
        job.withdraw("that is all");
    });
}

/// Two change the same functions together, named in different orders: nobody waits for ever, and both functions are of one of
/// the two.
#[test]
fn commit_against_commit() {
    check(|| {
        let (runtime, ids) = with_baselines(2, 1);
        let slots = slots();
        let (changing, targets, reversed) = (runtime.clone(), slots.clone(), [ids[1], ids[0]]);
        let other =
            thread::spawn(move || change_both(&changing, &reversed, (&targets, OPTIMIZED + 1)));
        let mine = change_both(&runtime, &ids, (&slots, OPTIMIZED));
        let theirs = other.join().unwrap();
        assert!(mine || theirs);
        let [first, second] = stored(&slots);
        assert_eq!(first, second);
        assert_ne!(first, BASELINE);
        for (id, address) in ids.iter().zip([first, second]) {
            assert_eq!(runtime.table().get(*id).unwrap().code(), Some(address));
            assert_eq!(state(&runtime, *id), FunctionState::Optimized);
        }
    });
}

/// A unit is invalidated while it is published together with another: either nothing comes of it and both are published later, or
/// it is taken back after it was.
#[test]
fn commit_against_invalidate() {
    check(|| {
        let (runtime, ids) = with_baselines(2, 1);
        let slots = slots();
        let jobs = runtime.try_claim_all(&ids, Cause::Request).unwrap();
        let jobs = jobs.expect("nobody compiles them");
        let unit = jobs[1].unit();
        let (invalidating, targets, id) = (runtime.clone(), slots.clone(), ids[1]);
        let other = thread::spawn(move || {
            let install = |to: Option<usize>| {
                targets[1].store(to.unwrap_or(0), Ordering::Relaxed);
                Ok::<(), Error>(())
            };
            let done = invalidating.invalidate((id, unit), &"gone".into(), install);
            done.unwrap()
        });
        let changes = jobs.into_iter();
        let mut changes: Vec<_> = changes
            .map(|job| Change::Publish(job, Box::new(code(OPTIMIZED))))
            .collect();
        let mut restarts = 0;
        loop {
            let install = |addresses: &[_]| store_all(&slots, addresses);
            match runtime.commit(changes, install).unwrap() {
                Committed::Done(_) => break,
                Committed::Stale(again) => (changes, restarts) = (again, restarts + 1),
            }
        }
        let expected = match other.join().unwrap() {
            Invalidation::Baseline => (0, BASELINE, FunctionState::Queued),
            Invalidation::Job => (1, OPTIMIZED, FunctionState::Optimized),
            other => panic!("{other:?}"),
        };
        let [first, second] = stored(&slots);
        assert_eq!(first, OPTIMIZED);
        assert_eq!((restarts, second, state(&runtime, ids[1])), expected);
    });
}

/// A function is rolled back while it is published together with another: both are published before that, or neither.
#[test]
fn commit_against_roll_back() {
    check(|| {
        let (runtime, ids) = with_baselines(2, 1);
        let slots = slots();
        let jobs = runtime.try_claim_all(&ids, Cause::Request).unwrap();
        let (rolling, targets, id) = (runtime.clone(), slots.clone(), ids[0]);
        let other = thread::spawn(move || {
            let install = |address| {
                targets[0].store(address, Ordering::Relaxed);
                Ok::<(), Error>(())
            };
            rolling.roll_back(id, 0, install).unwrap();
        });
        let changes = jobs.expect("nobody compiles them").into_iter();
        let changes = changes.map(|job| Change::Publish(job, Box::new(code(OPTIMIZED))));
        let install = |addresses: &[_]| store_all(&slots, addresses);
        let done = runtime.commit(changes.collect(), install);
        other.join().unwrap();
        let expected = match done {
            Ok(Committed::Done(_)) => [BASELINE, OPTIMIZED],
            Err(Error::Withdrawn { .. }) => [BASELINE, BASELINE],
            other => panic!("{other:?}"),
        };
        assert_eq!(stored(&slots), expected);
        assert!(runtime.table().get(ids[0]).unwrap().is_held());
    });
}
