//! What events must say of a run with faults.

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

use tiered_jit::{Event, EventKind, EventReceiver, FunctionState, TieredJit};

/// No failure is waited for longer than this; nothing that works takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until no function waits for a worker or is being compiled by one.
pub(crate) fn settle(jit: &TieredJit) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut busy = None;
        jit.for_each_function(|function| {
            if matches!(
                function.state(),
                FunctionState::Queued | FunctionState::Compiling
            ) {
                busy = Some((function.symbol().clone(), function.state()));
            }
        });
        match busy {
            None => return,
            Some(busy) => assert!(Instant::now() < deadline, "it never ends: {busy:?}"),
        }
        thread::yield_now();
    }
}

/// What happened to one function.
#[derive(Debug, Default)]
struct Counts {
    tripped: usize,
    requested: usize,
    started: usize,
    promoted: usize,
    failed: usize,
}

/// Checks that each job that was started has ended, each failure has a reason, and that none was repeated by itself. Returns
/// how many failed.
pub(crate) fn check(events: &EventReceiver) -> usize {
    let mut functions: HashMap<_, Counts> = HashMap::new();
    let deadline = Instant::now() + PATIENCE;
    loop {
        for event in events.try_iter() {
            count(functions.entry(event.symbol.clone()).or_default(), &event);
        }
        // A job's last event comes after the function's state.
        let is_complete = functions
            .values()
            .all(|counts| counts.started <= counts.promoted + counts.failed);
        if is_complete || Instant::now() > deadline {
            break;
        }
        thread::yield_now();
    }
    assert_eq!(events.lost(), 0, "every event is here");
    for (symbol, counts) in &functions {
        let ended = counts.promoted + counts.failed;
        assert_eq!(counts.started, ended, "jobs of `{symbol}`: {counts:?}");
        // A trip and a request that meet are one job.
        let asked = counts.tripped + counts.requested;
        assert!(
            counts.started <= asked,
            "`{symbol}` was tried again: {counts:?}"
        );
        assert!(
            counts.tripped <= 1,
            "a failure armed the counter of `{symbol}` again: {counts:?}"
        );
    }
    functions.values().map(|counts| counts.failed).sum()
}

fn count(counts: &mut Counts, event: &Event) {
    match &event.kind {
        EventKind::Queued => counts.tripped += 1,
        EventKind::Requested { .. } => counts.requested += 1,
        EventKind::PromotionStarted { .. } => counts.started += 1,
        EventKind::Promoted { .. } => counts.promoted += 1,
        EventKind::PromotionFailed { reason, .. } => {
            assert!(
                reason.contains("injected fault at "),
                "of `{}`: {reason}",
                event.symbol
            );
            counts.failed += 1;
        }
        EventKind::BaselineFailed { reason } => panic!("baseline of `{}`: {reason}", event.symbol),
        _ => {}
    }
}
