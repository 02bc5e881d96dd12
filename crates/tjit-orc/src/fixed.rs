//! Functions whose body stays where it is, because others know its labels.

use std::ffi::c_char;

use inkwell::module::Module;
use inkwell::values::{AsValueRef, FunctionValue};
use llvm_sys::LLVMAttributeFunctionIndex;
use llvm_sys::core::LLVMGetStringAttributeAtIndex;
use llvm_sys::prelude::{LLVMModuleRef, LLVMValueRef};

/// What such a body is marked with.
const ATTRIBUTE: &str = "tjit-fixed";

unsafe extern "C" {
    fn tjit_has_labels(module: LLVMModuleRef) -> bool;
    fn tjit_labels_used_elsewhere(function: LLVMValueRef) -> bool;
    fn tjit_fix_labels(
        function: LLVMValueRef,
        name: *const c_char,
        name_length: usize,
        attribute: *const c_char,
        attribute_length: usize,
    ) -> bool;
}

/// Whether anything in the module is the address of a label. Cost: a look at each block.
pub fn has_labels(module: &Module<'_>) -> bool {
    // SAFETY: a live module, which is only read.
    unsafe { tjit_has_labels(module.as_mut_ptr()) }
}

/// Whether instructions of other functions use addresses of labels of `function`. Optimisers write that when they copy code
/// that hands such addresses out (inlining, specialisation); the labels stay those of the original.
pub fn labels_used_elsewhere(function: FunctionValue<'_>) -> bool {
    // SAFETY: a live function, which is only read.
    unsafe { tjit_labels_used_elsewhere(function.as_value_ref()) }
}

/// Moves the body of `function` to an internal function called `body`, which has its labels from then on, and has the
/// function jump there. Functions other than the body that use addresses of its labels load them from internal
/// constants, whose names start with that of the body. So the function can have versions, as long as the body and all that
/// holds addresses of its labels is emitted once.
///
/// Returns false, and changes nothing, for a coroutine that is still to be split and for a `naked` function.
pub fn fix_labels(function: FunctionValue<'_>, body: &str) -> bool {
    // SAFETY: a live function, of a module that the caller holds; the ranges are those of live slices. LLVM is built without
    // exceptions, so nothing unwinds.
    unsafe {
        tjit_fix_labels(
            function.as_value_ref(),
            body.as_ptr().cast(),
            body.len(),
            ATTRIBUTE.as_ptr().cast(),
            ATTRIBUTE.len(),
        )
    }
}

/// Whether [`fix_labels`] has made the function.
pub(crate) fn is_fixed(function: LLVMValueRef) -> bool {
    let (start, length) = (ATTRIBUTE.as_ptr().cast(), ATTRIBUTE.len());
    let length = u32::try_from(length).unwrap_or(0);
    // SAFETY: a live function; the range is that of a live slice. Null if it has no such attribute.
    let found = unsafe {
        LLVMGetStringAttributeAtIndex(function, LLVMAttributeFunctionIndex, start, length)
    };
    !found.is_null()
}
