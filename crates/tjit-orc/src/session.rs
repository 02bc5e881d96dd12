//! The execution session: an LLJIT of which only the session, its linker and its unwind registration are used.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use llvm_sys::error::{LLVMConsumeError, LLVMErrorRef};
use llvm_sys::orc2::lljit::{
    LLVMOrcCreateLLJIT, LLVMOrcCreateLLJITBuilder, LLVMOrcDisposeLLJIT,
    LLVMOrcLLJITGetExecutionSession, LLVMOrcLLJITGetObjLinkingLayer, LLVMOrcLLJITRef,
};
use llvm_sys::orc2::{
    LLVMOrcExecutionSessionCreateBareJITDylib, LLVMOrcExecutionSessionGetJITDylibByName,
    LLVMOrcExecutionSessionGetSymbolStringPool, LLVMOrcExecutionSessionRef,
    LLVMOrcExecutionSessionSetErrorReporter, LLVMOrcObjectLayerRef,
    LLVMOrcSymbolStringPoolClearDeadEntries,
};

use crate::dylib::Dylib;
use crate::error::{Error, ErrorKind, check, take_message};
use crate::layer::ObjectLayer;
#[cfg(feature = "failpoints")]
use crate::link_faults;
use crate::names::c_name;
use crate::target::Host;
use crate::tracker::KeptTracker;

/// An ORC execution session with a JITLink object layer that registers unwind tables; clones share it.
///
/// The session ends, and all its code and data are freed, when the last handle to it or to anything of it is
/// dropped. No code of the session may be running then, or be entered later.
#[derive(Clone)]
pub struct ExecutionSession {
    inner: Arc<Inner>,
}

struct Inner {
    lljit: LLVMOrcLLJITRef,
    raw: LLVMOrcExecutionSessionRef,
    // Why symbols could not be materialized: ORC itself says only that they could not.
    failures: Mutex<HashMap<String, Error>>,
    kept: Mutex<Vec<KeptTracker>>,
}

// SAFETY: ORC's session, dylibs and object layer lock themselves (ORCv2.rst, "thread safety"); `lljit` is used
// again only to dispose of it, once.
unsafe impl Send for Inner {}
// SAFETY: as for Send.
unsafe impl Sync for Inner {}

impl Drop for Inner {
    fn drop(&mut self) {
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        for tracker in kept.drain(..).rev() {
            // SAFETY: every handle holds an `Arc<Inner>`, so nothing of the session, which ends below, is in use any more.
            unsafe { tracker.end() };
        }
        // SAFETY: every handle holds an `Arc<Inner>`, so nothing of the session is in use any more.
        let error = unsafe { LLVMOrcDisposeLLJIT(self.lljit) };
        if !error.is_null() {
            // There is nobody left who could act on it.
            // SAFETY: a failure value that is not used again.
            unsafe { LLVMConsumeError(error) };
        }
    }
}

/// A handle that does not keep the session alive, for what the session itself owns.
#[derive(Clone)]
pub(crate) struct WeakSession(Weak<Inner>);

impl WeakSession {
    pub(crate) fn upgrade(&self) -> Option<ExecutionSession> {
        self.0.upgrade().map(|inner| ExecutionSession { inner })
    }
}

thread_local! {
    // ORC reports why an object could not be linked to the session and only that it failed to the lookups; both happen on
    // the thread that was linking.
    static REPORTED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the report for the lookups that fail next on this thread; ORC's own reporter would print to the program's stderr.
extern "C" fn keep_report(_context: *mut c_void, error: LLVMErrorRef) {
    let message = take_message(error);
    // A thread that is ending has no lookup left that could tell it.
    let _kept = REPORTED.try_with(|reported| {
        if let Ok(mut reported) = reported.try_borrow_mut() {
            reported.push(message);
        }
    });
}

/// Takes what was reported on this thread since the last call.
pub(crate) fn take_reports() -> Vec<String> {
    // A callback of LLVM calls this, so it must not panic.
    let taken = REPORTED.try_with(|reported| {
        reported
            .try_borrow_mut()
            .map(|mut reported| std::mem::take(&mut *reported))
    });
    taken.ok().and_then(Result::ok).unwrap_or_default()
}

impl ExecutionSession {
    /// A new session for the host.
    ///
    /// # Errors
    /// [`ErrorKind::Target`] if LLVM lacks the host's target, [`ErrorKind::Link`] if ORC can't start.
    pub fn new() -> Result<Self, Error> {
        Host::get()?;
        let mut lljit = std::ptr::null_mut();
        // SAFETY: no preconditions.
        let builder = unsafe { LLVMOrcCreateLLJITBuilder() };
        #[cfg(feature = "failpoints")]
        link_faults::let_allocations_fail(builder)?;
        // SAFETY: a valid out-pointer; the builder is consumed.
        let error = unsafe { LLVMOrcCreateLLJIT(&mut lljit, builder) };
        check(error, ErrorKind::Link, || {
            "creating an execution session".to_owned()
        })?;
        // SAFETY: `lljit` is live.
        let raw = unsafe { LLVMOrcLLJITGetExecutionSession(lljit) };
        #[cfg(feature = "failpoints")]
        link_faults::let_links_fail(lljit);
        // SAFETY: the session is live, and the reporter needs no state.
        unsafe { LLVMOrcExecutionSessionSetErrorReporter(raw, keep_report, std::ptr::null_mut()) };
        Ok(Self {
            inner: Arc::new(Inner {
                lljit,
                raw,
                failures: Mutex::default(),
                kept: Mutex::default(),
            }),
        })
    }

    /// Takes a tracker that nobody has a handle of any more.
    pub(crate) fn keep(&self, tracker: KeptTracker) {
        let mut kept = self
            .inner
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.push(tracker);
    }

    /// A new, empty dylib that sees no symbols but its own and those of its generators.
    ///
    /// # Errors
    /// [`ErrorKind::Name`] if the name holds a NUL byte, [`ErrorKind::Link`] if it is taken.
    pub fn create_dylib(&self, name: &str) -> Result<Dylib, Error> {
        let c_name = c_name(name, "a dylib")?;
        // SAFETY: the session is live and the name NUL-terminated.
        let taken =
            unsafe { LLVMOrcExecutionSessionGetJITDylibByName(self.raw(), c_name.as_ptr()) };
        if !taken.is_null() {
            return Err(Error::new(
                ErrorKind::Link,
                format!("creating dylib `{name}`"),
                "the name is taken",
            ));
        }
        // SAFETY: as above. The dylib lives as long as the session.
        let raw = unsafe { LLVMOrcExecutionSessionCreateBareJITDylib(self.raw(), c_name.as_ptr()) };
        Ok(Dylib::new(self.clone(), raw, name))
    }

    /// The layer that links object files.
    pub fn object_layer(&self) -> ObjectLayer {
        ObjectLayer::new(self.clone())
    }

    pub(crate) fn raw(&self) -> LLVMOrcExecutionSessionRef {
        self.inner.raw
    }

    pub(crate) fn raw_object_layer(&self) -> LLVMOrcObjectLayerRef {
        // SAFETY: `lljit` is live; the layer lives as long as it.
        unsafe { LLVMOrcLLJITGetObjLinkingLayer(self.inner.lljit) }
    }

    pub(crate) fn downgrade(&self) -> WeakSession {
        WeakSession(Arc::downgrade(&self.inner))
    }

    /// Drops the names of symbols that nothing refers to any more. Cost: a look at each name of the session, under the lock that
    /// those who look symbols up need.
    pub fn forget_unused_names(&self) {
        // SAFETY: the session is live, and its pool lives as long as it.
        let pool = unsafe { LLVMOrcExecutionSessionGetSymbolStringPool(self.raw()) };
        // SAFETY: entries that anybody has a reference to stay.
        unsafe { LLVMOrcSymbolStringPoolClearDeadEntries(pool) };
    }

    /// Remembers why `symbol` can't be materialized, for the lookup that will fail because of it.
    pub(crate) fn record_failure(&self, symbol: &str, error: &Error) {
        let mut failures = self
            .inner
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failures.insert(symbol.to_owned(), error.clone());
    }

    /// Forgets why earlier definitions of `symbols` failed.
    pub(crate) fn forget_failures<'a>(&self, symbols: impl IntoIterator<Item = &'a str>) {
        let mut failures = self
            .inner
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for symbol in symbols {
            failures.remove(symbol);
        }
    }

    /// The recorded reason of the first of `symbols` that has one. It stays: a symbol that failed goes on failing every
    /// lookup until it is removed.
    pub(crate) fn failure<'a>(&self, symbols: impl IntoIterator<Item = &'a str>) -> Option<Error> {
        let failures = self
            .inner
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        symbols
            .into_iter()
            .find_map(|symbol| failures.get(symbol).cloned())
    }
}

impl std::fmt::Debug for ExecutionSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExecutionSession").finish_non_exhaustive()
    }
}
