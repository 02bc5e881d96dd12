//! Who decides what a request comes to.

use std::task::Waker;
use std::time::{Duration, Instant};

use super::Promise;
use crate::Error;

fn promise() -> Promise {
    Promise::new("f".into())
}

fn cancelled() -> Error {
    Error::Cancelled("f".to_owned())
}

#[test]
fn what_is_cancelled_first_is_not_published() {
    let promise = promise();
    let shared = promise.shared().clone();
    assert!(shared.unwanted().is_none());
    assert!(shared.withdraw(cancelled()));
    assert!(!shared.withdraw(cancelled()), "once is enough");
    assert!(matches!(shared.unwanted(), Some(Error::Cancelled(_))));
    assert!(!promise.commit());
    promise.give(Err(Error::ShutDown("f".to_owned())));
    let answer = shared.wait(None);
    assert!(matches!(answer, Some(Some(Err(Error::Cancelled(_))))));
}

#[test]
fn what_is_about_to_be_published_can_not_be_cancelled() {
    let promise = promise();
    let shared = promise.shared().clone();
    assert!(promise.commit());
    assert!(!shared.withdraw(cancelled()));
    assert!(shared.wait(Some(Instant::now())).is_none());
    promise.reopen();
    assert!(shared.withdraw(cancelled()));
}

#[test]
fn a_deadline_that_has_passed_keeps_from_publishing() {
    let promise = promise();
    let shared = promise.shared().clone();
    shared.set_deadline(Instant::now());
    assert!(matches!(shared.unwanted(), Some(Error::Deadline(_))));
    assert!(!promise.commit());
}

#[test]
fn a_promise_that_is_broken_is_over() {
    let promise = promise();
    let shared = promise.shared().clone();
    assert!(shared.poll(Waker::noop()).is_none());
    assert!(!shared.is_settled());
    drop(promise);
    assert!(shared.is_settled());
    assert!(matches!(shared.wait(None), Some(None)));
    let a_while = Some(Instant::now() + Duration::from_secs(60));
    assert!(matches!(shared.wait(a_while), Some(None)));
}
