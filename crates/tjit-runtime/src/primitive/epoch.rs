//! The epochs of `crossbeam-epoch`.

use crossbeam::epoch::{Collector, LocalHandle};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

pub(crate) use crossbeam::epoch::Guard;

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
}

thread_local! {
    static LOCALS: RefCell<Vec<Local>> = const { RefCell::new(Vec::new()) };
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
        let known = LOCALS.try_with(|locals| {
            let locals = locals.try_borrow().ok()?;
            let local = locals.iter().find(|local| local.key == self.key)?;
            Some(local.handle.pin())
        });
        known.ok().flatten().unwrap_or_else(|| self.pin_anew())
    }

    /// The first pin of a thread, or one while its thread-locals are gone: the guard keeps what it needs of the handle.
    #[cold]
    fn pin_anew(&self) -> Guard {
        let handle = self.collector.register();
        let guard = handle.pin();
        let local = Local {
            key: self.key,
            lives: Arc::downgrade(&self.lives),
            handle,
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
        let guard = self.pin();
        // Release: pairs with whoever acts on the mark.
        guard.defer(move || mark.store(true, Ordering::Release));
        // Out of this thread's bag, which is else handed over when it is full.
        guard.flush();
    }

    /// Tries to begin the next epoch, and runs some of what is due.
    pub(crate) fn drive(&self) {
        self.pin().flush();
    }
}
