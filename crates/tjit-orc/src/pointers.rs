//! Variables that are lists of functions.

use inkwell::values::{AsValueRef, GlobalValue};
use llvm_sys::LLVMValueKind;
use llvm_sys::core::{LLVMGetInitializer, LLVMGetNumOperands, LLVMGetOperand, LLVMGetValueKind};
use llvm_sys::prelude::LLVMValueRef;

use crate::globals::is_callable;
use crate::references::name;

/// The functions, aliases and ifuncs whose addresses a variable's value consists of, in order: a pointer, or an array or
/// structure of pointers at any depth. `None` if there is anything else in it, or no value.
pub fn function_pointers(variable: GlobalValue<'_>) -> Option<Vec<String>> {
    // SAFETY: a live global value; null for a variable that is only declared.
    let value = unsafe { LLVMGetInitializer(variable.as_value_ref()) };
    if value.is_null() {
        return None;
    }
    let mut found = Vec::new();
    // An explicit stack, since nested constants may be deeper than ours.
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match kind(value) {
            LLVMValueKind::LLVMConstantArrayValueKind
            | LLVMValueKind::LLVMConstantStructValueKind => {
                // SAFETY: a live aggregate, which is a user.
                let count = unsafe { LLVMGetNumOperands(value) };
                let elements = (0..count.cast_unsigned()).rev();
                // SAFETY: each index is in range.
                pending.extend(elements.map(|index| unsafe { LLVMGetOperand(value, index) }));
            }
            LLVMValueKind::LLVMFunctionValueKind
            | LLVMValueKind::LLVMGlobalAliasValueKind
            | LLVMValueKind::LLVMGlobalIFuncValueKind
                if is_callable(value) =>
            {
                found.push(name(value));
            }
            _ => return None,
        }
    }
    Some(found)
}

fn kind(value: LLVMValueRef) -> LLVMValueKind {
    // SAFETY: the caller passes a live value.
    unsafe { LLVMGetValueKind(value) }
}
