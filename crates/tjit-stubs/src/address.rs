//! What names a stub and what a stub points at.

use std::fmt;
use std::num::NonZeroUsize;

/// The address of machine code: never null, otherwise unchecked.
///
/// Making one is safe because nothing safe can jump to it: entering a stub takes a call through a raw function pointer,
/// and whoever writes that `unsafe` vouches for every address the slot may hold by then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodePtr(NonZeroUsize);

impl CodePtr {
    /// The code at `address` (bytes), or `None` for 0.
    #[must_use]
    pub fn new(address: usize) -> Option<Self> {
        NonZeroUsize::new(address).map(Self)
    }

    /// The code `pointer` points at, or `None` for null. Exposes the provenance of the pointer.
    ///
    /// Cast a function first: `CodePtr::from_ptr(f as *const ())`.
    #[must_use]
    pub fn from_ptr(pointer: *const ()) -> Option<Self> {
        Self::new(pointer.expose_provenance())
    }

    /// The address in bytes.
    #[must_use]
    pub fn addr(self) -> usize {
        self.0.get()
    }

    /// The address as a pointer, to be transmuted to the function type the caller knows the code to have.
    #[must_use]
    pub fn as_ptr(self) -> *const () {
        std::ptr::with_exposed_provenance(self.addr())
    }
}

impl fmt::Debug for CodePtr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodePtr({self})")
    }
}

impl fmt::Display for CodePtr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.addr())
    }
}

/// Index of a stub in its manager: 0, 1, 2, … in order of creation, so it can index a table of the embedder's own.
///
/// An id means something only to the manager that gave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StubId(u32);

impl StubId {
    /// The id with this index. Managers answer ids they never gave out with an error or `None`.
    #[must_use]
    pub const fn from_index(index: u32) -> Self {
        Self(index)
    }

    /// The dense index behind this id.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}

impl fmt::Display for StubId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stub #{}", self.0)
    }
}

/// A created stub: the only address of its function that anyone else should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stub {
    /// Dense index.
    pub id: StubId,
    /// Entry of the stub, 8-byte aligned; the same for as long as the stub exists.
    pub address: CodePtr,
}

/// Where a new stub leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// To the [`LazyResolver`](crate::LazyResolver) of the manager, on the first call.
    Lazy,
    /// To code that exists already.
    Address(CodePtr),
}

impl From<CodePtr> for Target {
    fn from(address: CodePtr) -> Self {
        Self::Address(address)
    }
}
