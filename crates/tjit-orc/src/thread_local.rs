//! Thread-local variables without the linker's help: calls for their address, and the data that such calls need.

use std::ffi::{CStr, c_char};

use inkwell::module::Module;
use llvm_sys::core::{LLVMGetNamedGlobalAlias, LLVMGetNamedGlobalWithLength};
use llvm_sys::prelude::LLVMValueRef;

use crate::error::{Error, ErrorKind};

/// In front of a variable's name: the value that a new thread starts with, as LLVM's own emulation calls it.
const TEMPLATE: &str = "__emutls_t.";

/// Who has the storage of a thread-local variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThreadLocalModel {
    /// `__emutls_get_address` of the compiler's runtime library allocates it, by a description that takes the
    /// variable's place: `{ size, alignment, null, template }`.
    Emulated,
    /// A library that the dynamic linker has loaded. `__tls_get_addr` finds it by `{ module, offset }`, which takes the
    /// variable's place.
    Host {
        /// The library's number among those with thread-local storage.
        module: u64,
        /// Bytes from the start of the library's block.
        offset: u64,
        /// Whether this module is the one that defines the pair.
        define: bool,
    },
    /// Nobody: a weak reference that nothing defines, whose address is null.
    Absent,
}

/// Mirrors `TjitThreadLocalModel` in `shim/thread_local.cpp`.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum RawModel {
    Emulated = 0,
    HostDefined = 1,
    HostDeclared = 2,
    Absent = 3,
}

unsafe extern "C" {
    fn tjit_replace_thread_local(
        global: LLVMValueRef,
        model: RawModel,
        module: u64,
        offset: u64,
    ) -> *const c_char;
}

/// Replaces the thread-local variable or alias `name` by ordinary data of that name, and its uses by calls that return the
/// calling thread's address. An alias keeps standing for the variable, which has to be replaced after it. Returns the
/// name of a further variable that goes with the data, if there is one.
///
/// The calls may be merged and moved, as `llvm.threadlocal.address` may: not in coroutines that are still to be split,
/// which may change threads.
///
/// # Errors
/// [`ErrorKind::Link`] if the module has no such variable or alias, or uses its address where only constants may be: the
/// module is then half rewritten.
pub fn replace_thread_local(
    module: &Module<'_>,
    name: &str,
    model: ThreadLocalModel,
) -> Result<Option<String>, Error> {
    let fail = |message| {
        let operation = format!("replacing the thread-local `{name}`");
        Error::new(ErrorKind::Link, operation, message)
    };
    let (start, length) = (name.as_ptr().cast(), name.len());
    // SAFETY: a live module, and the range is that of a live slice.
    let variable = unsafe { LLVMGetNamedGlobalWithLength(module.as_mut_ptr(), start, length) };
    // SAFETY: as above.
    let alias = unsafe { LLVMGetNamedGlobalAlias(module.as_mut_ptr(), start, length) };
    let global = if variable.is_null() { alias } else { variable };
    if global.is_null() {
        return Err(fail(
            "the module has neither a variable nor an alias of that name",
        ));
    }
    let (raw, id, offset) = match model {
        ThreadLocalModel::Emulated => (RawModel::Emulated, 0, 0),
        ThreadLocalModel::Host {
            module,
            offset,
            define: true,
        } => (RawModel::HostDefined, module, offset),
        ThreadLocalModel::Host { define: false, .. } => (RawModel::HostDeclared, 0, 0),
        ThreadLocalModel::Absent => (RawModel::Absent, 0, 0),
    };
    // SAFETY: a live variable or alias of a module that the caller holds; the shim may delete it, and it is not used here
    // any more. LLVM is built without exceptions, so nothing unwinds.
    let reason = unsafe { tjit_replace_thread_local(global, raw, id, offset) };
    if !reason.is_null() {
        // SAFETY: not null, so one of the shim's literals.
        let reason = unsafe { CStr::from_ptr(reason) };
        return Err(fail(&reason.to_string_lossy()));
    }
    let template = format!("{TEMPLATE}{name}");
    let has_template = !variable.is_null() && module.get_global(&template).is_some();
    Ok(has_template.then_some(template))
}
