//! Telling work that is under way to stop.

use std::ffi::c_void;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Says whether work that is under way should stop; whoever does the work asks, often, and on its own thread.
///
/// Clones ask the same question, and are equal. A question that panics counts as a yes.
#[derive(Clone)]
pub struct Stop(Arc<dyn Fn() -> bool + Send + Sync>);

impl Stop {
    /// Asks `question`, which should take no longer than an optimisation pass on a small function does: microseconds.
    pub fn new(question: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(question))
    }

    /// Whether the work should stop.
    pub fn is_wanted(&self) -> bool {
        // `AssertUnwindSafe`: the work ends, and with it what the question looked at.
        catch_unwind(AssertUnwindSafe(|| (self.0)())).unwrap_or(true)
    }

    /// For the shim, which hands it to [`ask`].
    pub(crate) fn as_state(&self) -> *const c_void {
        std::ptr::from_ref(self).cast()
    }
}

impl Default for Stop {
    /// Never.
    fn default() -> Self {
        Self::new(|| false)
    }
}

/// Mirrors `TjitShouldStop` in `shim/passes.cpp`.
pub(crate) extern "C" fn ask(state: *const c_void) -> bool {
    // SAFETY: `TargetMachine::run_passes_unless` passes a live `Stop`, which is only read.
    unsafe { &*state.cast::<Stop>() }.is_wanted()
}

impl PartialEq for Stop {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Stop {}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").finish_non_exhaustive()
    }
}
