//! Diagnostics of LLVM contexts, latched so that a failed compile is seen as one.
//!
//! Without a handler LLVM prints errors and calls `exit(1)`; with one it goes on as if nothing had
//! happened (an instruction with bad inline assembly is dropped, say), so every operation that can
//! emit a diagnostic runs inside [`latched`], which turns latched errors into an `Err`.

use std::cell::RefCell;
use std::ffi::{CStr, c_void};

use llvm_sys::LLVMDiagnosticSeverity;
use llvm_sys::core::{
    LLVMContextGetDiagnosticContext, LLVMContextGetDiagnosticHandler,
    LLVMContextSetDiagnosticHandler, LLVMDisposeMessage, LLVMGetDiagInfoDescription,
    LLVMGetDiagInfoSeverity,
};
use llvm_sys::prelude::{LLVMContextRef, LLVMDiagnosticInfoRef};

use crate::error::{Error, ErrorKind};

thread_local! {
    // LLVM reports a diagnostic on the thread that runs the pass, so the latch needs no lock.
    static LATCHED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

extern "C" fn latch(info: LLVMDiagnosticInfoRef, _context: *mut c_void) {
    // SAFETY: LLVM passes a diagnostic that is valid during this call.
    let severity = unsafe { LLVMGetDiagInfoSeverity(info) };
    if severity != LLVMDiagnosticSeverity::LLVMDSError {
        return;
    }
    // SAFETY: as above; the returned string is owned by us.
    let text = unsafe { LLVMGetDiagInfoDescription(info) };
    // SAFETY: the description is a NUL-terminated string.
    let message = unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned();
    // SAFETY: the description was allocated by LLVM for us and is not used again.
    unsafe { LLVMDisposeMessage(text) };
    // `try_with`: a thread that is ending has no latch left, and unwinding from here is not possible.
    let _ = LATCHED.try_with(|latched| {
        if let Ok(mut latched) = latched.try_borrow_mut() {
            latched.push(message);
        }
    });
}

/// Makes `context` latch its diagnostics for ever.
pub(crate) fn install(context: LLVMContextRef) {
    // SAFETY: the callers pass a live context; the handler needs no state of its own.
    unsafe { LLVMContextSetDiagnosticHandler(context, Some(latch), std::ptr::null_mut()) };
}

/// Puts back the handler that a foreign context had, also when the operation panics.
struct Restore {
    context: LLVMContextRef,
    handler: llvm_sys::LLVMDiagnosticHandler,
    state: *mut c_void,
}

impl Drop for Restore {
    fn drop(&mut self) {
        // SAFETY: handler and state were read from this same context, which outlives `latched`.
        unsafe { LLVMContextSetDiagnosticHandler(self.context, self.handler, self.state) };
    }
}

/// Runs `operation`, which works on `context`, and fails if it emitted an error diagnostic.
///
/// An error that `operation` returns itself gets the diagnostics as its message if there are any: they
/// say what is wrong where the return value often only says that something is.
pub(crate) fn latched<R>(
    context: LLVMContextRef,
    kind: ErrorKind,
    what: impl Fn() -> String,
    operation: impl FnOnce() -> Result<R, Error>,
) -> Result<R, Error> {
    let restore = Restore {
        context,
        // SAFETY: `context` is live.
        handler: unsafe { LLVMContextGetDiagnosticHandler(context) },
        // SAFETY: `context` is live.
        state: unsafe { LLVMContextGetDiagnosticContext(context) },
    };
    install(context);
    // What an enclosing operation has latched so far belongs to it.
    let outer = LATCHED.with_borrow_mut(std::mem::take);
    let result = operation();
    let latched = LATCHED.with_borrow_mut(|latched| std::mem::replace(latched, outer));
    drop(restore);
    match (latched.is_empty(), result) {
        (true, result) => result,
        (false, Ok(_)) => Err(Error::new(kind, what(), latched.join("; "))),
        (false, Err(error)) => Err(Error::new(
            error.kind(),
            error.operation(),
            latched.join("; "),
        )),
    }
}
