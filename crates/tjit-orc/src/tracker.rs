//! Resource trackers: what can be removed together.

use std::sync::atomic::{AtomicBool, Ordering};

use llvm_sys::error::{LLVMConsumeError, LLVMErrorRef};
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
    removed: bool,
    /// Whether definitions of others may take the place of some that it tracks.
    replaceable: AtomicBool,
}

// SAFETY: trackers lock their session and are reference-counted atomically.
unsafe impl Send for ResourceTracker {}
// SAFETY: as for Send.
unsafe impl Sync for ResourceTracker {}

impl Drop for ResourceTracker {
    fn drop(&mut self) {
        if self.removed || *self.replaceable.get_mut() {
            // SAFETY: this value holds one reference, given back once; the session outlives it through `dylib`.
            unsafe { LLVMOrcReleaseResourceTracker(self.raw) };
        } else {
            self.dylib.session().keep(KeptTracker(self.raw));
        }
    }
}

/// A tracker whose handle is gone and whose code and data stay.
///
/// Releasing it would hand what it tracks over to its dylib's default tracker, for which ORC looks at every symbol of the
/// dylib that is still to be materialized (`JITDylib::transferTracker`): the session has it until its own end. Not so one
/// with a weak definition, which a strong one may have replaced: ORC still lists the symbol with the old tracker, and
/// crashes when both are removed (`JITDylib::defineImpl`, `IL_removeTracker`).
#[derive(Debug)]
pub(crate) struct KeptTracker(LLVMOrcResourceTrackerRef);

// SAFETY: as for the handle it comes from.
unsafe impl Send for KeptTracker {}

impl KeptTracker {
    /// Frees everything that was added with it.
    ///
    /// # Safety
    /// The session must be live and about to end: nothing of it is in use any more.
    pub(crate) unsafe fn end(self) {
        // SAFETY: this value holds the tracker's last reference; the caller vouches for the session.
        let error = unsafe { LLVMOrcResourceTrackerRemove(self.0) };
        if !error.is_null() {
            // There is nobody left who could act on it.
            // SAFETY: a failure value that is not used again.
            unsafe { LLVMConsumeError(error) };
        }
        // SAFETY: given back once; what it tracked is removed, so that nothing is handed over.
        unsafe { LLVMOrcReleaseResourceTracker(self.0) };
    }
}

impl ResourceTracker {
    pub(crate) fn new(dylib: Dylib, raw: LLVMOrcResourceTrackerRef) -> Self {
        let removed = false;
        Self {
            dylib,
            raw,
            removed,
            replaceable: AtomicBool::new(false),
        }
    }

    /// Says that some of what it tracks is weak.
    pub(crate) fn set_replaceable(&self) {
        // Relaxed: it is read when the tracker is dropped, which happens after all uses.
        self.replaceable.store(true, Ordering::Relaxed);
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
        if unit.symbols().iter().any(|(_, flags)| flags.weak) {
            self.set_replaceable();
        }
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
    /// No thread may be running the code or hold an address in it or in the data that it will still use. No strong definition
    /// under another tracker may have replaced a weak one of this tracker: ORC does not forget that it was here.
    pub unsafe fn remove(mut self) -> Result<(), Error> {
        // ORC makes it useless before it frees anything.
        self.removed = true;
        // SAFETY: the tracker is live; the caller vouches for the memory.
        let error = unsafe { LLVMOrcResourceTrackerRemove(self.raw) };
        check(error, ErrorKind::Link, || {
            format!("removing code of dylib `{}`", self.dylib.name())
        })
    }
}
