//! What subscribers hear.

use crate::support::{OPTIMIZED, baseline, code, install, runtime};
use std::num::NonZeroUsize;
use tjit_runtime::{Cause, EventKind, Published, RequestOutcome, Tier};

const MANY: NonZeroUsize = NonZeroUsize::new(100).unwrap();

#[test]
fn a_life_is_told_in_order() {
    let (runtime, _) = runtime(1);
    let events = runtime.events().subscribe(MANY);
    let (id, other) = (baseline(&runtime, "f"), baseline(&runtime, "g"));
    runtime.trip(id);
    runtime.trip(other);
    let mut worker = runtime.worker().unwrap();
    worker
        .next_job()
        .unwrap()
        .publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    runtime.request(id, 1).unwrap();
    worker
        .next_job()
        .unwrap()
        .fail("the transform returned an error");

    let events: Vec<_> = events.try_iter().collect();
    assert!(
        events
            .iter()
            .zip(&events[1..])
            .all(|(a, b)| a.sequence < b.sequence && a.at <= b.at)
    );
    let told: Vec<_> = events
        .iter()
        .map(|event| (&*event.symbol, short(&event.kind)))
        .collect();
    let expected = [
        ("f", "baseline Installed f_baseline".to_owned()),
        ("g", "baseline Installed g_baseline".to_owned()),
        ("f", "queued".to_owned()),
        ("g", "dropped".to_owned()),
        ("f", "started tier 1, trip".to_owned()),
        ("f", "promoted f_optimized, trip, 100 bytes".to_owned()),
        ("f", "requested Enqueued".to_owned()),
        ("f", "started tier 1, request".to_owned()),
        (
            "f",
            "failed tier 1, request: the transform returned an error".to_owned(),
        ),
    ];
    assert_eq!(told, expected);
}

fn short(kind: &EventKind) -> String {
    match kind {
        EventKind::BaselineCompiled { version, published } => {
            format!("baseline {published:?} {}", version.body)
        }
        EventKind::Queued => "queued".to_owned(),
        EventKind::TripDropped => "dropped".to_owned(),
        EventKind::Requested { outcome } => format!("requested {outcome:?}"),
        EventKind::PromotionStarted { tier, cause } => format!("started {tier}, {cause}"),
        EventKind::Promoted { version } => {
            format!(
                "promoted {}, {}, {} bytes",
                version.body, version.cause, version.size
            )
        }
        EventKind::PromotionFailed {
            tier,
            cause,
            reason,
        } => format!("failed {tier}, {cause}: {reason}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn slow_readers_lose_events_and_learn_how_many() {
    let (runtime, _) = runtime(1);
    let slow = runtime.events().subscribe(NonZeroUsize::MIN);
    let fast = runtime.events().subscribe(MANY);
    for n in 0..5 {
        baseline(&runtime, &format!("f{n}"));
    }
    assert_eq!((slow.try_iter().count(), slow.lost()), (1, 4));
    assert_eq!((fast.try_iter().count(), fast.lost()), (5, 0));
}

#[test]
fn a_subscription_ends_with_either_side() {
    let (runtime, _) = runtime(1);
    drop(runtime.events().subscribe(MANY));
    let id = baseline(&runtime, "f");
    let events = runtime.events().subscribe(MANY);
    runtime.request(id, 1).unwrap();
    drop(runtime);
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [EventKind::Requested {
            outcome: RequestOutcome::Enqueued
        }]
    );
    assert!(events.recv().is_none());
}

#[test]
fn trips_are_heard_at_shutdown_at_the_latest() {
    let (runtime, _) = runtime(1);
    let id = baseline(&runtime, "f");
    let events = runtime.events().subscribe(MANY);
    runtime.trip(id);
    runtime.shutdown();
    assert_eq!(
        events.recv().map(|event| event.kind),
        Some(EventKind::Queued)
    );
}

#[test]
fn events_carry_the_version() {
    let (runtime, _) = runtime(1);
    let events = runtime.events().subscribe(MANY);
    let id = baseline(&runtime, "f");
    let event = events.recv().unwrap();
    let EventKind::BaselineCompiled { version, published } = event.kind else {
        panic!("{event:?}")
    };
    assert_eq!(published, Published::Installed);
    assert_eq!(
        (version.tier, version.cause),
        (Tier::BASELINE, Cause::FirstCall)
    );
    assert_eq!(*version, *runtime.table().get(id).unwrap().versions()[0]);
}
