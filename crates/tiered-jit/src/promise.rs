//! The answer to a request, while it is still to be given.
//!
//! A request is served by a worker, and waited for by whoever has the ticket. Both may end it: the worker by an answer, the other
//! by not wanting it any more. Whoever is first decides. Before a worker publishes the version it commits itself: from then on
//! it is too late to cancel, so that a ticket never says "cancelled" of a version that runs.

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use crossbeam::sync::{Parker, Unparker};
use tjit_runtime::{RequestOutcome, VersionInfo};

use crate::Error;
use crate::fork::{self, Brief};

/// What a request comes to.
pub(crate) type Answer = Result<Arc<VersionInfo>, Error>;

/// The right and the duty to answer. Dropped without an answer, there will be none.
#[derive(Debug)]
pub(crate) struct Promise(Arc<Shared>);

/// What promise and ticket share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The linker-level name of the function.
    symbol: Arc<str>,
    /// Locked by [`Shared::state`] alone.
    state: Mutex<State>,
    /// Nobody wants the answer any more; never taken back.
    unwanted: AtomicBool,
    /// Set at most once, when the request is submitted.
    deadline: OnceLock<Instant>,
    /// Set at most once, by who submits the request, and before anybody can serve or drop it. Outside of the state, as it is set
    /// under a lock of the runtime.
    outcome: OnceLock<RequestOutcome>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    wakers: Wakers,
}

/// Who is to be told. Threads park instead of sleeping behind the lock, which they would wake up with outside of the gate of `fork`;
/// not as `std::thread` has it, for one whose thread-locals are gone may wait too.
#[derive(Debug, Default)]
struct Wakers {
    task: Option<Waker>,
    threads: Vec<(usize, Unparker)>,
    /// The number of the next thread.
    next: usize,
}

/// The state, behind the gate of `fork`, so that a child finds it open: workers of the child lock it as well.
struct Locked<'s> {
    // Dropped first of the two.
    state: MutexGuard<'s, State>,
    _brief: Brief,
}

#[derive(Debug)]
enum Phase {
    Open,
    /// A worker is about to publish.
    Committed,
    Given(Answer),
    /// Taken, or never given.
    Over,
}

impl Promise {
    pub(crate) fn new(symbol: Arc<str>) -> Self {
        Self(Arc::new(Shared {
            symbol,
            state: Mutex::new(State {
                phase: Phase::Open,
                wakers: Wakers::default(),
            }),
            unwanted: AtomicBool::new(false),
            deadline: OnceLock::new(),
            outcome: OnceLock::new(),
        }))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    pub(crate) fn give(self, answer: Answer) {
        self.0.settle(answer);
    }

    /// From now on it is answered by the worker alone; false if nobody wants the answer any more.
    pub(crate) fn commit(&self) -> bool {
        let expired = self.0.is_past();
        let mut state = self.0.state();
        let open = matches!(state.phase, Phase::Open) && !expired;
        if open {
            state.phase = Phase::Committed;
        }
        open
    }

    /// What the worker had committed itself to has come to nothing, and it tries again.
    pub(crate) fn reopen(&self) {
        let mut state = self.0.state();
        if matches!(state.phase, Phase::Committed) {
            state.phase = Phase::Open;
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.0.end(Phase::Over);
    }
}

impl Shared {
    // No code of others runs under the lock, so a poisoned state is as good as any.
    fn state(&self) -> Locked<'_> {
        let brief = fork::enter_briefly();
        Locked {
            state: self.state.lock().unwrap_or_else(PoisonError::into_inner),
            _brief: brief,
        }
    }

    pub(crate) fn symbol(&self) -> &Arc<str> {
        &self.symbol
    }

    pub(crate) fn set_deadline(&self, deadline: Instant) {
        // A request is submitted once.
        let _first = self.deadline.set(deadline);
        // Who waits already has to look again. Under the lock, so that nobody is between the look and the sleep.
        let wakers = self.state().wakers.take();
        wakers.wake();
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline.get().copied()
    }

    fn is_past(&self) -> bool {
        self.deadline()
            .is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Why nobody wants the answer any more, if so. Takes no lock.
    pub(crate) fn unwanted(&self) -> Option<Error> {
        if self.is_past() {
            return Some(Error::Deadline(self.symbol.to_string()));
        }
        // Relaxed: nothing is read on the strength of it; who acts on it settles under the lock.
        let unwanted = self.unwanted.load(Ordering::Relaxed);
        unwanted.then(|| Error::Cancelled(self.symbol.to_string()))
    }

    /// Waits for nobody, and wakes nobody.
    pub(crate) fn set_outcome(&self, outcome: RequestOutcome) {
        // A request is submitted once.
        let _first = self.outcome.set(outcome);
    }

    pub(crate) fn outcome(&self) -> Option<RequestOutcome> {
        self.outcome.get().copied()
    }

    /// Answers, unless that was done.
    fn settle(&self, answer: Answer) {
        self.end(Phase::Given(answer));
    }

    fn end(&self, phase: Phase) {
        let mut state = self.state();
        if !matches!(state.phase, Phase::Open | Phase::Committed) {
            return;
        }
        state.phase = phase;
        let wakers = state.wakers.take();
        drop(state);
        wakers.wake();
    }

    /// Answers with `error` for somebody who does not want to wait any longer, unless a worker has answered or committed itself
    /// to. Returns whether it did.
    pub(crate) fn withdraw(&self, error: Error) -> bool {
        let mut state = self.state();
        if !matches!(state.phase, Phase::Open) {
            return false;
        }
        state.phase = Phase::Given(Err(error));
        self.unwanted.store(true, Ordering::Relaxed);
        let wakers = state.wakers.take();
        drop(state);
        wakers.wake();
        true
    }

    /// In a child of `fork`, which has nobody who would make the request; one that was made before is served there.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        if matches!(state.phase, Phase::Open) && self.outcome().is_none() {
            state.phase = Phase::Over;
        }
    }

    /// Waits for the answer until `until`, or as long as it takes, and at most until the deadline. The outer `None`: it is open
    /// still; the inner one: there will be none.
    pub(crate) fn wait(&self, until: Option<Instant>) -> Option<Option<Answer>> {
        let parker = Parker::new();
        let mut number = None;
        loop {
            let mut state = self.state();
            if let Some(answer) = state.take() {
                return Some(answer);
            }
            // It is of no importance any more once a worker has committed itself.
            let deadline = self.deadline();
            let deadline = deadline.filter(|_| matches!(state.phase, Phase::Open));
            let until = until.into_iter().chain(deadline).min();
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let is_over = left == Some(Duration::ZERO);
            if let Some(number) = number.take() {
                state.wakers.forget(number);
            }
            if is_over {
                return None;
            }
            number = Some(state.wakers.remember(parker.unparker()));
            drop(state);
            match left {
                None => parker.park(),
                Some(left) => parker.park_timeout(left),
            }
        }
    }

    /// The answer as [`Shared::wait`] has it; `waker` is woken when it comes.
    pub(crate) fn poll(&self, waker: &Waker) -> Option<Option<Answer>> {
        // Copying one runs code of an executor, as dropping the one before does: neither under the lock.
        let mut waker = Some(waker.clone());
        let mut state = self.state();
        let answer = state.take();
        if answer.is_none() {
            std::mem::swap(&mut state.wakers.task, &mut waker);
        }
        drop(state);
        answer
    }

    pub(crate) fn is_settled(&self) -> bool {
        !matches!(self.state().phase, Phase::Open | Phase::Committed)
    }
}

impl State {
    fn take(&mut self) -> Option<Option<Answer>> {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Given(answer) => Some(Some(answer)),
            Phase::Over => Some(None),
            open => {
                self.phase = open;
                None
            }
        }
    }
}

impl Wakers {
    /// Has a thread told; returns its number.
    fn remember(&mut self, thread: &Unparker) -> usize {
        let number = self.next;
        self.next += 1;
        self.threads.push((number, thread.clone()));
        number
    }

    /// All of them. Numbers are not used twice: whoever was told gives his back later.
    fn take(&mut self) -> Self {
        Self {
            task: self.task.take(),
            threads: std::mem::take(&mut self.threads),
            next: self.next,
        }
    }

    fn forget(&mut self, number: usize) {
        self.threads.retain(|(other, _)| *other != number);
    }

    /// Not under the lock: it runs code of an executor.
    fn wake(self) {
        self.threads.iter().for_each(|(_, thread)| thread.unpark());
        if let Some(task) = self.task {
            // A panic of it is its task's affair, not that of who answers. `AssertUnwindSafe`: it is gone then.
            let _told_by_the_panic_hook = catch_unwind(AssertUnwindSafe(|| task.wake()));
        }
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

#[cfg(test)]
mod tests;
