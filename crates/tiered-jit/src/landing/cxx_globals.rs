//! What C++ keeps of a thread's exceptions.

use std::ffi::{c_uint, c_void};

/// `__cxa_eh_globals` of the Itanium C++ ABI (part II, 2.2.2).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(super) struct CxxGlobals {
    /// The exceptions that are being handled, a list.
    caught: *mut c_void,
    /// How many were thrown and not caught yet.
    pub(super) uncaught: c_uint,
}

unsafe extern "C" {
    fn __cxa_get_globals() -> *mut CxxGlobals;
}

impl CxxGlobals {
    /// The calling thread's.
    pub(super) fn now() -> Self {
        // SAFETY: it returns the calling thread's own, of this type.
        unsafe { __cxa_get_globals().read() }
    }

    /// Makes them the calling thread's again: what was thrown or is handled in frames that are gone does not count.
    pub(super) fn restore(self) {
        // SAFETY: as above; nothing else of the thread runs meanwhile.
        unsafe { __cxa_get_globals().write(self) };
    }

    pub(super) fn set_uncaught(uncaught: c_uint) {
        let globals = Self::now();
        Self {
            uncaught,
            ..globals
        }
        .restore();
    }
}
