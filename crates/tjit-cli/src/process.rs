//! The process that `tjit` shares with the program: what it takes libc, or trust in the program, to do.
//!
//! The one file of this crate with unsafe code.

#![expect(
    unsafe_code,
    reason = "libc's process-wide state and running the program are nothing the compiler can check"
)]

use std::ffi::{CString, c_int};
use std::io;
use std::mem::MaybeUninit;

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
            libc::sigaction(signal, std::ptr::null(), old.as_mut_ptr());
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
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, old.as_ptr(), std::ptr::null_mut()) };
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

/// Ends the process in the middle of a call that can't go on. What the program wrote is kept; its handlers don't run, since
/// they may need what the interrupted code was in the middle of changing.
pub(crate) fn abandon(reason: &Error) -> ! {
    // SAFETY: null stands for all streams, and flushing them has no preconditions.
    unsafe { libc::fflush(std::ptr::null_mut()) };
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
