//! `__dso_handle`: what tells the handlers of one module from those of others.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tjit_link::ModuleId;

use super::{Exits, thread};
use crate::fork;

/// All handles of all JITs by their addresses.
static HANDLES: RwLock<BTreeMap<usize, Arc<Handle>>> = RwLock::new(BTreeMap::new());

/// A handle; its address is what the program knows of it.
pub(crate) struct Handle {
    exits: Arc<Exits>,
    module: Option<ModuleId>,
    /// Given from outside, where it is not this value's own.
    address: Option<usize>,
    /// How many destructors of thread-locals wait for the ends of their threads.
    pub(super) in_threads: AtomicUsize,
    /// The code of its module is gone.
    pub(super) is_retired: AtomicBool,
}

impl Handle {
    /// A handle for `module`.
    pub(crate) fn new(exits: &Arc<Exits>, module: ModuleId) -> Arc<Self> {
        Self::enter(exits, Some(module), None)
    }

    /// The handle for a module that has one of its own, at this address.
    pub(crate) fn of_object(exits: &Arc<Exits>, module: ModuleId, address: usize) -> Arc<Self> {
        Self::enter(exits, Some(module), Some(address))
    }

    /// The handle of what belongs to no module, at an address that the program knows already.
    pub(crate) fn of_program(exits: &Arc<Exits>, address: usize) -> Arc<Self> {
        Self::enter(exits, None, Some(address))
    }

    fn enter(exits: &Arc<Exits>, module: Option<ModuleId>, address: Option<usize>) -> Arc<Self> {
        let handle = Arc::new(Self {
            exits: exits.clone(),
            module,
            address,
            in_threads: AtomicUsize::new(0),
            is_retired: AtomicBool::new(false),
        });
        let _inside = fork::enter();
        let mut handles = HANDLES.write().unwrap_or_else(PoisonError::into_inner);
        handles.insert(handle.address(), handle.clone());
        handle
    }

    /// The handle that the program calls by this address, if it is one of ours.
    pub(super) fn at(address: *mut c_void) -> Option<Arc<Self>> {
        let _inside = fork::enter();
        let handles = HANDLES.read().unwrap_or_else(PoisonError::into_inner);
        handles.get(&address.addr()).cloned()
    }

    pub(crate) fn address(self: &Arc<Self>) -> usize {
        self.address
            .unwrap_or_else(|| Arc::as_ptr(self).expose_provenance())
    }

    pub(super) fn exits(&self) -> &Arc<Exits> {
        &self.exits
    }

    pub(crate) fn module(&self) -> Option<ModuleId> {
        self.module
    }

    /// How many destructors wait for the ends of other threads than this one.
    pub(crate) fn in_other_threads(self: &Arc<Self>) -> usize {
        // Acquire: pairs with the release of the thread that ran one; nothing of it runs any more.
        let all = self.in_threads.load(Ordering::Acquire);
        all - thread::own(|handle| Arc::ptr_eq(handle, self))
    }

    /// Ends what the C library knows of it: places of handlers that were called here, and handlers of `quick_exit` and `fork`,
    /// which are not called (glibc, `stdlib/cxa_finalize.c`). Handlers that wait are called.
    pub(crate) fn finalize(self: &Arc<Self>) {
        // SAFETY: only handlers of this handle are called. They were registered by code whose addition to the program its
        // embedder vouched for, and the code is still there.
        unsafe { super::__cxa_finalize(self.address() as *mut c_void) };
    }

    /// Whether it is a handle of this JIT.
    pub(crate) fn is_of(&self, exits: &Arc<Exits>) -> bool {
        Arc::ptr_eq(&self.exits, exits)
    }

    /// Ends its use as a handle, before the code goes that knows it. What still waits for the ends of threads is not called.
    pub(crate) fn retire(self: &Arc<Self>) {
        // Relaxed: that no thread runs or will run the code is for whoever lets it go.
        self.is_retired.store(true, Ordering::Relaxed);
        let _inside = fork::enter();
        let mut handles = HANDLES.write().unwrap_or_else(PoisonError::into_inner);
        handles.remove(&self.address());
    }
}
