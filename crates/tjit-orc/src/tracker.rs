//! Resource trackers: what can be removed together.

use llvm_sys::orc2::{
    LLVMOrcReleaseResourceTracker, LLVMOrcResourceTrackerRef, LLVMOrcResourceTrackerRemove,
};

use crate::dylib::Dylib;
use crate::error::{Error, ErrorKind, check};

/// A handle on code and data of a dylib.
///
/// Dropping it keeps them, for as long as the session lives; [`ResourceTracker::remove`] frees them.
#[derive(Debug)]
pub struct ResourceTracker {
    dylib: Dylib,
    raw: LLVMOrcResourceTrackerRef,
}

// SAFETY: trackers lock their session and are reference-counted atomically.
unsafe impl Send for ResourceTracker {}
// SAFETY: as for Send.
unsafe impl Sync for ResourceTracker {}

impl Drop for ResourceTracker {
    fn drop(&mut self) {
        // SAFETY: this value holds one reference, given back once; the session outlives it through `dylib`.
        unsafe { LLVMOrcReleaseResourceTracker(self.raw) };
    }
}

impl ResourceTracker {
    pub(crate) fn new(dylib: Dylib, raw: LLVMOrcResourceTrackerRef) -> Self {
        Self { dylib, raw }
    }

    /// The dylib it tracks definitions of.
    pub fn dylib(&self) -> &Dylib {
        &self.dylib
    }

    pub(crate) fn raw(&self) -> LLVMOrcResourceTrackerRef {
        self.raw
    }

    /// Frees everything that was added with this tracker: symbols, code, data and unwind tables.
    ///
    /// # Errors
    /// [`ErrorKind::Link`] if ORC can't free something.
    ///
    /// # Safety
    /// No thread may be running the code or hold an address in it or in the data that it will still use.
    pub unsafe fn remove(self) -> Result<(), Error> {
        // SAFETY: the tracker is live; the caller vouches for the memory.
        let error = unsafe { LLVMOrcResourceTrackerRemove(self.raw) };
        check(error, ErrorKind::Link, || {
            format!("removing code of dylib `{}`", self.dylib.name())
        })
    }
}
