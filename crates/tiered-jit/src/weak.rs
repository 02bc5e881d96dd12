//! A handle that does not keep the JIT alive.

use std::fmt;
use std::sync::{Arc, Weak};

use crate::TieredJit;
use crate::owner::Owner;

/// A handle on a [`TieredJit`] that does not keep it alive: for what the JIT itself keeps, such as transformations.
///
/// Clones are handles on the same JIT. May be used from any thread.
#[derive(Clone)]
pub struct WeakJit {
    owner: Weak<Owner>,
}

impl TieredJit {
    /// A handle that does not keep the JIT alive.
    pub fn downgrade(&self) -> WeakJit {
        WeakJit {
            owner: Arc::downgrade(self.owner()),
        }
    }
}

impl WeakJit {
    /// A handle that keeps the JIT alive, or `None` if it has ended.
    pub fn upgrade(&self) -> Option<TieredJit> {
        self.owner.upgrade().map(TieredJit::of)
    }
}

impl fmt::Debug for WeakJit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakJit").finish_non_exhaustive()
    }
}
