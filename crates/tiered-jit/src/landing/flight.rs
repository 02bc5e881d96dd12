//! The way from a call that can't be served to the landing.

use std::ffi::{c_int, c_uint, c_void};
use std::process::abort;
use std::sync::OnceLock;

use super::cxx_globals::CxxGlobals;
use super::{INNERMOST, Landing};

/// `_Unwind_Exception` of the Itanium C++ ABI (part I, 1.2.2) on 64-bit machines, where it is aligned like everything.
#[repr(C, align(16))]
pub(super) struct UnwindException {
    pub(super) class: u64,
    pub(super) cleanup: unsafe extern "C-unwind" fn(c_int, *mut UnwindException),
    private: [usize; 2],
}

/// What travels: no handler knows its class, so only those that catch everything see it.
#[repr(C)]
struct Flight {
    exception: UnwindException,
    landing: *const Landing,
    /// How many C++ exceptions were thrown and not caught yet when it began.
    uncaught: c_uint,
}

/// Vendor and language, as the ABI wants it.
const CLASS: u64 = u64::from_be_bytes(*b"TJIT\0ERR");

// Values of the ABI (part I, 1.3 and 1.4) and of `_UA_END_OF_STACK`, which GCC and LLVM add to it.
const NO_REASON: c_int = 0;
const END_OF_STACK: c_int = 16;

type Stop = unsafe extern "C" fn(
    c_int,
    c_int,
    u64,
    *mut UnwindException,
    *mut c_void,
    *mut c_void,
) -> c_int;
type Terminate = unsafe extern "C" fn();

unsafe extern "C" {
    // glibc's, which does not ask whether it jumps up the stack as `__longjmp_chk` does: signal stacks may lie anywhere.
    fn siglongjmp(buffer: *mut c_void, value: c_int) -> !;
    fn _Unwind_GetCFA(context: *mut c_void) -> usize;
    #[link_name = "_ZSt13set_terminatePFvvE"]
    fn set_terminate(handler: Terminate) -> Option<Terminate>;
}

unsafe extern "C-unwind" {
    fn _Unwind_ForcedUnwind(
        exception: *mut UnwindException,
        stop: Stop,
        argument: *mut c_void,
    ) -> c_int;
}

/// Entered instead of a function that can't be had, as if its caller had called it. No drop is pending in it, so that it is
/// unwound like the others.
pub(super) unsafe extern "C-unwind" fn raise() {
    // SAFETY: `divert` led here because there is a landing.
    unsafe { fly(INNERMOST.get()) }
}

/// Unwinds to `landing`.
///
/// # Safety
/// It is that of an entry of this thread that has not ended.
unsafe extern "C-unwind" fn fly(landing: *const Landing) -> ! {
    hook_terminate();
    let flight = Box::into_raw(Box::new(Flight {
        exception: UnwindException {
            class: CLASS,
            cleanup: swallowed,
            private: [0; 2],
        },
        landing,
        uncaught: CxxGlobals::now().uncaught,
    }));
    // SAFETY: the exception stays until `stop` or `swallowed` frees it, and so does the landing.
    unsafe { _Unwind_ForcedUnwind(flight.cast(), stop, landing.cast_mut().cast()) };
    // It comes back only if a frame does not allow it, such as one of Rust that calls what can't unwind.
    // SAFETY: says our caller.
    unsafe { &*landing }.report();
    abort()
}

/// Called before each frame is unwound: jumps when it is the landing's, or when nothing further out is known. Frames without
/// unwind information, and those between them and the landing, are given up without cleanups.
///
/// # Safety
/// As `_Unwind_ForcedUnwind` calls it for a [`Flight`] with its landing.
unsafe extern "C" fn stop(
    _version: c_int,
    actions: c_int,
    _class: u64,
    exception: *mut UnwindException,
    context: *mut c_void,
    landing: *mut c_void,
) -> c_int {
    // SAFETY: says our caller.
    let landing = unsafe { &*landing.cast::<Landing>() };
    let flight = exception.cast::<Flight>();
    // A handler that threw it on counted it among those of C++ that are not caught, and nobody takes it out again.
    // SAFETY: says our caller.
    CxxGlobals::set_uncaught(unsafe { (*flight).uncaught });
    // The stack pointer of a frame while it calls another: equal, not just beyond, since the stacks of signal handlers and
    // coroutines lie anywhere.
    // SAFETY: the unwinder's own context.
    let is_landing = unsafe { _Unwind_GetCFA(context) } == landing.stack.get();
    if !is_landing && actions & END_OF_STACK == 0 {
        return NO_REASON;
    }
    // SAFETY: made by `fly`, and nobody looks at it once we have jumped.
    drop(unsafe { Box::from_raw(flight) });
    // SAFETY: the frame of the buffer waits for the program to return. What is jumped over are the unwinder's frames, which
    // are made for it, and those above.
    unsafe { siglongjmp(landing.buffer.get(), 1) }
}

/// A handler that catches everything ended without throwing it on, where `pthread_exit` would abort the process: the entry
/// is ended all the same, from there. If the handler threw something of its own, that goes its way first: whatever the
/// program makes of it, the entry ends with the error when it ends.
///
/// # Safety
/// As the ABI has it: `exception` is that of a [`Flight`], which nobody uses any more.
unsafe extern "C-unwind" fn swallowed(_reason: c_int, exception: *mut UnwindException) {
    // SAFETY: says our caller.
    let flight = unsafe { Box::from_raw(exception.cast::<Flight>()) };
    let (landing, uncaught) = (flight.landing, flight.uncaught);
    drop(flight);
    if CxxGlobals::now().uncaught <= uncaught {
        // SAFETY: the handler was on the way to the landing.
        unsafe { fly(landing) }
    }
}

static PREVIOUS_TERMINATE: OnceLock<Option<Terminate>> = OnceLock::new();

/// Has the error told when a function that must not throw is in the way: C++ ends the process there.
fn hook_terminate() {
    // SAFETY: the handler is there as long as this code is.
    PREVIOUS_TERMINATE.get_or_init(|| unsafe { set_terminate(terminate) });
}

/// # Safety
/// As a terminate handler is called.
unsafe extern "C" fn terminate() {
    let landing = INNERMOST.get();
    if !landing.is_null() {
        // SAFETY: it is on this thread's stack, in a frame that has not returned.
        unsafe { &*landing }.report();
    }
    if let Some(Some(previous)) = PREVIOUS_TERMINATE.get() {
        // SAFETY: the handler that was there, called as it would have been.
        unsafe { previous() };
    }
    abort()
}
