//! One answer from one thread to another.
//!
//! A thread may call a function for the first time when its thread-locals have been destroyed, in a destructor that the
//! system calls afterwards. Channels need a handle of the waiting thread, which is gone then; a lock and a condition do
//! not.

use std::mem::ManuallyDrop;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::fork;

#[cfg(test)]
mod tests;

/// Gives the answer, or none if it is dropped.
#[derive(Debug)]
pub(crate) struct Answer<T>(Arc<Shared<T>>);

/// Waits for the answer.
#[derive(Debug)]
pub(crate) struct Question<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    settled: Condvar,
}

#[derive(Debug)]
enum State<T> {
    Open,
    Given(T),
    /// Taken, or never given.
    Over,
}

/// Both ends.
pub(crate) fn channel<T>() -> (Answer<T>, Question<T>) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State::Open),
        settled: Condvar::new(),
    });
    (Answer(shared.clone()), Question(shared))
}

impl<T> Shared<T> {
    // No code of others runs under the lock, so a poisoned state is as good as any.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Answer<T> {
    pub(crate) fn give(self, answer: T) {
        *self.0.state() = State::Given(answer);
    }

    /// There will be none: in a child of `fork`, on its only thread.
    pub(crate) fn abandon(self) {
        // Locked, it is by a thread that waited and is not in the child, and the question with it: who merely looks does so
        // behind the gate.
        let this = ManuallyDrop::new(self);
        if let Ok(mut state) = this.0.state.try_lock()
            && matches!(*state, State::Open)
        {
            *state = State::Over;
        }
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if matches!(*state, State::Open) {
            *state = State::Over;
        }
        drop(state);
        self.0.settled.notify_all();
    }
}

impl<T> Question<T> {
    /// Waits for the answer; `None` if there will be none.
    pub(crate) fn wait(self) -> Option<T> {
        let mut state = self.0.state();
        while matches!(*state, State::Open) {
            let waited = self.0.settled.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        take(&mut state)
    }

    /// The answer if it is there, or that there will be none; the outer `None` if that is still open.
    pub(crate) fn poll(&self) -> Option<Option<T>> {
        // A child of `fork` must not find it locked: see `Answer::abandon`.
        let _brief = fork::enter_briefly();
        let mut state = self.0.state();
        match *state {
            State::Open => None,
            State::Given(_) | State::Over => Some(take(&mut state)),
        }
    }
}

fn take<T>(state: &mut State<T>) -> Option<T> {
    match std::mem::replace(state, State::Over) {
        State::Given(answer) => Some(answer),
        State::Open | State::Over => None,
    }
}
