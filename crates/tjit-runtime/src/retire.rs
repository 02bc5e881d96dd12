//! Epochs: what nobody can enter any more is given back when everybody who may still be in it has left.
//!
//! Who enters the program holds a [`Pin`] for as long as he is in it. What has left its slot is handed to [`Retired::retire`];
//! it comes out of [`Retired::collect`] when every pin is gone that was there then. A pin that comes later can't have seen it.
//!
//! The epochs are those of `crossbeam-epoch`, in a collector of our own: a program may be entered for hours, which must not hold up
//! other users of the process's common one, nor they us. What is deferred there only marks an entry, for it may run on any thread
//! that pins or unpins; taking things back is up to whoever calls [`Retired::collect`].

use crate::primitive::epoch::{self, Epochs};
use crate::primitive::{AtomicBool, Mutex, lock};
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

#[cfg(not(any(tjit_loom, tjit_shuttle)))]
pub use epoch::PinsSince;

/// Keeps what this thread can see from being taken back. Stays on its thread; may be taken again while it is held, which is cheap.
///
/// Taking the first pin of a thread allocates, and any may free memory of the collector: not for signal handlers that interrupt
/// threads without a pin.
#[must_use = "what may be entered is not kept any longer than this lives"]
pub struct Pin {
    _guard: epoch::Guard,
    /// Not `Send`, also where the model's guard would be.
    _stays: PhantomData<*const ()>,
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Pin")
    }
}

/// Things that wait until nobody can see them.
pub struct Retired<T> {
    epochs: Generation,
    waiting: Mutex<Vec<Waiting<T>>>,
}

/// The epochs of a process, and those of the child that it became by a fork.
struct Generation {
    epochs: Epochs,
    next: OnceLock<Box<Generation>>,
}

impl Generation {
    fn new() -> Self {
        Self {
            epochs: Epochs::new(),
            next: OnceLock::new(),
        }
    }

    fn last(&self) -> &Self {
        let mut last = self;
        while let Some(next) = last.next.get() {
            last = next;
        }
        last
    }
}

struct Waiting<T> {
    what: T,
    /// Set when every pin is gone that was there when it was retired.
    unseen: Arc<AtomicBool>,
}

/// How often an epoch must be driven on before what was retired in it is out of sight: a thread may be one behind, and entries are
/// made under the epoch before. One more, since the first attempt may only have handed the entry over.
const STEPS: usize = 4;

impl<T> Default for Retired<T> {
    fn default() -> Self {
        Self {
            epochs: Generation::new(),
            waiting: Mutex::new(Vec::new()),
        }
    }
}

impl<T> Retired<T> {
    fn epochs(&self) -> &Epochs {
        &self.epochs.last().epochs
    }

    /// Whatever this thread sees from now on stays until the pin is dropped.
    pub fn pin(&self) -> Pin {
        Pin {
            _guard: self.epochs().pin(),
            _stays: PhantomData,
        }
    }

    /// Hands over what can't be reached any more by those that pin from now on.
    pub fn retire(&self, what: T) {
        let unseen = Arc::new(AtomicBool::new(false));
        let entry = Waiting {
            what,
            unseen: unseen.clone(),
        };
        lock(&self.waiting).push(entry);
        // After the entry: the mark may be set at once.
        self.epochs().defer_mark(unseen);
    }

    /// Takes out what nobody can see any more, in the order in which it was retired. Does not wait; not for threads that hold a pin
    /// of this, which would wait for themselves.
    pub fn collect(&self) -> Vec<T> {
        let mut free = Vec::new();
        while !self.is_empty() {
            for _ in 0..STEPS {
                self.epochs().drive();
            }
            // Acquire: pairs with the mark's Release, behind which is everything that threads did before they unpinned.
            let more = self.take(|entry| entry.unseen.load(Ordering::Acquire));
            // A few steps look at a few entries only.
            if more.is_empty() {
                break;
            }
            free.extend(more);
        }
        free
    }

    /// Forgets the pins of all other threads: for the child of a fork, which has none but the one that calls this.
    ///
    /// Nothing is done if this thread pinned where that is not remembered, in a signal handler that interrupted another pin or while the
    /// thread's locals were destroyed: then what was retired waits for ever.
    #[cfg(not(any(tjit_loom, tjit_shuttle)))]
    pub fn forget_other_threads(&self) {
        let last = self.epochs.last();
        let next = Box::new(Generation::new());
        if !next.epochs.take_over(&last.epochs) {
            return;
        }
        // Who pinned before the fork in order to see these is either gone or pinned in the new epochs.
        for entry in &mut *lock(&self.waiting) {
            // Acquire: as in `collect`.
            if !entry.unseen.load(Ordering::Acquire) {
                entry.unseen = Arc::default();
                next.epochs.defer_mark(entry.unseen.clone());
            }
        }
        // There is nobody else to set it.
        let _set = last.next.set(next);
    }

    /// Takes everything out, on the caller's word that nobody sees any of it.
    pub fn take_all(&self) -> Vec<T> {
        self.take(|_| true)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        lock(&self.waiting).len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes out what `is_free` says, and keeps the order of both parts.
    fn take(&self, is_free: impl Fn(&Waiting<T>) -> bool) -> Vec<T> {
        let mut waiting = lock(&self.waiting);
        let (free, rest): (Vec<_>, Vec<_>) = waiting.drain(..).partition(is_free);
        *waiting = rest;
        free.into_iter().map(|entry| entry.what).collect()
    }
}

impl<T> fmt::Debug for Retired<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retired").field("len", &self.len()).finish()
    }
}

#[cfg(all(test, not(tjit_loom)))]
mod tests;
