//! Requests that wait for something outside the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use tiered_jit::{Error, EventKind, Trigger};

use crate::support::{TALLY, bodies, quiet, wait_for};

#[test]
fn a_message_makes_a_request() {
    let jit = quiet(TALLY);
    let request = || jit.reoptimize("twice").expect("it exists");
    let (sender, receiver) = mpsc::channel();
    let ticket = jit
        .reoptimize_when(Trigger::message(receiver), request())
        .expect("it waits");
    assert_eq!(ticket.outcome(), None);
    sender.send("now").expect("somebody listens");
    assert_eq!(
        &*ticket.wait().expect("it compiles").body,
        "twice_optimized"
    );

    let (trigger, fire) = Trigger::manual();
    let ticket = jit.reoptimize_when(trigger, request()).expect("it waits");
    assert!(ticket.wait_timeout(Duration::from_millis(1)).is_none());
    fire.fire();
    assert_eq!(
        &*ticket.wait().expect("it compiles").body,
        "twice_v2_optimized"
    );
}

#[test]
fn a_channel_that_is_closed_is_an_error() {
    let jit = quiet(TALLY);
    let request = || jit.reoptimize("twice").expect("it exists");
    let (_, receiver) = mpsc::channel::<()>();
    let (trigger, fire) = Trigger::manual();
    drop(fire);
    for trigger in [Trigger::message(receiver), trigger] {
        let ticket = jit.reoptimize_when(trigger, request()).expect("it waits");
        let error = ticket.wait().expect_err("nobody can send anything");
        assert!(error.to_string().contains("closed"), "{error}");
    }
    assert_eq!(bodies(&jit, "twice"), [""; 0]);
}

#[test]
fn a_condition_makes_a_request_once() {
    let jit = quiet(TALLY);
    let looks = Arc::new(AtomicUsize::new(0));
    let counter = looks.clone();
    let trigger = Trigger::when(Duration::from_millis(1), move || {
        counter.fetch_add(1, Ordering::Relaxed) == 3
    });
    let request = jit.reoptimize("twice").expect("it exists");
    let ticket = jit.reoptimize_when(trigger, request).expect("it waits");
    ticket.wait().expect("it compiles");
    assert_eq!(looks.load(Ordering::Relaxed), 4);
}

#[test]
fn a_condition_that_panics_is_an_error() {
    let jit = quiet(TALLY);
    let request = || jit.reoptimize("twice").expect("it exists");
    let trigger = Trigger::when(Duration::ZERO, || panic!("out of cheese"));
    let ticket = jit.reoptimize_when(trigger, request()).expect("it waits");
    let error = ticket.wait().expect_err("it panics");
    assert!(matches!(error, Error::Trigger { .. }), "{error}");
    assert!(error.to_string().contains("out of cheese"), "{error}");
    // The thread goes on.
    let (trigger, fire) = Trigger::manual();
    let ticket = jit.reoptimize_when(trigger, request()).expect("it waits");
    fire.fire();
    ticket.wait().expect("it compiles");
}

#[test]
fn what_is_cancelled_is_not_triggered() {
    let jit = quiet(TALLY);
    let looked = Arc::new(AtomicBool::new(false));
    let request = || jit.reoptimize("twice").expect("it exists");
    let (trigger, fire) = Trigger::manual();
    let ticket = jit.reoptimize_when(trigger, request()).expect("it waits");
    assert!(ticket.cancel());
    fire.fire();
    // Looked at after the other.
    let flag = looked.clone();
    let next = Trigger::when(Duration::ZERO, move || !flag.swap(true, Ordering::Relaxed));
    let next = jit.reoptimize_when(next, request()).expect("it waits");
    next.wait().expect("it compiles");
    assert!(matches!(ticket.wait(), Err(Error::Cancelled(_))));
    assert_eq!(bodies(&jit, "twice"), ["twice_optimized"]);
}

#[test]
fn each_message_may_make_a_request() {
    let jit = quiet(TALLY);
    let events = jit.subscribe(64.try_into().expect("not zero"));
    let (sender, receiver) = crossbeam::channel::unbounded();
    jit.reoptimize_each(receiver, |jit, name: &str| jit.reoptimize(name).ok())
        .expect("it waits");
    for name in ["twice", "nobody", "tally"] {
        sender.send(name).expect("somebody listens");
    }
    for name in ["twice", "tally"] {
        wait_for(&events, name, |kind| {
            matches!(kind, EventKind::Promoted { .. })
        });
    }
}

#[test]
fn what_waits_ends_with_the_jit() {
    let jit = quiet(TALLY);
    let request = || jit.reoptimize("twice").expect("it exists");
    let (trigger, fire) = Trigger::manual();
    let (_sender, receiver) = mpsc::channel::<()>();
    let tickets = [
        jit.reoptimize_when(trigger, request()).expect("it waits"),
        jit.reoptimize_when(Trigger::message(receiver), request())
            .expect("it waits"),
        jit.reoptimize_when(
            Trigger::when(Duration::from_secs(3600), || false),
            request(),
        )
        .expect("it waits"),
    ];
    drop(jit);
    for ticket in tickets {
        let ended = ticket.wait();
        assert!(matches!(ended, Err(Error::ShutDown(_))), "{ended:?}");
    }
    fire.fire();
}

#[test]
fn a_condition_that_is_looked_at_once_holds_nobody_up() {
    let jit = quiet(TALLY);
    let request = || jit.reoptimize("twice").expect("it exists");
    let (looked, look) = mpsc::channel();
    let never = Trigger::when(Duration::MAX, move || looked.send(()).is_err());
    let waits = jit.reoptimize_when(never, request()).expect("it waits");
    look.recv().expect("it is looked at");
    let (trigger, fire) = Trigger::manual();
    let ticket = jit.reoptimize_when(trigger, request()).expect("it waits");
    fire.fire();
    ticket.wait().expect("it compiles");
    assert!(waits.cancel(), "nothing has triggered it");
}

#[test]
fn a_message_that_panics_when_it_is_dropped_holds_nobody_up() {
    struct Mine;
    impl Drop for Mine {
        fn drop(&mut self) {
            panic!("boom");
        }
    }
    let jit = quiet(TALLY);
    let request = || jit.reoptimize("twice").expect("it exists");
    let (sender, receiver) = mpsc::channel();
    let mined = jit.reoptimize_when(Trigger::message(receiver), request());
    sender.send(Mine).expect("somebody listens");
    let error = mined.expect("it waits").wait().expect_err("it blows up");
    assert!(matches!(error, Error::Trigger { .. }), "{error}");
    let (trigger, fire) = Trigger::manual();
    let ticket = jit.reoptimize_when(trigger, request()).expect("it waits");
    fire.fire();
    ticket.wait().expect("it compiles");
}
