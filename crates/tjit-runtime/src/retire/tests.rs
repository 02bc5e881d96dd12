//! What is retired comes out once, and never before those have left that may be in it.

use super::{PinsSince, Retired};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

#[test]
fn comes_out_when_nobody_is_inside() {
    let retired = Retired::default();
    retired.retire(1);
    retired.retire(2);
    assert_eq!(retired.len(), 2);
    assert_eq!(retired.collect(), [1, 2]);
    assert!(retired.is_empty());
    assert_eq!(retired.collect(), []);
}

#[test]
fn a_pin_from_before_delays_it() {
    let retired = Retired::default();
    std::thread::scope(|scope| {
        let (inside, is_inside) = mpsc::channel();
        let (leave, may_leave) = mpsc::channel::<()>();
        let reader = scope.spawn({
            let retired = &retired;
            move || {
                let pin = retired.pin();
                // A second one changes nothing.
                drop(retired.pin());
                inside.send(()).expect("the test waits");
                may_leave.recv().expect("the test lets it go");
                drop(pin);
            }
        });
        is_inside.recv().expect("the thread pins");
        retired.retire("version");
        assert_eq!(retired.collect(), [""; 0], "somebody may be in it");
        assert_eq!(retired.len(), 1);
        leave.send(()).expect("the thread waits");
        reader.join().expect("the thread does not panic");
    });
    assert_eq!(retired.collect(), ["version"]);
}

#[test]
fn all_come_out_on_the_callers_word() {
    let retired = Retired::default();
    let _pin = retired.pin();
    retired.retire(1);
    assert_eq!(retired.take_all(), [1]);
    assert_eq!(retired.take_all(), []);
}

#[test]
fn pins_of_other_lists_don_t_matter() {
    let (one, other) = (Retired::default(), Retired::<()>::default());
    let _pin = other.pin();
    one.retire(1);
    assert_eq!(one.collect(), [1]);
}

#[test]
fn pins_of_frames_that_are_given_up_keep_nothing() {
    let retired = Retired::default();
    let before = retired.pin();
    let since = PinsSince::now();
    assert!(!since.are_held());
    let lost = retired.pin();
    assert!(since.are_held());
    retired.retire(1);
    since.give_up(&(0..0));
    assert!(since.are_held(), "it was taken elsewhere");
    since.give_up(&(0..usize::MAX));
    assert!(!since.are_held());
    assert_eq!(retired.collect(), [0; 0], "one from before is left");
    let after = retired.pin();
    // One that is given up is not taken for another.
    drop((before, lost));
    assert_eq!(retired.collect(), [0; 0], "one from after is left");
    drop(after);
    assert_eq!(retired.collect(), [1]);
}

#[test]
fn pins_of_threads_that_a_child_does_not_have_are_forgotten() {
    let retired = Retired::default();
    std::thread::scope(|scope| {
        let (inside, is_inside) = mpsc::channel();
        let (leave, may_leave) = mpsc::channel::<()>();
        scope.spawn({
            let retired = &retired;
            move || {
                let _pin = retired.pin();
                inside.send(()).expect("the test waits");
                may_leave.recv().expect("the test lets it go");
            }
        });
        is_inside.recv().expect("the thread pins");
        let own = retired.pin();
        retired.retire(1);
        retired.forget_other_threads();
        retired.retire(2);
        assert_eq!(retired.collect(), [0; 0], "this thread is still there");
        drop(own);
        assert_eq!(retired.collect(), [1, 2]);
        let own = retired.pin();
        retired.retire(3);
        assert_eq!(retired.collect(), [0; 0]);
        retired.forget_other_threads();
        drop(own);
        assert_eq!(retired.collect(), [3]);
        leave.send(()).expect("the thread waits");
    });
}

#[test]
fn nobody_sees_what_came_out() {
    const VERSIONS: usize = if cfg!(miri) { 10 } else { 300 };
    let retired = Retired::default();
    let live: Vec<_> = (0..=VERSIONS).map(|_| AtomicBool::new(true)).collect();
    let slot = AtomicUsize::new(0);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    let _pin = retired.pin();
                    let seen = slot.load(Ordering::Acquire);
                    assert!(
                        live[seen].load(Ordering::SeqCst),
                        "version {seen} was freed"
                    );
                }
            });
        }
        for next in 1..=VERSIONS {
            let old = slot.swap(next, Ordering::AcqRel);
            retired.retire(old);
            for free in retired.collect() {
                live[free].store(false, Ordering::SeqCst);
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
    // Each time some, as the epochs do a bounded amount of work: many wait if a thread did not run for long while it held a pin.
    while !retired.collect().is_empty() {}
    assert!(retired.is_empty(), "{} are left behind", retired.len());
}
