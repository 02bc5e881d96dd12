//! The one guard between LLVM's callbacks and Rust code that may panic.

use std::any::Any;
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use llvm_sys::error::{LLVMCreateStringError, LLVMErrorRef};

use crate::error::{Error, ErrorKind};

/// Runs `f`, turning a panic into an [`Error`], so that nothing unwinds into C++ frames.
///
/// `AssertUnwindSafe`: what `f` was working on is reported as failed and not used any more.
pub fn guard<R>(operation: &str, f: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| {
        Err(Error::new(
            ErrorKind::Panic,
            operation,
            panic_message(payload.as_ref()),
        ))
    })
}

/// What a panic said, for error messages.
pub fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    match text {
        Some(text) => format!("panicked: {text}"),
        None => "panicked with a value that is not a string".to_owned(),
    }
}

/// [`guard`] for callbacks that report to LLVM.
pub(crate) fn guard_llvm(operation: &str, f: impl FnOnce() -> Result<(), Error>) -> LLVMErrorRef {
    match guard(operation, f) {
        Ok(()) => std::ptr::null_mut(),
        Err(error) => {
            let text =
                CString::new(error.to_string().replace('\0', "\u{fffd}")).unwrap_or_default();
            // SAFETY: a NUL-terminated string, which LLVM copies.
            unsafe { LLVMCreateStringError(text.as_ptr()) }
        }
    }
}
