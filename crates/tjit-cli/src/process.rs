//! The process that `tjit` shares with the program: what it takes libc, or trust in the program, to do.
//!
//! The one file of this crate with unsafe code.

#![expect(
    unsafe_code,
    reason = "libc's process-wide state and running the program are nothing the compiler can check"
)]

use std::ffi::{CStr, CString, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use tiered_jit::{ModuleSource, TieredJit};

use crate::error::{self, Error};

/// Gives the signals that Rust's runtime took over back to the system, as a program expects to find them: SIGPIPE ends
/// the process, and so does running out of stack, without a message of Rust's.
pub(crate) fn restore_signals() {
    // SAFETY: the default action is valid for this signal, and no thread but this one exists yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: as above; a null new action only asks, and `old` is valid for writes.
        let old = unsafe {
            let mut old = MaybeUninit::<libc::sigaction>::zeroed();
            libc::sigaction(signal, ptr::null(), old.as_mut_ptr());
            old.assume_init()
        };
        // After exec there are no handlers, so one that is there is Rust's; an ignored signal was inherited and stays.
        if old.sa_sigaction != libc::SIG_IGN {
            // SAFETY: as for SIGPIPE.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
}

/// Runs `start` with all signals blocked, so that the threads it starts never receive one: signals of the process are for the
/// program, whose threads may wait for them with `sigwait`.
pub(crate) fn without_signals<R>(start: impl FnOnce() -> R) -> R {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `all` is valid for writes, and the call initialises it.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    let mut old = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: `all` was initialised above and `old` is valid for writes.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), old.as_mut_ptr()) };
    let result = start();
    // SAFETY: `old` was written by the call that blocked them; null means that nothing is to be written.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, old.as_ptr(), ptr::null_mut()) };
    result
}

/// Has `handler` called when the process ends by `exit` or by returning from `main`, after all that is registered later.
pub(crate) fn at_exit(handler: extern "C" fn()) -> io::Result<()> {
    // SAFETY: the handler is a function without preconditions that lives as long as the process.
    match unsafe { libc::atexit(handler) } {
        0 => Ok(()),
        _ => Err(io::Error::from(io::ErrorKind::OutOfMemory)),
    }
}

/// Ends the process when the program can't go on, or can't begin. What it wrote is kept; its handlers don't run, since they may
/// need what the interrupted code was in the middle of changing.
pub(crate) fn abandon(reason: &Error) -> ! {
    // SAFETY: null stands for all streams, and flushing them has no preconditions.
    unsafe { libc::fflush(ptr::null_mut()) };
    error::report(reason);
    // SAFETY: ends the process without running any more of it.
    unsafe { libc::_exit(c_int::from(error::EXIT_CODE)) }
}

/// Links the modules into the program of `jit`, runs its constructors and then `entry`, on this thread.
pub(crate) fn run(
    jit: &TieredJit,
    modules: Vec<ModuleSource>,
    entry: &str,
    arguments: &[CString],
) -> Result<i32, Error> {
    // SAFETY: whoever started us asked for this program to be run, and trusts it as they would an executable: it has our
    // rights and can do whatever we can. That the entry function is of main's type is what its flag asks for.
    Ok(unsafe { jit.run_program(modules, entry, arguments)? })
}

type Handler = unsafe extern "C" fn(*mut c_void);
type Register = unsafe extern "C" fn(Handler, *mut c_void, *mut c_void) -> c_int;

/// Takes the place of the C library's function for the whole process, because the dynamic linker looks in the executable first,
/// and drops what LLVM registers: its statics are never destroyed.
///
/// At exit handlers run last registered first, and LLVM makes many a static when a pass first needs it, in the midst of the
/// program. Their destructors would run while compile threads use them, and before handlers of the program
/// that may call a function for the first time.
///
/// # Safety
/// As the Itanium C++ ABI has it (section 3.3.6.3): `handler` may be called with `argument` when `dso` is unloaded.
#[unsafe(no_mangle)]
unsafe extern "C" fn __cxa_atexit(
    handler: Handler,
    argument: *mut c_void,
    dso: *mut c_void,
) -> c_int {
    if is_llvm(dso) {
        return 0;
    }
    // SAFETY: the name is NUL-terminated; the next definition after ours is the C library's.
    let next = unsafe { libc::dlsym(libc::RTLD_NEXT, c"__cxa_atexit".as_ptr()) };
    if next.is_null() {
        return -1;
    }
    // SAFETY: it is a function of this type wherever it is defined.
    let next = unsafe { std::mem::transmute::<*mut c_void, Register>(next) };
    // SAFETY: says our caller.
    unsafe { next(handler, argument, dso) }
}

/// Whether the handle of a shared object is libLLVM's. Called before main, thousands of times, so it neither allocates nor
/// looks twice.
fn is_llvm(dso: *mut c_void) -> bool {
    static LLVM: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
    // Relaxed: nothing but the pointer itself is read through it.
    let known = LLVM.load(Ordering::Relaxed);
    if !known.is_null() || dso.is_null() {
        return known == dso && !dso.is_null();
    }
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: any address may be asked for, and `info` is valid for writes.
    let found = unsafe { libc::dladdr(dso, info.as_mut_ptr()) };
    // SAFETY: null pointers and zeros, which it began as, are valid in every field.
    let name = unsafe { info.assume_init() }.dli_fname;
    if found == 0 || name.is_null() {
        return false;
    }
    // SAFETY: a NUL-terminated path, which lives as long as the object is loaded.
    let path = unsafe { CStr::from_ptr(name) }.to_bytes();
    let is_llvm = path
        .rsplit(|byte| *byte == b'/')
        .next()
        .is_some_and(|file| file.starts_with(b"libLLVM"));
    if is_llvm {
        LLVM.store(dso, Ordering::Relaxed);
    }
    is_llvm
}
