//! Answers that are given, dropped, early and late.

use std::thread;

use super::channel;

#[test]
fn an_answer_is_taken_once() {
    let (answer, question) = channel();
    assert_eq!(question.poll(), None);
    answer.give(5);
    assert_eq!(question.poll(), Some(Some(5)));
    assert_eq!(question.poll(), Some(None));
    assert_eq!(question.wait(), None);
}

#[test]
fn waiting_ends_with_the_answer() {
    let (answer, question) = channel();
    let waiting = thread::spawn(move || question.wait());
    answer.give("yes");
    assert_eq!(waiting.join().expect("it does not panic"), Some("yes"));
}

#[test]
fn waiting_ends_when_nobody_will_answer() {
    let (answer, question) = channel::<()>();
    let waiting = thread::spawn(move || question.wait());
    drop(answer);
    assert_eq!(waiting.join().expect("it does not panic"), None);
}
