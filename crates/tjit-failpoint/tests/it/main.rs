//! What plans do to hits.

use std::thread;
use tjit_failpoint::{Phase, Plan, Point, enter, hit};

fn outcomes(seed: u64, count: usize) -> Vec<bool> {
    let armed = Plan::new(seed).fail(Point::Slice, 300).arm();
    let outcomes: Vec<_> = (0..count).map(|_| hit(Point::Slice).is_err()).collect();
    let failed = outcomes.iter().filter(|failed| **failed).count();
    assert_eq!(armed.hits(Point::Slice), count as u64);
    assert_eq!(armed.injected(Point::Slice), failed as u64);
    outcomes
}

#[test]
fn a_seed_gives_the_same_faults_each_time() {
    assert_eq!(outcomes(1, 200), outcomes(1, 200));
    assert_ne!(outcomes(1, 200), outcomes(2, 200));
}

#[test]
fn probabilities_are_thousandths() {
    let failed = outcomes(3, 10_000).into_iter().filter(|failed| *failed);
    let failed = failed.count();
    // Five standard deviations of a binomial distribution.
    assert!((2_770..=3_230).contains(&failed), "{failed}");
}

#[test]
fn points_have_probabilities_of_their_own() {
    let _armed = Plan::new(4).fail(Point::Link, 1000).arm();
    for point in Point::ALL {
        assert_eq!(hit(point).is_err(), point == Point::Link);
    }
}

#[test]
fn nothing_fails_without_a_plan() {
    drop(Plan::new(5).fail_anywhere(1000).arm());
    // Another test may have armed the next one; this one can't be hit by it.
    let _armed = Plan::new(5).arm();
    assert!(Point::ALL.into_iter().all(|point| hit(point).is_ok()));
}

#[test]
fn phases_belong_to_threads_and_nest() {
    let armed = Plan::new(6)
        .fail_anywhere(1000)
        .only(Phase::Promotion)
        .arm();
    assert!(hit(Point::Parse).is_ok());
    let promotion = enter(Phase::Promotion);
    assert!(hit(Point::Parse).is_err());
    {
        let _baseline = enter(Phase::Baseline);
        assert!(hit(Point::Parse).is_ok());
    }
    assert!(hit(Point::Parse).is_err());
    thread::spawn(|| assert!(hit(Point::Parse).is_ok()))
        .join()
        .unwrap();
    drop(promotion);
    assert!(hit(Point::Parse).is_ok());
    assert_eq!(
        (armed.hits(Point::Parse), armed.injected(Point::Parse)),
        (2, 2)
    );
}

#[test]
fn faults_can_be_limited() {
    let armed = Plan::new(7).fail_anywhere(1000).at_most(2).arm();
    let failed = (0..10).filter(|_| hit(Point::Emit).is_err()).count();
    assert_eq!((failed, armed.injected(Point::Emit)), (2, 2));
}

#[test]
fn faults_say_where_they_were_injected() {
    let _armed = Plan::new(8).fail(Point::Register, 1000).arm();
    let message = hit(Point::Register).unwrap_err().to_string();
    assert_eq!(message, "injected fault at register 0");
}
