//! The trials that are under way.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tjit_runtime::{FunctionId, FunctionRecord};

use super::RollBackReason;
use super::threads::Table;
use super::ticket::Outcome;
use crate::answer::Answer;
use crate::engine::Engine;
use crate::fork;

/// All trials of a JIT.
#[derive(Debug, Default)]
pub(crate) struct Canaries {
    next: AtomicU64,
    /// Locked inside the gate of `fork` only, so that a child finds it open; as are the answers of those in it.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    live: HashMap<u64, Arc<Live>>,
    threads: Vec<JoinHandle<()>>,
    /// What splitters read that may still run: kept as long as the JIT.
    tables: Vec<Arc<Table>>,
    is_stopped: bool,
}

/// One trial, as seen by those who are to end it.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) number: u64,
    pub(super) function: FunctionId,
    course: Mutex<Course>,
    changed: Condvar,
    answer: Mutex<Option<Answer<Outcome>>>,
    /// In a child of `fork`, where nobody is to be told, and the course may be locked for ever.
    is_abandoned: AtomicBool,
}

/// What a trial has been told, and whether it is over.
#[derive(Debug, Default)]
struct Course {
    told: Option<RollBackReason>,
    is_over: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    /// Has the trial end as soon as it can. The first reason counts.
    pub(super) fn tell(&self, reason: RollBackReason) {
        // Relaxed: it was set when there was one thread.
        if self.is_abandoned.load(Ordering::Relaxed) {
            return;
        }
        lock(&self.course).told.get_or_insert(reason);
        self.changed.notify_all();
    }

    pub(super) fn told(&self) -> Option<RollBackReason> {
        lock(&self.course).told.clone()
    }

    /// Waits to be told, but no longer than that.
    pub(super) fn wait(&self, at_most: Duration) {
        let course = lock(&self.course);
        if course.told.is_none() {
            // Woken by mistake, it looks at its figures once more than it has to.
            let _waited = self.changed.wait_timeout(course, at_most);
        }
    }

    fn wait_until_over(&self) {
        let mut course = lock(&self.course);
        while !course.is_over {
            let waited = self.changed.wait(course);
            course = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn give(&self, outcome: Outcome) {
        if let Some(answer) = lock(&self.answer).take() {
            answer.give(outcome);
        }
    }
}

impl Canaries {
    /// Enters a trial. `None` once the JIT is being shut down.
    pub(super) fn enter(&self, function: FunctionId, answer: Answer<Outcome>) -> Option<Arc<Live>> {
        let mut state = lock(&self.state);
        if state.is_stopped {
            return None;
        }
        // Relaxed: only has to be unique.
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let live = Arc::new(Live {
            number,
            function,
            course: Mutex::default(),
            changed: Condvar::new(),
            answer: Mutex::new(Some(answer)),
            is_abandoned: AtomicBool::new(false),
        });
        state.live.insert(number, live.clone());
        Some(live)
    }

    /// Keeps the thread of a trial, to be waited for at the end.
    pub(super) fn keep_thread(&self, thread: JoinHandle<()>) {
        let mut state = lock(&self.state);
        state.threads.retain(|thread| !thread.is_finished());
        state.threads.push(thread);
    }

    pub(super) fn keep_table(&self, table: Arc<Table>) {
        let mut state = lock(&self.state);
        if !state.tables.iter().any(|kept| Arc::ptr_eq(kept, &table)) {
            state.tables.push(table);
        }
    }

    /// The trial is over.
    pub(super) fn leave(&self, number: u64) {
        let left = lock(&self.state).live.remove(&number);
        if let Some(live) = left {
            // Given before, unless the thread panicked.
            drop(lock(&live.answer).take());
            lock(&live.course).is_over = true;
            live.changed.notify_all();
        }
    }

    /// Whether functions are being tried that `which` accepts.
    pub(crate) fn any(&self, which: impl Fn(FunctionId) -> bool) -> bool {
        lock(&self.state)
            .live
            .values()
            .any(|live| which(live.function))
    }

    /// Ends the trials of functions whose modules are being removed, and waits for it. Not inside the gate of `fork`.
    pub(crate) fn remove(&self, which: impl Fn(FunctionId) -> bool) {
        let ending: Vec<_> = {
            let _inside = fork::enter();
            let state = lock(&self.state);
            let live = state.live.values().filter(|live| which(live.function));
            live.cloned().collect()
        };
        ending
            .iter()
            .for_each(|live| live.tell(RollBackReason::Removed));
        ending.iter().for_each(|live| live.wait_until_over());
    }

    /// Ends all trials for good, and waits for their threads.
    pub(crate) fn stop(&self) {
        let threads = {
            let _inside = fork::enter();
            let mut state = lock(&self.state);
            state.is_stopped = true;
            state
                .live
                .values()
                .for_each(|live| live.tell(RollBackReason::ShutDown));
            std::mem::take(&mut state.threads)
        };
        let this = std::thread::current().id();
        for thread in threads {
            // A transformation may own the last handle; a thread that joined itself would wait for ever.
            if thread.thread().id() != this {
                // A thread that panicked has said so; there is nobody to tell here.
                let _ended = thread.join();
            }
        }
    }

    /// In a child of `fork`, whose threads don't try anything: what was tried is rolled back.
    pub(crate) fn abandon(&self, engine: &Engine) {
        let (live, threads) = {
            let mut state = lock(&self.state);
            (
                std::mem::take(&mut state.live),
                std::mem::take(&mut state.threads),
            )
        };
        // There is nothing to join.
        std::mem::forget(threads);
        for live in live.into_values() {
            let _known = engine.runtime.abandon_claim(live.function);
            live.is_abandoned.store(true, Ordering::Relaxed);
            if let Some(answer) = lock(&live.answer).take() {
                answer.abandon();
            }
        }
    }
}

/// Takes a trial out of the list when its thread ends, however it does.
pub(super) struct Entered<'e> {
    pub(super) engine: &'e Engine,
    pub(super) live: Arc<Live>,
}

impl<'e> Entered<'e> {
    pub(super) fn record(&self) -> Option<&'e FunctionRecord> {
        self.engine.runtime.table().get(self.live.function)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let _inside = fork::enter();
        self.engine.canaries.leave(self.live.number);
    }
}
