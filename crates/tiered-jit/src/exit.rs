//! What the program has registered to be called at its end, and at the ends of its threads.
//!
//! Each handler is registered with the C library too, in the order in which the program did it, so that `exit` calls it among
//! those of the rest of the process. Here it is known besides which module it is of, so that a module's can be called when the
//! module is removed, and all of them, in one order, when the JIT is dropped.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tjit_link::ModuleId;
use tjit_runtime::Pin;

use crate::fork;
use crate::reclaim::Reclaim;

mod handle;
mod thread;

pub(crate) use handle::Handle;
pub(crate) use thread::take as take_of_thread;

/// A function that the C++ ABI registers, with its argument.
pub(crate) type Destructor = unsafe extern "C-unwind" fn(*mut c_void);

unsafe extern "C" {
    // None is in the libc crate: they are part of the C++ ABI.
    fn __cxa_atexit(handler: Destructor, argument: *mut c_void, dso: *mut c_void) -> c_int;
    fn __cxa_finalize(dso: *mut c_void);
}

/// The handlers of one JIT's program that have not been called.
pub(crate) struct Exits {
    reclaim: Arc<Reclaim>,
    // In the order in which they were registered.
    pending: Mutex<Vec<Arc<Handler>>>,
}

struct Handler {
    work: Work,
    handle: Arc<Handle>,
    called: AtomicBool,
}

enum Work {
    Call(Destructor, *mut c_void),
    /// Functions without parameters, of several modules, in the order in which they are to be called.
    Destructors(Mutex<Vec<(ModuleId, usize)>>),
}

// SAFETY: the argument is the program's, which registers it to be used by whatever thread ends it.
unsafe impl Send for Work {}
// SAFETY: as for Send; the rest is behind a lock.
unsafe impl Sync for Work {}

/// A call that is due.
#[derive(Clone, Copy)]
pub(crate) enum Due {
    Handler(Destructor, *mut c_void),
    Destructor(usize),
}

/// Addresses under which code finds what takes the place of the C and C++ libraries' functions.
pub(crate) fn functions() -> [(&'static str, u64); 3] {
    let thread = thread::register as Register as usize as u64;
    [
        ("__cxa_atexit", register as Register as usize as u64),
        ("__cxa_thread_atexit", thread),
        ("__cxa_thread_atexit_impl", thread),
    ]
}

type Register = unsafe extern "C" fn(Destructor, *mut c_void, *mut c_void) -> c_int;

/// What the program calls as `__cxa_atexit`.
///
/// # Safety
/// As the Itanium C++ ABI has it (section 3.3.6.3): `handler` may be called with `argument` when `dso` is unloaded.
unsafe extern "C" fn register(
    handler: Destructor,
    argument: *mut c_void,
    dso: *mut c_void,
) -> c_int {
    match Handle::at(dso) {
        Some(handle) => handle.exits().add(&handle, Work::Call(handler, argument)),
        // SAFETY: says our caller.
        None => unsafe { __cxa_atexit(handler, argument, dso) },
    }
}

impl Exits {
    pub(crate) fn new(reclaim: Arc<Reclaim>) -> Self {
        Self {
            reclaim,
            pending: Mutex::default(),
        }
    }

    /// To be held while a handler runs.
    fn pin(&self) -> Option<Pin> {
        self.reclaim.pin()
    }

    /// Has `destructors` called, in order, at the end: after all handlers that are registered later. False if the system has no
    /// room.
    pub(crate) fn add_destructors(
        &self,
        handle: &Arc<Handle>,
        destructors: Vec<(ModuleId, usize)>,
    ) -> bool {
        self.add(handle, Work::Destructors(Mutex::new(destructors))) == 0
    }

    fn add(&self, handle: &Arc<Handle>, work: Work) -> c_int {
        // A child must find the list unlocked.
        let _inside = fork::enter();
        let handler = Arc::new(Handler {
            work,
            handle: handle.clone(),
            called: AtomicBool::new(false),
        });
        let mut pending = self.pending();
        let argument = Arc::into_raw(handler.clone()).cast_mut().cast();
        // SAFETY: `call` gets the share of the handler that it takes over, once: exit handlers are called once.
        let failed = unsafe { __cxa_atexit(call, argument, handler.dso() as *mut c_void) };
        if failed == 0 {
            pending.push(handler);
        } else {
            // SAFETY: nobody took over the share that was made for it.
            drop(unsafe { Arc::from_raw(argument.cast::<Handler>()) });
        }
        failed
    }

    fn pending(&self) -> MutexGuard<'_, Vec<Arc<Handler>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, handler: &Handler) {
        let _inside = fork::enter();
        let mut pending = self.pending();
        if let Some(index) = pending
            .iter()
            .rposition(|other| std::ptr::eq(&**other, handler))
        {
            pending.remove(index);
        }
    }

    /// Takes out what is due first of the modules in `of`: of the handler that was registered last, or of the destructors among
    /// them the next. The program as a whole is `None`.
    pub(crate) fn take(&self, of: impl Fn(Option<ModuleId>) -> bool) -> Option<Due> {
        let _inside = fork::enter();
        let mut pending = self.pending();
        let handlers = pending.iter().enumerate().rev();
        let (index, due) = handlers
            .filter_map(|(index, handler)| Some((index, handler.take(&of)?)))
            .next()?;
        if pending[index].is_over() {
            let handler = pending.remove(index);
            drop(pending);
            handler.called.store(true, Ordering::Relaxed);
            handler.give_back();
        }
        Some(due)
    }
}

impl Handler {
    /// What the C library knows it by: the handle of its module, or its own address.
    fn dso(self: &Arc<Self>) -> usize {
        match self.work {
            Work::Call(..) => self.handle.address(),
            Work::Destructors(_) => Arc::as_ptr(self).expose_provenance(),
        }
    }

    /// Whether there is nothing left to be called.
    fn is_over(&self) -> bool {
        match &self.work {
            Work::Call(..) => true,
            Work::Destructors(left) => {
                let left = left.lock().unwrap_or_else(PoisonError::into_inner);
                left.is_empty()
            }
        }
    }

    fn take(&self, of: impl Fn(Option<ModuleId>) -> bool) -> Option<Due> {
        match &self.work {
            Work::Call(handler, argument) => {
                of(self.handle.module()).then_some(Due::Handler(*handler, *argument))
            }
            Work::Destructors(left) => {
                let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
                let next = left.iter().position(|(module, _)| of(Some(*module)))?;
                Some(Due::Destructor(left.remove(next).1))
            }
        }
    }

    /// Gives the C library its place back, once it is over. Those of calls are given back with their handle.
    fn give_back(self: &Arc<Self>) {
        if let Work::Destructors(_) = self.work {
            // SAFETY: the only handler of this name is the one that does nothing any more.
            unsafe { __cxa_finalize(self.dso() as *mut c_void) };
        }
    }
}

/// What the C library calls.
///
/// # Safety
/// `handler` is a share of a handler, and is not used again.
unsafe extern "C-unwind" fn call(handler: *mut c_void) {
    // SAFETY: says our caller.
    let handler = unsafe { Arc::from_raw(handler.cast::<Handler>()) };
    // Relaxed: one swap decides who calls it; what it works on was made visible by whoever registered it.
    if handler.called.swap(true, Ordering::Relaxed) {
        return;
    }
    handler.handle.exits().forget(&handler);
    let _pin = handler.handle.exits().pin();
    loop {
        let due = handler.take(|_| true);
        let is_last = handler.is_over();
        if let Some(due) = due {
            // SAFETY: whoever added the module to the program vouched for its code, which is there as long as it is registered.
            unsafe { due.call() };
        }
        if is_last {
            break;
        }
    }
}

impl Due {
    /// Address of the function and its argument; one without parameters does not look.
    pub(crate) fn parts(self) -> (usize, usize) {
        match self {
            Self::Handler(handler, argument) => (handler as usize, argument as usize),
            Self::Destructor(stub) => (stub, 0),
        }
    }

    /// # Safety
    /// The program's code must be free of undefined behaviour, and there.
    pub(crate) unsafe fn call(self) {
        match self {
            // SAFETY: says our caller; the program registered it with this argument.
            Self::Handler(handler, argument) => unsafe { handler(argument) },
            Self::Destructor(stub) => {
                type Nullary = unsafe extern "C-unwind" fn();
                // SAFETY: a stub, which is never null, of a function that was listed as a destructor.
                let destructor =
                    unsafe { std::mem::transmute::<*const (), Nullary>(stub as *const ()) };
                // SAFETY: says our caller.
                unsafe { destructor() };
            }
        }
    }
}
