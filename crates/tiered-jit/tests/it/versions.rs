//! The history of versions, and going back in it.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use tiered_jit::{
    Cause, Error, EventKind, Tier, TieredJit, Unrunnable, VersionInfo, VersionStatus,
};

use crate::support::{add, load, quiet, times, unary, wait_for, with_threshold};
use VersionStatus::{Kept, Running};

/// A function that uses a variable.
const RATE: &str = r"
@rate = global i64 3
define i64 @scaled(i64 %x) {
  %rate = load i64, ptr @rate
  %y = mul i64 %x, %rate
  ret i64 %y
}
";

/// A JIT with a baseline of `scaled`, version 0, and a version for each factor by which it multiplies what that gives.
fn with_versions(factors: &[u64]) -> TieredJit {
    let jit = quiet(RATE);
    assert_eq!(unary(&jit, "scaled", 1), 3);
    for &factor in factors {
        let request = jit.reoptimize("scaled").expect("it exists");
        request
            .transform(times(factor))
            .wait()
            .expect("it compiles");
    }
    jit
}

fn freeze(jit: &TieredJit) {
    // SAFETY: it is written by nobody but those who change what is frozen.
    unsafe { jit.freeze("rate") }.expect("it can be frozen");
}

fn store(jit: &TieredJit, value: i64) {
    // SAFETY: as above.
    unsafe { jit.store_frozen("rate", &value.to_ne_bytes()) }.expect("it can be stored to");
}

fn rollback(jit: &TieredJit, version: usize) -> Arc<VersionInfo> {
    let done = jit.rollback("scaled", version).expect("it could run");
    assert_eq!((done.number, done.status()), (version, Running));
    done
}

fn statuses(jit: &TieredJit) -> Vec<VersionStatus> {
    let versions = jit.versions("scaled").expect("it exists");
    versions.iter().map(|version| version.status()).collect()
}

#[test]
fn the_history_says_what_each_version_is() {
    let jit = with_versions(&[10]);
    let versions = jit.versions("scaled").expect("it exists");
    let what: Vec<_> = versions
        .iter()
        .map(|version| (version.tier, version.cause, version.status()))
        .collect();
    assert_eq!(
        what,
        [
            (Tier::BASELINE, Cause::FirstCall, Kept),
            (Tier::OPTIMIZED, Cause::Request, Running)
        ]
    );
    assert!(versions.iter().all(|version| version.size > 0
        && !version.phases.total().is_zero()
        && version.published_at >= Some(version.made_at)));
    assert!(matches!(jit.versions("shrunk"), Err(Error::Link(_))));
}

#[test]
fn any_version_that_has_its_code_can_run_again() {
    let jit = with_versions(&[10, 100]);
    assert_eq!(unary(&jit, "scaled", 1), 300);
    for (version, expected) in [(1, 30), (2, 300), (2, 300), (0, 3)] {
        rollback(&jit, version);
        assert_eq!(unary(&jit, "scaled", 1), expected);
    }
    assert_eq!(statuses(&jit)[0], Running);
    match jit.rollback("scaled", 3) {
        Err(Error::Version {
            function,
            version: 3,
            reason: Unrunnable::Unknown,
        }) => assert_eq!(function, "scaled"),
        other => panic!("{other:?}"),
    }
    assert_eq!(unary(&jit, "scaled", 1), 3);
}

#[test]
fn there_is_no_going_back_to_nothing() {
    let jit = quiet(RATE);
    assert!(matches!(
        jit.rollback("scaled", 0),
        Err(Error::Version {
            reason: Unrunnable::Unknown,
            ..
        })
    ));
    assert_eq!(jit.resume("scaled").ok(), Some(false));
}

#[test]
fn a_function_that_was_rolled_back_is_promoted_when_it_is_resumed() {
    let jit = load(with_threshold(10), RATE);
    let events = jit.subscribe(NonZeroUsize::new(64).expect("not zero"));
    let promoted = |kind: &EventKind| matches!(kind, EventKind::Promoted { .. });
    for _ in 0..10 {
        unary(&jit, "scaled", 1);
    }
    wait_for(&events, "scaled", promoted);
    rollback(&jit, 0);
    for _ in 0..100 {
        assert_eq!(unary(&jit, "scaled", 2), 6);
    }
    assert_eq!(statuses(&jit), [Running, Kept]);
    assert!(jit.resume("scaled").expect("it exists"));
    for _ in 0..100 {
        unary(&jit, "scaled", 1);
    }
    wait_for(&events, "scaled", promoted);
    assert_eq!(statuses(&jit), [Kept, Kept, Running]);
}

#[test]
fn requests_that_came_before_are_withdrawn() {
    let jit = with_versions(&[10]);
    let (send, tickets) = mpsc::channel();
    let weak = jit.downgrade();
    let request = jit.reoptimize("scaled").expect("it exists");
    let under_way = request
        .transform(move |_, _| {
            let jit = weak.upgrade().ok_or("it is gone")?;
            send.send(jit.reoptimize("scaled")?.submit())?;
            rollback(&jit, 0);
            let later = jit.reoptimize("scaled")?.transform(times(1_000));
            send.send(later.submit())?;
            Ok(())
        })
        .submit();
    let waiting = tickets.recv().expect("it was made");
    let later = tickets.recv().expect("it was made");
    for overtaken in [under_way, waiting] {
        match overtaken.wait() {
            Err(Error::Withdrawn { reason, .. }) => {
                assert_eq!(reason, "it was rolled back to version 0");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(later.wait().expect("it compiles").number, 2);
    assert_eq!(unary(&jit, "scaled", 1), 3_000);
    assert!(!jit.resume("scaled").expect("it exists"), "the request did");
}

#[test]
fn versions_whose_facts_have_ended_do_not_run_again() {
    let jit = quiet(RATE);
    assert_eq!(unary(&jit, "scaled", 1), 3);
    freeze(&jit);
    for factor in [10, 100] {
        let request = jit.reoptimize("scaled").expect("it exists");
        let version = request
            .transform(times(factor))
            .wait()
            .expect("it compiles");
        assert_eq!(version.facts.values, 1);
    }
    rollback(&jit, 1);
    assert_eq!(unary(&jit, "scaled", 1), 30);
    store(&jit, 4);
    // Both are gone, and the baseline stays.
    let versions = jit.versions("scaled").expect("it exists");
    let gone: Vec<_> = versions
        .iter()
        .map(|version| version.invalidated.is_some())
        .collect();
    assert_eq!(gone, [false, true, true]);
    assert_eq!(versions[0].status(), Running);
    assert_eq!(unary(&jit, "scaled", 1), 4);
    for version in [1, 2] {
        match jit.rollback("scaled", version) {
            Err(Error::Version {
                reason: Unrunnable::Invalidated(reason),
                ..
            }) => assert_eq!(&*reason, "`rate` was stored to"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        jit.stats().invalidations,
        1,
        "one of them was taken out of its slot"
    );
    // What comes next is made as the one that was gone back to.
    let events = jit.subscribe(NonZeroUsize::new(64).expect("not zero"));
    assert!(jit.resume("scaled").expect("it exists"));
    wait_for(
        &events,
        "scaled",
        |kind| matches!(kind, EventKind::Promoted { version } if version.cause == Cause::Renewal),
    );
    assert_eq!(unary(&jit, "scaled", 1), 40);
    assert_eq!(jit.frozen()[0].functions.len(), 1);
}

#[test]
fn a_fact_that_kept_versions_could_use_renews_none() {
    let jit = with_versions(&[10]);
    rollback(&jit, 0);
    freeze(&jit);
    assert!(jit.frozen()[0].functions.is_empty());
    assert_eq!(unary(&jit, "scaled", 1), 3);
    assert_eq!(statuses(&jit), [Running, Kept]);
    // A version that was made without the value can still run, and reads the variable.
    rollback(&jit, 1);
    assert_eq!(unary(&jit, "scaled", 1), 30);
}

#[test]
fn a_removed_function_has_no_versions_to_go_back_to() {
    let jit = quiet("define i64 @other(i64 %x) {\n  ret i64 %x\n}\n");
    add(&jit, RATE).expect("it links");
    let module = jit.modules().pop().expect("it was added");
    unary(&jit, "scaled", 1);
    // SAFETY: nobody uses it.
    unsafe { jit.remove_module(&module) }.expect("nobody needs it");
    assert!(matches!(jit.rollback("scaled", 0), Err(Error::Link(_))));
    add(&jit, RATE).expect("it links");
    assert!(matches!(
        jit.rollback("scaled", 0),
        Err(Error::Version { .. })
    ));
}

#[test]
fn versions_flip_under_the_feet_of_threads() {
    const FLIPS: usize = 2_000;
    let jit = with_versions(&[10]);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let found = unary(&jit, "scaled", 1);
                    assert!([3, 30].contains(&found), "{found}");
                }
            });
        }
        for flip in 0..FLIPS {
            let done = jit.rollback("scaled", flip % 2);
            let expected = [3, 30][flip % 2];
            let found = unary(&jit, "scaled", 1);
            if done.is_err() || found != expected {
                // The others are to end too.
                stop.store(true, Ordering::Relaxed);
            }
            done.expect("it could run");
            assert_eq!(found, expected);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(jit.versions("scaled").expect("it exists").len(), 2);
}
