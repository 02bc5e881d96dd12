//! Addresses of a module's own that outlive the calls of its functions.

use inkwell::module::{Linkage, Module};
use inkwell::values::{AsValueRef, FunctionValue, GlobalValue};
use llvm_sys::LLVMValueKind;

use crate::accesses::{Access, Follow, Origin, accesses};
use crate::uses::{is_call_of, kind, users};

/// Whether somebody may keep an address of something that the module defines, and what it is the address of: a function, as
/// the frame of a coroutine has those of its parts, or a variable. To be asked of what goes into code generation, whose own
/// tables nobody gets addresses in.
///
/// Addresses of labels are taken for ones that are not seen after the call that they were taken in
/// ([`labels_escape`](crate::labels_escape)).
pub fn retained(module: &Module<'_>) -> Option<String> {
    let functions = module.get_functions().filter(|function| {
        let is_here = function.count_basic_blocks() > 0;
        is_here && function.get_linkage() != Linkage::AvailableExternally
    });
    let mut functions = functions.filter(|function| is_taken(*function));
    if let Some(function) = functions.next() {
        let name = function.get_name().to_string_lossy().into_owned();
        return Some(format!("the address of its function `{name}`"));
    }
    let variables = module.get_globals().filter(|variable| {
        let is_here = variable.get_initializer().is_some();
        is_here && variable.get_linkage() != Linkage::AvailableExternally
    });
    let mut variables = variables.filter(|variable| !is_only_accessed(*variable));
    variables.next().map(|variable| {
        let name = variable.get_name().to_string_lossy();
        format!("the address of its variable `{name}`")
    })
}

/// Whether a function is named anywhere but as what a call calls.
fn is_taken(function: FunctionValue<'_>) -> bool {
    let value = function.as_value_ref();
    users(value)
        .into_iter()
        .filter(|&user| kind(user) != LLVMValueKind::LLVMBlockAddressValueKind)
        .any(|user| !is_call_of(user, value))
}

/// Whether the address of a variable goes no further than what reads and writes it.
fn is_only_accessed(variable: GlobalValue<'_>) -> bool {
    let found = accesses(Origin::Global(variable), Follow::Function);
    found.iter().all(|access| {
        matches!(
            access,
            Access::Read(_) | Access::Write(_) | Access::Volatile(_)
        )
    })
}
