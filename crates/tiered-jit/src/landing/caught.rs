//! Exceptions that left a function they must not leave: what they were.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::catch_unwind;

use super::flight::UnwindException;
use super::{Ended, Landing};
use crate::host::dl_info;

/// Exception classes of GCC's C++, thrown anew and rethrown by `std::rethrow_exception`, and of Rust.
const CXX: u64 = u64::from_be_bytes(*b"GNUCC++\0");
const CXX_DEPENDENT: u64 = u64::from_be_bytes(*b"GNUCC++\x01");
const RUST: u64 = u64::from_ne_bytes(*b"MOZ\0RUST");
/// As of Rust before the order of the bytes changed (`library/panic_unwind/src/gcc.rs`).
const RUST_BEFORE: u64 = u64::from_be_bytes(*b"MOZ\0RUST");

/// `std::type_info` (Itanium C++ ABI, 2.9.3): a virtual table and the mangled name.
#[repr(C)]
struct TypeInfo {
    _virtual_table: *const c_void,
    name: *const c_char,
}

/// `std::exception` (Itanium C++ ABI, 2.5.2): its table has two destructors and then `what`.
#[repr(C)]
struct StandardException {
    virtual_table: *const [*const c_void; 3],
}

type What = unsafe extern "C" fn(*const StandardException) -> *const c_char;

unsafe extern "C" {
    // Of the C++ ABI, in libstdc++.
    fn __cxa_begin_catch(exception: *mut UnwindException) -> *const c_void;
    fn __cxa_end_catch();
    fn __cxa_current_exception_type() -> *const TypeInfo;
}

unsafe extern "C-unwind" {
    fn _Unwind_RaiseException(exception: *mut UnwindException) -> c_int;
}

/// What the entry's handler calls.
///
/// # Safety
/// The landing of the entry, the exception that its handler was given, and whether the handler for `std::exception` was
/// chosen.
pub(super) unsafe extern "C" fn caught(
    landing: *const Landing,
    exception: *mut UnwindException,
    is_standard: c_int,
) {
    // SAFETY: says our caller.
    let class = unsafe { (*exception).class };
    let what = match class {
        // SAFETY: says our caller, and it is one of C++.
        CXX | CXX_DEPENDENT => unsafe { describe(exception, is_standard != 0) },
        // SAFETY: says our caller, and it is one of Rust.
        RUST | RUST_BEFORE => unsafe { end_panic(exception) },
        // It is not freed, as other languages may abort when they are asked to.
        _ => "it threw an exception of another language".to_owned(),
    };
    // SAFETY: says our caller.
    unsafe { &*landing }.end(Ended::Threw(what));
}

/// Catches a C++ exception.
///
/// # Safety
/// It is one that a handler was given, and `is_standard` is true only if it was that for `std::exception`.
unsafe fn describe(exception: *mut UnwindException, is_standard: bool) -> String {
    // SAFETY: says our caller. What is returned is the object, adjusted to the type of the handler.
    let object = unsafe { __cxa_begin_catch(exception) };
    // SAFETY: an exception is being handled.
    let type_info = unsafe { __cxa_current_exception_type() };
    // SAFETY: null or the type of that exception.
    let type_name = unsafe { type_name(type_info) };
    let mut text = format!("it threw `{type_name}`");
    if is_standard {
        // SAFETY: says our caller.
        let message = unsafe { message(object.cast()) };
        text.push_str(": ");
        text.push_str(&message);
    }
    // SAFETY: pairs with the begin above.
    unsafe { __cxa_end_catch() };
    text
}

/// # Safety
/// Null or a type's.
unsafe fn type_name(type_info: *const TypeInfo) -> String {
    // SAFETY: says our caller.
    let Some(type_info) = (unsafe { type_info.as_ref() }) else {
        return "unknown".to_owned();
    };
    // SAFETY: the name of a type is NUL-terminated.
    demangled_type(unsafe { CStr::from_ptr(type_info.name) })
}

/// # Safety
/// `object` is a `std::exception`.
unsafe fn message(object: *const StandardException) -> String {
    // SAFETY: says our caller; the third function of the table is of this type.
    let entry = unsafe { (*(*object).virtual_table)[2] };
    // SAFETY: as above.
    let what = unsafe { std::mem::transmute::<*const c_void, What>(entry) };
    // SAFETY: `what` must not throw, and returns a NUL-terminated string that lives as long as the exception, or null.
    let message = unsafe { what(object) };
    if message.is_null() {
        return String::new();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(message) }
        .to_string_lossy()
        .into_owned()
}

/// Catches a panic, so that the thread does not count as panicking any more. One of another copy of Rust's library can't be
/// caught here, or freed: that library aborts when others do.
///
/// # Safety
/// It is one that a handler was given.
unsafe fn end_panic(exception: *mut UnwindException) -> String {
    let unknown = || "it panicked".to_owned();
    let library = |address: usize| dl_info(address).map(|info| info.dli_fbase);
    let ours = library(std::panic::resume_unwind as fn(_) -> _ as usize);
    // SAFETY: says our caller.
    let theirs = library(unsafe { (*exception).cleanup } as usize);
    if ours.is_none() || ours != theirs {
        return unknown();
    }
    // SAFETY: it is thrown once more, from here, and caught at once.
    let thrown = catch_unwind(|| unsafe { _Unwind_RaiseException(exception) });
    let Err(payload) = thrown else {
        return unknown();
    };
    let message = payload.downcast_ref::<String>().map(String::as_str);
    match message.or_else(|| payload.downcast_ref::<&str>().copied()) {
        Some(message) => format!("it panicked: {message}"),
        None => unknown(),
    }
}

/// A type's name as the source spells it. Types without linkage have a star in front.
fn demangled_type(name: &CStr) -> String {
    let name = name.to_string_lossy();
    let name = name.trim_start_matches('*');
    let shown = tjit_link::demangle(&format!("_ZTS{name}"));
    match shown.strip_prefix("typeinfo name for ") {
        Some(shown) => shown.to_owned(),
        None => name.to_owned(),
    }
}
