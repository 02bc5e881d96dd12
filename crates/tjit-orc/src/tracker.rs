//! Resource trackers: what can be removed together.

use llvm_sys::error::LLVMErrorRef;
use llvm_sys::orc2::{
    LLVMOrcJITDylibRef, LLVMOrcMaterializationUnitRef, LLVMOrcReleaseResourceTracker,
    LLVMOrcResourceTrackerRef, LLVMOrcResourceTrackerRemove,
};

use crate::dylib::Dylib;
use crate::error::{Error, ErrorKind, check};
use crate::unit::{self, MaterializationUnit};

unsafe extern "C" {
    fn tjit_define(
        dylib: LLVMOrcJITDylibRef,
        tracker: LLVMOrcResourceTrackerRef,
        unit: LLVMOrcMaterializationUnitRef,
    ) -> LLVMErrorRef;
}

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

    /// Defines the symbols of `unit` so that they, and what they are materialized from, are removed with this tracker;
    /// see [`Dylib::define`].
    ///
    /// # Errors
    /// [`ErrorKind::Link`] if one of them is defined already; the unit is dropped then.
    pub fn define(&self, unit: Box<dyn MaterializationUnit>) -> Result<(), Error> {
        let name = unit.name().to_owned();
        let raw = unit::into_raw(self.dylib.session(), unit)?;
        // SAFETY: both handles are live; the unit is taken in any case.
        let error = unsafe { tjit_define(self.dylib.raw(), self.raw, raw) };
        check(error, ErrorKind::Link, || {
            format!("defining `{name}` in dylib `{}`", self.dylib.name())
        })
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
