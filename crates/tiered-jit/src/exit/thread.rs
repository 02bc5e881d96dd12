//! Destructors of thread-locals, which wait for the end of their thread.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Destructor, Due, Handle};

unsafe extern "C" {
    // glibc 2.18 and later; what libstdc++'s `__cxa_thread_atexit` calls.
    fn __cxa_thread_atexit_impl(
        destructor: Destructor,
        object: *mut c_void,
        dso: *mut c_void,
    ) -> c_int;
}

/// A destructor that waits; in the list of its thread, the last registered first.
struct ThreadExit {
    destructor: Destructor,
    object: *mut c_void,
    handle: Arc<Handle>,
    called: Cell<bool>,
    next: *const ThreadExit,
}

thread_local! {
    // Without a destructor of its own: it is used while others' are called.
    static LAST: Cell<*const ThreadExit> = const { Cell::new(ptr::null()) };
}

/// What the program calls as `__cxa_thread_atexit`.
///
/// # Safety
/// As the Itanium C++ ABI has it (section 3.3.6.3): `destructor` may be called with `object` at the end of this thread.
pub(super) unsafe extern "C" fn register(
    destructor: Destructor,
    object: *mut c_void,
    dso: *mut c_void,
) -> c_int {
    let Some(handle) = Handle::at(dso) else {
        // SAFETY: says our caller.
        return unsafe { __cxa_thread_atexit_impl(destructor, object, dso) };
    };
    // Relaxed: the thread that asks how many there are has to know that this one is through with registering.
    handle.in_threads.fetch_add(1, Ordering::Relaxed);
    let exit = Box::into_raw(Box::new(ThreadExit {
        destructor,
        object,
        handle,
        called: Cell::new(false),
        next: LAST.get(),
    }));
    // SAFETY: `call` takes over what is boxed, and is called once, on this thread.
    let failed = unsafe { __cxa_thread_atexit_impl(call, exit.cast(), dso) };
    if failed == 0 {
        LAST.set(exit);
    } else {
        // SAFETY: nobody took it over.
        let exit = unsafe { Box::from_raw(exit) };
        exit.handle.in_threads.fetch_sub(1, Ordering::Release);
    }
    failed
}

/// What the C library calls at the end of the thread, the last registered first.
///
/// # Safety
/// `exit` is the last of this thread's list.
unsafe extern "C-unwind" fn call(exit: *mut c_void) {
    // SAFETY: says our caller; it was boxed when it was registered.
    let exit = unsafe { Box::from_raw(exit.cast::<ThreadExit>()) };
    LAST.set(exit.next);
    let is_retired = exit.handle.is_retired.load(Ordering::Relaxed);
    if let Some(due) = exit.take().filter(|_| !is_retired) {
        let _pin = exit.handle.exits().pin();
        // SAFETY: whoever added the module to the program vouched for its code, which is there as long as it is registered.
        unsafe { due.call() };
        exit.count();
    }
}

impl ThreadExit {
    fn take(&self) -> Option<Due> {
        let was_called = self.called.replace(true);
        (!was_called).then_some(Due::Handler(self.destructor, self.object))
    }

    /// The destructor has been called.
    fn count(&self) {
        // Release: what it did comes before its module may go.
        self.handle.in_threads.fetch_sub(1, Ordering::Release);
    }
}

/// The exits of this thread, the last registered first.
fn each<R>(mut found: impl FnMut(&ThreadExit) -> Option<R>) -> Option<R> {
    let mut exit = LAST.get();
    while !exit.is_null() {
        // SAFETY: what is in the list is there until this thread ends.
        let this = unsafe { &*exit };
        if let Some(result) = found(this) {
            return Some(result);
        }
        exit = this.next;
    }
    None
}

/// How many destructors of handles in `of` wait for the end of this thread.
pub(super) fn own(of: impl Fn(&Arc<Handle>) -> bool) -> usize {
    let mut count = 0;
    each::<()>(|exit| {
        count += usize::from(!exit.called.get() && of(&exit.handle));
        None
    });
    count
}

/// Takes out the destructor of handles in `of` that this thread registered last. It no longer counts as waiting.
pub(crate) fn take(of: impl Fn(&Handle) -> bool) -> Option<Due> {
    each(|exit| {
        let due = if of(&exit.handle) {
            exit.take()?
        } else {
            return None;
        };
        exit.count();
        Some(due)
    })
}
