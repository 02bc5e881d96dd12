//! The one error type of this crate, and the conversion from LLVM's.

use std::ffi::{CStr, c_char};
use std::fmt;

use llvm_sys::error::{LLVMDisposeErrorMessage, LLVMErrorRef, LLVMGetErrorMessage};

/// What LLVM refused to do, in LLVM's own words.
///
/// Displayed as `operation: message`, for example ``parsing `a.ll`: a.ll:3:7: error: expected type``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    operation: String,
    message: String,
}

/// The class of an [`Error`], for callers that react differently to bad input and to failures of LLVM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input could not be parsed as bitcode or textual IR.
    Parse,
    /// The module breaks a rule of the IR verifier.
    Verify,
    /// The target triple, CPU or feature string is not one this host can run.
    Target,
    /// A pass pipeline is misspelt or failed.
    Passes,
    /// Code generation failed.
    CodeGeneration,
    /// Linking, materializing or looking up symbols failed.
    Link,
    /// A name can't be handed to LLVM: it is empty or holds a NUL byte.
    Name,
    /// A Rust callback panicked while LLVM was calling it.
    Panic,
    /// It was told to stop, see [`Stop`](crate::Stop).
    Stopped,
}

impl Error {
    /// An error of class `kind` that happened while doing `operation`.
    pub fn new(kind: ErrorKind, operation: impl Into<String>, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self {
            kind,
            operation: operation.into(),
            message: message.trim_end().to_owned(),
        }
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was being done, for example ``looking up `main` ``.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// LLVM's message, without a trailing line feed.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.message)
    }
}

impl std::error::Error for Error {}

/// Turns an `LLVMErrorRef`, which is consumed, into a `Result`.
pub(crate) fn check(
    error: LLVMErrorRef,
    kind: ErrorKind,
    operation: impl FnOnce() -> String,
) -> Result<(), Error> {
    if error.is_null() {
        return Ok(());
    }
    Err(Error::new(kind, operation(), take_message(error)))
}

/// Where a test can make an operation fail.
pub(crate) fn failpoint(
    point: tjit_failpoint::Point,
    kind: ErrorKind,
    operation: impl FnOnce() -> String,
) -> Result<(), Error> {
    tjit_failpoint::hit(point)
        .map_err(|injected| Error::new(kind, operation(), injected.to_string()))
}

/// The text of a failure value, which is consumed.
pub(crate) fn take_message(error: LLVMErrorRef) -> String {
    // SAFETY: `error` is a non-null failure value that nobody has consumed; this call consumes it and
    // returns a string that the next-but-one call frees with the matching deallocator.
    let text = unsafe { LLVMGetErrorMessage(error) };
    // SAFETY: LLVM returns a NUL-terminated string that lives until it is disposed of below.
    let message = unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned();
    // SAFETY: `text` came from LLVMGetErrorMessage and is not used again.
    unsafe { LLVMDisposeErrorMessage(text) };
    message
}

/// The text of a message allocated by `LLVMCreateMessage`, which is freed; null gives an empty text.
pub(crate) fn take_c_message(text: *mut c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the callers pass the message out-parameter of an llvm-c call, a NUL-terminated string.
    let message = unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned();
    // SAFETY: such messages are allocated by LLVMCreateMessage and owned by the caller.
    unsafe { llvm_sys::core::LLVMDisposeMessage(text) };
    message
}
