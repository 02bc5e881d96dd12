//! The one place that chooses between the real synchronisation primitives and the models of them that loom and shuttle have.
//!
//! Only what takes part in the protocols (state words, locks, sleeping) goes through here. Statistics use `std` directly:
//! nothing is ordered by them, and each modelled atomic multiplies the executions loom has to explore.

pub(crate) use imp::{
    ArrayQueue, AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Condvar, Mutex, Parker, fence,
};

#[cfg(not(any(tjit_loom, tjit_shuttle)))]
pub(crate) type MutexGuard<'a, T> = std::sync::MutexGuard<'a, T>;
#[cfg(any(tjit_loom, tjit_shuttle))]
pub(crate) type MutexGuard<'a, T> = model::MutexGuard<'a, T>;

/// Whose models: loom tries every interleaving of few threads, shuttle random ones of many.
#[cfg(tjit_loom)]
use loom::sync as model;
#[cfg(tjit_shuttle)]
use shuttle::sync as model;

/// Locks `mutex`, also after a panic under it: every critical section of this crate leaves its data whole at each step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Waits for `condvar` with the same view of poisoning as [`lock`].
pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar
        .wait(guard)
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(not(any(tjit_loom, tjit_shuttle)))]
pub(crate) mod epoch;
#[cfg(any(tjit_loom, tjit_shuttle))]
#[path = "primitive/epoch_model.rs"]
pub(crate) mod epoch;

#[cfg(not(any(tjit_loom, tjit_shuttle)))]
mod imp {
    use crate::clock::Clock;
    pub(crate) use crossbeam::queue::ArrayQueue;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, fence};
    pub(crate) use std::sync::{Condvar, Mutex};
    use std::time::Duration;

    /// Puts one thread to sleep and wakes it; a wake that comes first is remembered.
    #[derive(Debug)]
    pub(crate) struct Parker(std::thread::Thread);

    impl Parker {
        /// The parker of the calling thread.
        pub(crate) fn current() -> Self {
            Self(std::thread::current())
        }

        /// Sleeps until [`Parker::unpark`], or for no reason at all. Only the thread that made the parker may call it.
        pub(crate) fn park(&self) {
            debug_assert_eq!(self.0.id(), std::thread::current().id());
            std::thread::park();
        }

        /// As [`Parker::park`], but not past `time`.
        pub(crate) fn park_until(&self, clock: &Clock, time: Duration) {
            debug_assert_eq!(self.0.id(), std::thread::current().id());
            std::thread::park_timeout(time.saturating_sub(clock.now()));
        }

        /// Wakes the thread. On Linux: one atomic swap and at most one `futex` call, so safe in a signal handler.
        pub(crate) fn unpark(&self) {
            self.0.unpark();
        }
    }
}

#[cfg(any(tjit_loom, tjit_shuttle))]
mod imp {
    pub(crate) use super::model::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, fence};
    pub(crate) use super::model::{Condvar, Mutex};
    use crate::clock::Clock;
    use std::collections::VecDeque;
    use std::time::Duration;

    /// Stands in for crossbeam's queue, which models can't look into.
    #[derive(Debug)]
    pub(crate) struct ArrayQueue<T> {
        items: Mutex<VecDeque<T>>,
        capacity: usize,
    }

    impl<T> ArrayQueue<T> {
        pub(crate) fn new(capacity: usize) -> Self {
            Self {
                items: Mutex::new(VecDeque::new()),
                capacity,
            }
        }

        pub(crate) fn push(&self, value: T) -> Result<(), T> {
            let mut items = super::lock(&self.items);
            if items.len() == self.capacity {
                return Err(value);
            }
            items.push_back(value);
            Ok(())
        }

        pub(crate) fn pop(&self) -> Option<T> {
            super::lock(&self.items).pop_front()
        }
    }

    /// `Thread::unpark` as a token under a lock: loom 0.7's own wakes threads that are blocked on something else.
    #[derive(Debug)]
    pub(crate) struct Parker {
        token: Mutex<bool>,
        given: Condvar,
    }

    impl Parker {
        pub(crate) fn current() -> Self {
            Self {
                token: Mutex::new(false),
                given: Condvar::new(),
            }
        }

        pub(crate) fn park(&self) {
            let mut token = super::lock(&self.token);
            while !*token {
                token = super::wait(&self.given, token);
            }
            *token = false;
        }

        pub(crate) fn park_until(&self, clock: &Clock, time: Duration) {
            let mut token = super::lock(&self.token);
            while !*token && clock.now() < time {
                token = super::wait(&self.given, token);
            }
            *token = false;
        }

        pub(crate) fn unpark(&self) {
            *super::lock(&self.token) = true;
            self.given.notify_one();
        }

        /// The clock has moved on. The lock is what keeps a thread from going to sleep with a look at the clock from before.
        pub(crate) fn tick(&self) {
            let _token = super::lock(&self.token);
            self.given.notify_one();
        }
    }
}
