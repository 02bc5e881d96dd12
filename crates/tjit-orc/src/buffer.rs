//! Byte buffers that LLVM allocates and takes.

use llvm_sys::core::{
    LLVMCreateMemoryBufferWithMemoryRangeCopy, LLVMDisposeMemoryBuffer, LLVMGetBufferSize,
    LLVMGetBufferStart,
};
use llvm_sys::prelude::LLVMMemoryBufferRef;

/// An owned, immutable run of bytes: an object file or bitcode.
#[derive(Debug)]
pub struct MemoryBuffer {
    raw: LLVMMemoryBufferRef,
}

// SAFETY: a memory buffer is immutable and tied to no thread.
unsafe impl Send for MemoryBuffer {}
// SAFETY: as for Send.
unsafe impl Sync for MemoryBuffer {}

impl Drop for MemoryBuffer {
    fn drop(&mut self) {
        // SAFETY: `raw` is owned by this value; `into_raw` forgets it.
        unsafe { LLVMDisposeMemoryBuffer(self.raw) };
    }
}

impl MemoryBuffer {
    /// A buffer with a copy of `bytes`.
    pub fn copy_of(bytes: &[u8]) -> Self {
        // SAFETY: the range is that of a live slice, and LLVM copies it.
        Self::new(unsafe {
            LLVMCreateMemoryBufferWithMemoryRangeCopy(
                bytes.as_ptr().cast(),
                bytes.len(),
                c"buffer".as_ptr(),
            )
        })
    }

    /// Takes ownership of `raw`.
    pub(crate) fn new(raw: LLVMMemoryBufferRef) -> Self {
        Self { raw }
    }

    pub(crate) fn raw(&self) -> LLVMMemoryBufferRef {
        self.raw
    }

    /// Gives up ownership, to an LLVM function that takes it.
    pub(crate) fn into_raw(self) -> LLVMMemoryBufferRef {
        let raw = self.raw;
        std::mem::forget(self);
        raw
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: `raw` is live.
        let start = unsafe { LLVMGetBufferStart(self.raw) };
        // SAFETY: `raw` is live.
        let length = unsafe { LLVMGetBufferSize(self.raw) };
        // SAFETY: start and size describe the buffer's own bytes, which live as long as `self`.
        unsafe { std::slice::from_raw_parts(start.cast(), length) }
    }
}
