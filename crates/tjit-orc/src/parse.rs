//! From bytes to modules.

use std::path::Path;

use llvm_sys::core::LLVMCreateMemoryBufferWithMemoryRangeCopy;
use llvm_sys::ir_reader::LLVMParseIRInContext2;
use llvm_sys::prelude::{LLVMContextRef, LLVMModuleRef};

use tjit_failpoint::Point;

use crate::buffer::MemoryBuffer;
use crate::diagnostics::latched;
use crate::error::{Error, ErrorKind, failpoint, take_c_message};
use crate::names::c_name;

/// Parses bitcode or textual IR into a module that the caller owns.
pub(crate) fn parse(
    context: LLVMContextRef,
    name: &str,
    bytes: &[u8],
) -> Result<LLVMModuleRef, Error> {
    let operation = || format!("parsing `{name}`");
    if bytes.is_empty() {
        return Err(Error::new(
            ErrorKind::Parse,
            operation(),
            "the file is empty",
        ));
    }
    failpoint(Point::Parse, ErrorKind::Parse, operation)?;
    let c_name = c_name(name, "a module")?;
    // A copy, because textual IR must be followed by a NUL byte.
    // SAFETY: the range is that of a live slice, and LLVM copies it.
    let buffer = MemoryBuffer::new(unsafe {
        LLVMCreateMemoryBufferWithMemoryRangeCopy(
            bytes.as_ptr().cast(),
            bytes.len(),
            c_name.as_ptr(),
        )
    });
    latched(context, ErrorKind::Parse, operation, || {
        let mut module = std::ptr::null_mut();
        let mut message = std::ptr::null_mut();
        // SAFETY: all pointers are valid, the context is locked by the caller, and the buffer outlives the call.
        let failed =
            unsafe { LLVMParseIRInContext2(context, buffer.raw(), &mut module, &mut message) };
        let message = take_c_message(message);
        if failed != 0 {
            return Err(Error::new(
                ErrorKind::Parse,
                operation(),
                first_line(&message),
            ));
        }
        Ok(module)
    })
}

/// Reads a file that is about to be parsed; a directory or a missing file gets the system's message.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| {
        Error::new(
            ErrorKind::Parse,
            format!("reading `{}`", path.display()),
            error.to_string(),
        )
    })
}

/// The message without the excerpt of the source and the caret line that LLVM puts below it.
fn first_line(message: &str) -> &str {
    message
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("malformed input")
}
