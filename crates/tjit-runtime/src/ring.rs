//! A bounded queue whose push waits for nobody, so that it may be called from a signal handler.
//!
//! crossbeam's `ArrayQueue` is lock-free as a whole but a single push may have to wait: for a pop that has claimed the slot
//! it needs and not yet emptied it, or, one lap later, for a push that has claimed it and not yet filled it. If the other
//! side is the very thread that the signal handler interrupted, it would wait for ever. Two additions rule that out:
//!
//! * a count of places in use, taken before the push and given back after the pop has ended, so that a push never comes to
//!   a slot of the lap before that is still in use;
//! * one pop at a time, under a lock that only consumers take, so that places come back in order.
//!
//! With both, everything from the oldest unfinished operation on holds a place, there are at most `capacity` of them, and
//! a push retries only when another push has succeeded.

use crate::primitive::{ArrayQueue, AtomicUsize, Mutex, lock};
use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;

/// A bounded queue for `Copy`-sized notes: any number of producers, one consumer at a time.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    items: ArrayQueue<T>,
    used: AtomicUsize,
    capacity: usize,
    consumer: Mutex<()>,
}

impl<T> Ring<T> {
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        Self {
            items: ArrayQueue::new(capacity.get()),
            used: AtomicUsize::new(0),
            capacity: capacity.get(),
            consumer: Mutex::new(()),
        }
    }

    /// Takes a place, or `None` when the queue is full. No lock, no allocation.
    pub(crate) fn reserve(&self) -> Option<Place<'_, T>> {
        let next = |used: usize| (used < self.capacity).then_some(used + 1);
        // Acquire: pairs with the Release in `give_back`; the slot that this place stands for is empty.
        self.used
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, next)
            .ok()?;
        Some(Place { ring: self })
    }

    /// Takes the oldest item and gives its place back.
    pub(crate) fn pop(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let item = {
            let _one_at_a_time = lock(&self.consumer);
            self.items.pop()?
        };
        self.give_back(1);
        Some(item)
    }

    /// Takes all items, oldest first. Their places stay in use until they are given back, so that there are never more of
    /// them than there are places.
    pub(crate) fn take_all(&self, mut each: impl FnMut(T)) {
        let _one_at_a_time = lock(&self.consumer);
        while let Some(item) = self.items.pop() {
            each(item);
        }
    }

    /// Gives places back whose items were taken.
    pub(crate) fn give_back(&self, places: usize) {
        if places > 0 {
            // Release: the slots are empty before their places are free.
            self.used.fetch_sub(places, Ordering::Release);
        }
    }

    /// Runs `f` while every lock of this object is held.
    #[cfg(all(test, not(tjit_loom)))]
    pub(crate) fn hold_locks<R>(&self, f: impl FnOnce() -> R) -> R {
        let _consumer = lock(&self.consumer);
        f()
    }

    /// Is no place in use? One that a push under way has taken, or whose item is not given back yet, is.
    pub(crate) fn is_empty(&self) -> bool {
        // Relaxed: a place whose push has ended is seen after the fences of `Sleepers`; one under way need not be.
        self.used.load(Ordering::Relaxed) == 0
    }
}

/// A place in a [`Ring`], given back when dropped unfilled.
#[derive(Debug)]
#[must_use]
pub(crate) struct Place<'a, T> {
    ring: &'a Ring<T>,
}

impl<T> Place<'_, T> {
    /// Puts `item` into the queue. No lock, no allocation.
    pub(crate) fn fill(self, item: T) {
        let pushed = self.ring.items.push(item);
        debug_assert!(pushed.is_ok(), "a reserved place is free");
        // The place belongs to the item now; `pop` gives it back.
        std::mem::forget(self);
    }
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        self.ring.used.fetch_sub(1, Ordering::Release);
    }
}

#[cfg(all(test, not(tjit_loom)))]
mod tests;
