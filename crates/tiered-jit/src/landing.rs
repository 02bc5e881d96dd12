//! Where an entry into the program ends when a call in it can't be served.
//!
//! A function that is called for the first time and can't be had has a caller that waits in the middle of compiled code. If
//! that thread entered the program through us, the entry ends there, with the error: the frames in between are unwound as
//! `pthread_exit` unwinds them (glibc, `nptl/unwind.c`), so that destructors and other cleanups run, and a jump takes the
//! thread back to where it entered.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use tjit_runtime::PinsSince;
use tjit_stubs::CodePtr;

use crate::Error;
use crate::config::FatalHandler;

mod caught;
mod cxx_globals;
mod flight;
mod ir;
mod stack;

use cxx_globals::CxxGlobals;
pub(crate) use ir::{Entry, NAMES, support_ir};

thread_local! {
    // Without a destructor, and so there for signal handlers and for destructors of other thread-locals.
    static INNERMOST: Cell<*const Landing> = const { Cell::new(ptr::null()) };
}

/// One entry into the program, on the stack of whoever made it.
#[repr(C)]
pub(crate) struct Landing {
    // The first three are written by the IR; see there.
    buffer: Cell<*mut c_void>,
    stack: Cell<usize>,
    result: Cell<u64>,
    previous: *const Landing,
    ended: RefCell<Option<Ended>>,
    fatal: Arc<FatalHandler>,
}

/// What ended an entry early.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    /// A call that could not be served.
    By(Error),
    /// An exception left the function: what it was.
    Threw(String),
}

/// The arguments of a function that is entered, as registers have them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words(pub(crate) usize, pub(crate) usize, pub(crate) usize);

/// Calls `function` through `entry` and returns what it returns, as a register has it.
///
/// # Errors
/// What ended it early.
///
/// # Safety
/// `function` must be the address of one that takes up to three arguments like these and returns an integer, a pointer or
/// nothing, and its code free of undefined behaviour. `entry` must be compiled from [`support_ir`].
pub(crate) unsafe fn enter(
    entry: Entry,
    fatal: &Arc<FatalHandler>,
    function: usize,
    words: Words,
) -> Result<u64, Ended> {
    let landing = Landing {
        buffer: Cell::new(ptr::null_mut()),
        stack: Cell::new(0),
        result: Cell::new(0),
        previous: INNERMOST.get(),
        ended: RefCell::new(None),
        fatal: fatal.clone(),
    };
    let globals = CxxGlobals::now();
    let pins = PinsSince::now();
    let current = Current::begin(&landing);
    // SAFETY: the landing outlives the call, the rest says our caller.
    unsafe { (entry.function())(&raw const landing, function, words.0, words.1, words.2) };
    drop(current);
    match landing.ended.into_inner() {
        Some(ended) => {
            globals.restore();
            stack::give_up(pins, landing.stack.get());
            Err(ended)
        }
        None => Ok(landing.result.get()),
    }
}

/// A closure to call and what it returned.
struct Call<F, R> {
    body: Option<F>,
    result: Option<R>,
}

/// Calls `body` through `entry`, which must let exceptions pass.
///
/// # Errors
/// What ended it early.
///
/// # Safety
/// As [`TieredJit::protect`](crate::TieredJit::protect); `entry` must be compiled from [`support_ir`].
pub(crate) unsafe fn protect<R>(
    entry: Entry,
    fatal: &Arc<FatalHandler>,
    body: impl FnOnce() -> R,
) -> Result<R, Error> {
    let mut call = Call {
        body: Some(body),
        result: None,
    };
    let function = run_for(&call);
    let words = Words((&raw mut call).expose_provenance(), 0, 0);
    // SAFETY: the function takes the address of such a call; the rest says our caller.
    match unsafe { enter(entry, fatal, function, words) } {
        Err(Ended::By(error)) => Err(error),
        // Nothing that is thrown ends in this entry.
        Ok(_) | Err(Ended::Threw(_)) => Ok(call.result.expect("set before it returned")),
    }
}

/// The address of the function that makes a call of this type.
fn run_for<F: FnOnce() -> R, R>(_call: &Call<F, R>) -> usize {
    run::<F, R> as unsafe extern "C-unwind" fn(*mut Call<F, R>) -> u64 as usize
}

/// # Safety
/// `call` is valid for reads and writes, and used by nobody else meanwhile.
unsafe extern "C-unwind" fn run<F: FnOnce() -> R, R>(call: *mut Call<F, R>) -> u64 {
    // SAFETY: says our caller.
    let call = unsafe { &mut *call };
    if let Some(body) = call.body.take() {
        call.result = Some(body());
    }
    0
}

/// Makes a landing the thread's innermost until it is dropped, which may be by a panic.
struct Current {
    previous: *const Landing,
}

impl Current {
    fn begin(landing: &Landing) -> Self {
        INNERMOST.set(landing);
        Self {
            previous: landing.previous,
        }
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        INNERMOST.set(self.previous);
    }
}

/// Has the innermost entry of this thread end with `error`: returns the code that the waiting call shall continue at, or
/// the error where nobody has entered.
pub(crate) fn divert(error: Error) -> Result<CodePtr, Error> {
    let landing = INNERMOST.get();
    if landing.is_null() {
        return Err(error);
    }
    let Some(code) = CodePtr::from_ptr(flight::raise as *const ()) else {
        return Err(error);
    };
    // SAFETY: it is on the stack of this thread, in a frame of `enter` that has not returned.
    unsafe { &*landing }.end(Ended::By(error));
    Ok(code)
}

impl Landing {
    /// The first is the cause of the others: a cleanup may meet one more.
    fn end(&self, ended: Ended) {
        if let Ok(mut place) = self.ended.try_borrow_mut() {
            place.get_or_insert(ended);
        }
    }

    /// Tells the fatal handler why this entry can't be ended.
    fn report(&self) {
        if let Ok(ended) = self.ended.try_borrow()
            && let Some(Ended::By(error)) = &*ended
        {
            (self.fatal)(error);
        }
    }
}
