//! What epochs promise, as a model: a mark is set when every guard is gone that was there when it was deferred.
//!
//! crossbeam's own are more lenient, in that they set it later; whatever holds here as early as is allowed holds there.

use super::{AtomicBool, Mutex, lock};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[derive(Default)]
struct State {
    next: u64,
    pins: BTreeSet<u64>,
    /// With the pins that are still waited for.
    marks: Vec<(BTreeSet<u64>, Arc<AtomicBool>)>,
}

pub(crate) struct Epochs(Arc<Mutex<State>>);

pub(crate) struct Guard {
    state: Arc<Mutex<State>>,
    ticket: u64,
}

impl Epochs {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State::default())))
    }

    pub(crate) fn pin(&self) -> Guard {
        let mut state = lock(&self.0);
        let ticket = state.next;
        state.next += 1;
        state.pins.insert(ticket);
        let state = self.0.clone();
        Guard { state, ticket }
    }

    pub(crate) fn defer_mark(&self, mark: Arc<AtomicBool>) {
        let mut state = lock(&self.0);
        let pins = state.pins.clone();
        state.marks.push((pins, mark));
    }

    pub(crate) fn drive(&self) {
        let mut state = lock(&self.0);
        state.marks.retain(|(pins, mark)| {
            if pins.is_empty() {
                mark.store(true, Ordering::Release);
            }
            !pins.is_empty()
        });
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.pins.remove(&self.ticket);
        for (pins, _) in &mut state.marks {
            pins.remove(&self.ticket);
        }
    }
}
