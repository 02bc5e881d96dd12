//! Interned symbol names and what a definition says of them.

use std::ffi::CStr;
use std::fmt;

use llvm_sys::orc2::{
    LLVMJITSymbolFlags, LLVMJITSymbolGenericFlags, LLVMOrcExecutionSessionIntern,
    LLVMOrcReleaseSymbolStringPoolEntry, LLVMOrcRetainSymbolStringPoolEntry,
    LLVMOrcSymbolStringPoolEntryRef, LLVMOrcSymbolStringPoolEntryStr,
};

use crate::error::Error;
use crate::names::c_name;
use crate::session::ExecutionSession;

/// A linker-level symbol name in the session's pool; clones share it.
///
/// Equal names of one session are the same entry, so comparison and hashing are by pointer.
pub struct SymbolString {
    raw: LLVMOrcSymbolStringPoolEntryRef,
    // The pool must outlive its entries.
    session: ExecutionSession,
}

// SAFETY: entries are immutable and their reference count is atomic (SymbolStringPool.h).
unsafe impl Send for SymbolString {}
// SAFETY: as for Send.
unsafe impl Sync for SymbolString {}

impl SymbolString {
    /// Interns `name`, which must already be mangled for the linker.
    ///
    /// # Errors
    /// [`ErrorKind::Name`](crate::ErrorKind::Name) if the name holds a NUL byte.
    pub fn intern(session: &ExecutionSession, name: &str) -> Result<Self, Error> {
        let c_name = c_name(name, "a symbol")?;
        // SAFETY: the session is live and the name is NUL-terminated; the returned entry is retained for us.
        let raw = unsafe { LLVMOrcExecutionSessionIntern(session.raw(), c_name.as_ptr()) };
        Ok(Self {
            raw,
            session: session.clone(),
        })
    }

    /// Takes a share of an entry that somebody else keeps alive during this call.
    pub(crate) fn retain(session: &ExecutionSession, raw: LLVMOrcSymbolStringPoolEntryRef) -> Self {
        // SAFETY: the callers pass a live entry of this session's pool.
        unsafe { LLVMOrcRetainSymbolStringPoolEntry(raw) };
        Self {
            raw,
            session: session.clone(),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        entry_str(self.raw)
    }

    /// The entry, borrowed.
    pub(crate) fn raw(&self) -> LLVMOrcSymbolStringPoolEntryRef {
        self.raw
    }

    /// A further reference for an LLVM function that takes ownership of one.
    pub(crate) fn to_raw(&self) -> LLVMOrcSymbolStringPoolEntryRef {
        // SAFETY: the entry is live.
        unsafe { LLVMOrcRetainSymbolStringPoolEntry(self.raw) };
        self.raw
    }
}

/// The text of a live entry. Names enter the pool as UTF-8 here and as the bytes of object files elsewhere; one
/// that isn't UTF-8 reads as the empty string, which names nothing.
pub(crate) fn entry_str<'a>(raw: LLVMOrcSymbolStringPoolEntryRef) -> &'a str {
    // SAFETY: the callers keep the entry alive for as long as they use the text.
    let text = unsafe { LLVMOrcSymbolStringPoolEntryStr(raw) };
    // SAFETY: entries are NUL-terminated.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}

impl Clone for SymbolString {
    fn clone(&self) -> Self {
        Self::retain(&self.session, self.raw)
    }
}

impl Drop for SymbolString {
    fn drop(&mut self) {
        // SAFETY: this value holds one reference, given back once.
        unsafe { LLVMOrcReleaseSymbolStringPoolEntry(self.raw) };
    }
}

impl PartialEq for SymbolString {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for SymbolString {}

impl std::hash::Hash for SymbolString {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

impl fmt::Debug for SymbolString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SymbolString({:?})", self.as_str())
    }
}

/// What a definition says of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SymbolFlags {
    /// Visible to other dylibs.
    pub exported: bool,
    /// A later strong definition may replace it before it is materialized.
    pub weak: bool,
    /// Code, not data.
    pub callable: bool,
}

impl SymbolFlags {
    /// An exported strong function.
    pub const FUNCTION: Self = Self {
        exported: true,
        weak: false,
        callable: true,
    };
    /// An exported strong variable.
    pub const DATA: Self = Self {
        exported: true,
        weak: false,
        callable: false,
    };

    pub(crate) fn to_raw(self) -> LLVMJITSymbolFlags {
        use LLVMJITSymbolGenericFlags as Flag;
        let bit = |set: bool, flag: Flag| if set { flag as u8 } else { 0 };
        LLVMJITSymbolFlags {
            GenericFlags: bit(self.exported, Flag::LLVMJITSymbolGenericFlagsExported)
                | bit(self.weak, Flag::LLVMJITSymbolGenericFlagsWeak)
                | bit(self.callable, Flag::LLVMJITSymbolGenericFlagsCallable),
            TargetFlags: 0,
        }
    }
}
