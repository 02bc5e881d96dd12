//! Linux: `mmap` and `mprotect`, with a type for each state of a page so that none is writable and executable at once.

use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::slice;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags};

use crate::host;

/// Size of a page in bytes.
pub(crate) fn page_size() -> usize {
    rustix::param::page_size()
}

/// A range of addresses that belongs to us, inaccessible until part of it is committed. Unmapped on drop.
#[derive(Debug)]
pub(crate) struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping belongs to the process, not to a thread, and `&Mapping` gives access to memory only through functions
// whose contracts exclude overlapping use.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Reserves `len` bytes, a multiple of the page size, close to the address `near` if the kernel has room there.
    pub(crate) fn reserve(len: usize, near: Option<usize>) -> io::Result<Self> {
        let hint = ptr::without_provenance_mut(near.unwrap_or(0) & !(page_size() - 1));
        // SAFETY: without MAP_FIXED the address is a wish; the kernel never places the mapping over another.
        let base = unsafe {
            rustix::mm::mmap_anonymous(
                hint,
                len,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )
        }?;
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { base, len })
    }

    /// First address.
    pub(crate) fn address(&self) -> usize {
        self.base.addr().get()
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The byte at `offset`, which must be inside.
    pub(crate) fn at(&self, offset: usize) -> NonNull<u8> {
        assert!(
            offset < self.len,
            "offset {offset:#x} is outside of a mapping of {:#x} bytes",
            self.len
        );
        // SAFETY: `offset` is inside the mapping, which is one allocation of `len` bytes.
        unsafe { self.base.add(offset) }
    }

    /// Makes `range`, whole pages, writable and not executable, to be filled and published.
    ///
    /// # Safety
    /// Until the result is gone nothing else reads, writes or executes the range.
    pub(crate) unsafe fn writable(&self, range: Range<usize>) -> io::Result<WritablePages<'_>> {
        // SAFETY: nobody else uses the range, says our caller.
        unsafe { self.protect(&range, MprotectFlags::READ | MprotectFlags::WRITE) }?;
        // SAFETY: the range is inside the mapping, was just made readable and writable, anonymous pages are
        // initialised, and our caller excludes any other use while the slice lives.
        let bytes =
            unsafe { slice::from_raw_parts_mut(self.at(range.start).as_ptr(), range.len()) };
        Ok(WritablePages {
            mapping: self,
            range,
            bytes,
        })
    }

    /// Makes `range`, whole pages, readable and writable for good.
    ///
    /// # Safety
    /// Nobody executes the range.
    pub(crate) unsafe fn commit_data(&self, range: Range<usize>) -> io::Result<()> {
        // SAFETY: taking away the permission to execute hurts nobody, says our caller.
        unsafe { self.protect(&range, MprotectFlags::READ | MprotectFlags::WRITE) }
    }

    /// # Safety
    /// Whoever uses the range can do with `flags`.
    unsafe fn protect(&self, range: &Range<usize>, flags: MprotectFlags) -> io::Result<()> {
        assert!(range.end <= self.len, "{range:?} is outside of the mapping");
        let start: NonNull<c_void> = self.at(range.start).cast();
        // SAFETY: the range is inside our mapping and its users are content, says our caller.
        unsafe { rustix::mm::mprotect(start.as_ptr(), range.len(), flags) }?;
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: we own the whole range, and views of it borrow `self`.
        let unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.len) };
        debug_assert!(unmapped.is_ok(), "munmap of our own mapping: {unmapped:?}");
    }
}

/// Pages that can be written and not executed.
#[derive(Debug)]
pub(crate) struct WritablePages<'m> {
    mapping: &'m Mapping,
    range: Range<usize>,
    bytes: &'m mut [u8],
}

impl WritablePages<'_> {
    /// What will be executed.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// Takes the permission to write and gives the one to execute.
    pub(crate) fn publish(self) -> io::Result<ExecPages> {
        host::flush_instruction_cache(self.bytes);
        // SAFETY: `self` is the only user of the range and is consumed.
        unsafe {
            self.mapping
                .protect(&self.range, MprotectFlags::READ | MprotectFlags::EXEC)
        }?;
        Ok(ExecPages {
            start: self.mapping.address() + self.range.start,
        })
    }
}

/// Proof that pages can be executed and no longer written.
#[derive(Debug)]
pub(crate) struct ExecPages {
    start: usize,
}

impl ExecPages {
    /// Address of the first byte.
    pub(crate) fn address(&self) -> usize {
        self.start
    }
}

/// Puts `errno` back when dropped.
#[derive(Debug)]
pub(crate) struct ErrnoGuard {
    saved: i32,
}

impl ErrnoGuard {
    pub(crate) fn new() -> Self {
        Self {
            saved: io::Error::last_os_error().raw_os_error().unwrap_or(0),
        }
    }
}

impl Drop for ErrnoGuard {
    fn drop(&mut self) {
        // SAFETY: returns the address of the calling thread's own `errno`.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: that address is valid for as long as the thread lives.
        unsafe { errno.write(self.saved) };
    }
}
