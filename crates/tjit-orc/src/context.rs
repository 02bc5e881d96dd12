//! A context that several threads may use in turn.

use std::path::Path;
use std::sync::Arc;

use llvm_sys::core::{LLVMContextCreate, LLVMModuleCreateWithNameInContext};
use llvm_sys::orc2::{
    LLVMOrcCreateNewThreadSafeContextFromLLVMContext, LLVMOrcCreateNewThreadSafeModule,
    LLVMOrcDisposeThreadSafeContext, LLVMOrcThreadSafeContextRef,
};
use llvm_sys::prelude::{LLVMContextRef, LLVMModuleRef};

use crate::diagnostics;
use crate::error::Error;
use crate::module::{LockedModule, ThreadSafeModule};
use crate::parse;

/// An LLVM context behind ORC's lock; clones share the context.
///
/// Every module made in it is a [`ThreadSafeModule`], through which alone it can be reached, one thread at a
/// time. The context is freed when the last clone and the last module are gone. Its diagnostics never
/// end the process: they are latched and end as an [`Error`] of the operation that caused them.
#[derive(Clone, Debug)]
pub struct ThreadSafeContext {
    inner: Arc<ContextInner>,
}

#[derive(Debug)]
struct ContextInner {
    raw: LLVMOrcThreadSafeContextRef,
    // An empty module: llvm-c can lock a context only through a module in it.
    anchor: LockedModule,
}

// SAFETY: `raw` is a reference-counted handle whose count is atomic (std::shared_ptr), and all else is
// reached through the context's lock.
unsafe impl Send for ContextInner {}
// SAFETY: as for Send; no method hands out the context without holding its lock.
unsafe impl Sync for ContextInner {}

impl Drop for ContextInner {
    fn drop(&mut self) {
        // SAFETY: this handle was created in `new` and is disposed of once; modules hold their own share.
        unsafe { LLVMOrcDisposeThreadSafeContext(self.raw) };
    }
}

impl Default for ThreadSafeContext {
    fn default() -> Self {
        Self::new()
    }
}

impl ThreadSafeContext {
    /// A new, empty context.
    pub fn new() -> Self {
        // SAFETY: no preconditions.
        let context = unsafe { LLVMContextCreate() };
        diagnostics::install(context);
        // SAFETY: `context` is live and not yet shared with any other thread.
        let anchor = unsafe { LLVMModuleCreateWithNameInContext(c"anchor".as_ptr(), context) };
        // SAFETY: `context` belongs to no other ThreadSafeContext; ownership passes here.
        let raw = unsafe { LLVMOrcCreateNewThreadSafeContextFromLLVMContext(context) };
        // SAFETY: `anchor` is a module of the context behind `raw` and is owned by us.
        let anchor = LockedModule::new(unsafe { LLVMOrcCreateNewThreadSafeModule(anchor, raw) });
        Self {
            inner: Arc::new(ContextInner { raw, anchor }),
        }
    }

    /// Whether `other` is the same context.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Parses bitcode or textual IR, told apart by bitcode's magic number.
    ///
    /// `name` is the module's identifier and appears in messages (`name:line:column` for textual IR).
    ///
    /// # Errors
    /// [`ErrorKind::Parse`](crate::ErrorKind::Parse) with LLVM's message. The module is not verified; see
    /// [`ThreadSafeModule::verify`].
    pub fn parse(&self, name: &str, bytes: &[u8]) -> Result<ThreadSafeModule, Error> {
        let module = self.create(|context| parse::parse(context, name, bytes))?;
        Ok(module.parsed_from(bytes))
    }

    /// Reads and parses a file; see [`ThreadSafeContext::parse`].
    ///
    /// # Errors
    /// As [`ThreadSafeContext::parse`], and [`ErrorKind::Parse`](crate::ErrorKind::Parse) with the system's message if
    /// the file can't be read.
    pub fn parse_file(&self, path: &Path) -> Result<ThreadSafeModule, Error> {
        let bytes = parse::read(path)?;
        self.parse(&path.to_string_lossy(), &bytes)
    }

    /// Runs `make` under the context's lock and wraps the module it returns.
    pub(crate) fn create(
        &self,
        make: impl FnOnce(LLVMContextRef) -> Result<LLVMModuleRef, Error>,
    ) -> Result<ThreadSafeModule, Error> {
        let module = self.inner.anchor.with(|anchor| {
            // SAFETY: `anchor` is live and its context is locked by `with`.
            make(unsafe { llvm_sys::core::LLVMGetModuleContext(anchor) })
        })?;
        Ok(self.adopt(module))
    }

    /// Takes ownership of `module`, which must be of this context.
    pub(crate) fn adopt(&self, module: LLVMModuleRef) -> ThreadSafeModule {
        // SAFETY: the callers pass a module they own that was made in this context.
        let raw = unsafe { LLVMOrcCreateNewThreadSafeModule(module, self.inner.raw) };
        ThreadSafeModule::new(LockedModule::new(raw), self.clone())
    }
}
