//! The program's beginning and end: constructors, `main`, destructors.

use std::ffi::{CString, c_char, c_int, c_void};

use tjit_link::Linked;

use crate::Error;
use crate::engine::Engine;

type Main = unsafe extern "C" fn(c_int, *const *const c_char, *const *const c_char) -> c_int;
type Initializer = unsafe extern "C" fn(c_int, *const *const c_char, *const *const c_char);

unsafe extern "C" {
    // Neither is in the libc crate: the first is part of the C++ ABI, the second POSIX's.
    fn __cxa_finalize(dso: *mut c_void);
    static environ: *const *const c_char;
}

/// Runs the constructors of newly linked modules.
///
/// # Safety
/// The modules' code must be free of undefined behaviour.
pub(crate) unsafe fn construct(engine: &Engine, linked: &Linked) -> Result<(), Error> {
    for constructor in &linked.constructors {
        let address = entry(engine, &constructor.symbol)?;
        let arguments = [std::ptr::null()];
        // SAFETY: the address is that of a constructor's stub, which takes nothing or, as glibc passes them, the arguments of
        // main; our caller vouches for its code.
        unsafe {
            let function = std::mem::transmute::<*const (), Initializer>(address as *const ());
            function(0, arguments.as_ptr(), environ);
        }
    }
    Ok(())
}

/// Runs a function of main's type.
///
/// # Safety
/// `entry` must be such a function and the program free of undefined behaviour.
pub(crate) unsafe fn run_main(
    engine: &Engine,
    name: &str,
    arguments: &[CString],
) -> Result<i32, Error> {
    let address = entry(engine, name)?;
    let mut argv: Vec<*const c_char> = arguments.iter().map(|argument| argument.as_ptr()).collect();
    argv.push(std::ptr::null());
    let argc = c_int::try_from(arguments.len()).unwrap_or(c_int::MAX);
    // SAFETY: the address is that of the function's stub; our caller vouches for its type and code. C lets main write to the
    // strings, which nobody else reads meanwhile.
    unsafe {
        let main = std::mem::transmute::<*const (), Main>(address as *const ());
        Ok(main(argc, argv.as_ptr(), environ))
    }
}

fn entry(engine: &Engine, symbol: &str) -> Result<usize, Error> {
    let record = engine
        .record(symbol)
        .ok_or_else(|| Error::NoEntry(symbol.to_owned()))?;
    Ok(record.stub())
}

/// Runs the handlers that the program registered for its end, last first, as `dlclose` does for a library.
pub(crate) fn finalize(engine: &Engine) {
    let Some(&dso) = engine.support.get("__dso_handle") else {
        return;
    };
    // SAFETY: the handle is the program's own, so only its handlers run. They were registered by code whose addition to the
    // program its embedder vouched for, and the code is still there.
    unsafe { __cxa_finalize(dso as *mut c_void) };
}
