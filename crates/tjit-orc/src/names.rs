//! Names on their way to LLVM, which takes NUL-terminated strings in most places.

use std::ffi::CString;

use crate::error::{Error, ErrorKind};

/// A C string of `name`, or an error when that would silently cut it short.
pub(crate) fn c_name(name: &str, what: &str) -> Result<CString, Error> {
    CString::new(name).map_err(|_| {
        Error::new(
            ErrorKind::Name,
            format!("naming {what} {name:?}"),
            "the name holds a NUL byte",
        )
    })
}
