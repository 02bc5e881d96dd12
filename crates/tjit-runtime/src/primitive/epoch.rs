//! The epochs of `crossbeam-epoch`.

use crossbeam::epoch::{self, Collector, LocalHandle};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// A collector, and what tells its threads' handles from those of others.
pub(crate) struct Epochs {
    collector: Collector,
    key: u64,
    /// Goes with this value, so that threads can drop their handles.
    lives: Arc<()>,
}

/// A thread's handle on one collector.
struct Local {
    key: u64,
    lives: Weak<()>,
    handle: LocalHandle,
    /// Dropped after the handle, which else would free itself with the collector while it is borrowed: Miri calls that undefined
    /// behaviour (`Local::finalize` of `crossbeam-epoch` 0.9).
    _collector: Collector,
}

/// Keeps what its thread may see. The epoch's own guard is in [`HELD`], so that it can be found when the frame of this one is gone.
pub(crate) struct Guard {
    id: u64,
    /// The epoch's own guard where there was no place for it.
    loose: Option<epoch::Guard>,
}

/// The guard of one pin.
struct Held {
    id: u64,
    /// An address in the frame that pinned.
    frame: usize,
    /// Of which collector.
    key: u64,
    guard: epoch::Guard,
}

/// The guards of a thread.
struct Guards(Vec<Held>);

impl Drop for Guards {
    /// Who still has a pin when the thread's locals go keeps what he sees, for ever.
    fn drop(&mut self) {
        let held = std::mem::take(&mut self.0);
        if !held.is_empty() {
            std::mem::forget(held);
        }
    }
}

thread_local! {
    static LOCALS: RefCell<Vec<Local>> = const { RefCell::new(Vec::new()) };
    static HELD: RefCell<Guards> = const { RefCell::new(Guards(Vec::new())) };
    /// The number of the thread's next pin.
    static NEXT_PIN: Cell<u64> = const { Cell::new(0) };
    /// How many pins of the thread are not in [`HELD`].
    static LOOSE: Cell<usize> = const { Cell::new(0) };
}

/// The pins that a thread takes from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PinsSince(u64);

impl PinsSince {
    /// From now on, on this thread.
    pub fn now() -> Self {
        Self(NEXT_PIN.get())
    }

    /// Whether any of them is held. Those taken while the thread's locals were destroyed, or by a signal handler that interrupted another
    /// pin, are not known.
    pub fn are_held(self) -> bool {
        let is_held = |held: &RefCell<Guards>| {
            let held = held.try_borrow();
            held.is_ok_and(|held| held.0.iter().any(|held| held.id >= self.0))
        };
        HELD.try_with(is_held).unwrap_or(false)
    }

    /// Ends those that were taken in frames that lie in this part of the stack, and were given up without drops. To be called on their
    /// thread. A [`Pin`](crate::Pin) that was moved out of its frame keeps nothing any more.
    pub fn give_up(self, frames: &Range<usize>) {
        let lost = HELD.try_with(|held| {
            let mut held = held.try_borrow_mut().ok()?;
            let is_lost = |held: &mut Held| held.id >= self.0 && frames.contains(&held.frame);
            Some(held.0.extract_if(.., is_lost).collect::<Vec<_>>())
        });
        // Outside of the borrow.
        drop(lost);
    }
}

impl Guard {
    fn new(key: u64, guard: epoch::Guard) -> Self {
        let id = NEXT_PIN.get();
        NEXT_PIN.set(id + 1);
        let mut loose = Some(guard);
        let frame = (&raw const loose).addr();
        let _no_place = HELD.try_with(|held| {
            if let Ok(mut held) = held.try_borrow_mut() {
                let guard = loose.take();
                held.0.extend(guard.map(|guard| Held {
                    id,
                    frame,
                    key,
                    guard,
                }));
            }
        });
        if loose.is_some() {
            LOOSE.set(LOOSE.get() + 1);
        }
        Self { id, loose }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.loose.is_some() {
            LOOSE.set(LOOSE.get() - 1);
            return;
        }
        let held = HELD.try_with(|held| {
            let mut held = held.try_borrow_mut().ok()?;
            let place = held.0.iter().rposition(|held| held.id == self.id)?;
            Some(held.0.remove(place))
        });
        // Outside of the borrow. It may have been given up.
        drop(held);
    }
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Epochs {
    pub(crate) fn new() -> Self {
        Self {
            collector: Collector::new(),
            // Relaxed: only has to be unique.
            key: NEXT.fetch_add(1, Ordering::Relaxed),
            lives: Arc::new(()),
        }
    }

    pub(crate) fn pin(&self) -> Guard {
        Guard::new(self.key, self.enter())
    }

    fn enter(&self) -> epoch::Guard {
        let known = LOCALS.try_with(|locals| {
            let locals = locals.try_borrow().ok()?;
            let local = locals.iter().find(|local| local.key == self.key)?;
            Some(local.handle.pin())
        });
        known.ok().flatten().unwrap_or_else(|| self.enter_anew())
    }

    /// The first pin of a thread, or one while its thread-locals are gone: the guard keeps what it needs of the handle.
    #[cold]
    fn enter_anew(&self) -> epoch::Guard {
        let handle = self.collector.register();
        let guard = handle.pin();
        let local = Local {
            key: self.key,
            lives: Arc::downgrade(&self.lives),
            handle,
            _collector: self.collector.clone(),
        };
        // Without a place for it the next pin of this thread is a first one again.
        let _kept = LOCALS.try_with(|locals| {
            if let Ok(mut locals) = locals.try_borrow_mut() {
                locals.retain(|local| local.lives.strong_count() > 0);
                locals.push(local);
            }
        });
        guard
    }

    /// Sets `mark` when every guard is gone that there is now.
    pub(crate) fn defer_mark(&self, mark: Arc<AtomicBool>) {
        let guard = self.enter();
        // Release: pairs with whoever acts on the mark.
        guard.defer(move || mark.store(true, Ordering::Release));
        // Out of this thread's bag, which is else handed over when it is full.
        guard.flush();
    }

    /// Tries to begin the next epoch, and runs some of what is due.
    pub(crate) fn drive(&self) {
        self.enter().flush();
    }
    /// Has the pins that this thread has with `other` keep what is deferred here instead. False, and nothing done, if some of its pins
    /// can't be found.
    pub(crate) fn take_over(&self, other: &Self) -> bool {
        let take_over = |held: &RefCell<Guards>| {
            let Ok(mut held) = held.try_borrow_mut() else {
                return false;
            };
            for held in held.0.iter_mut().filter(|held| held.key == other.key) {
                held.guard = self.enter();
                held.key = self.key;
            }
            true
        };
        LOOSE.get() == 0 && HELD.try_with(take_over).unwrap_or(false)
    }
}
