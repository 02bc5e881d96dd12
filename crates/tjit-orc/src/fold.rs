//! Putting in what is known of the running program: instructions whose result is a constant.

use std::collections::HashSet;

use inkwell::values::{AsValueRef, BasicValueEnum, GlobalValue, InstructionValue};
use llvm_sys::core::{
    LLVMGetFirstUse, LLVMGetNextUse, LLVMGetUser, LLVMIsAInstruction, LLVMIsATerminatorInst,
    LLVMIsConstant, LLVMTypeOf,
};
use llvm_sys::prelude::LLVMValueRef;

use crate::error::{Error, ErrorKind};

/// Mirrors `TjitKnown` in `shim/fold.cpp`.
#[repr(C)]
struct RawKnown {
    instruction: LLVMValueRef,
    value: LLVMValueRef,
}

const _: () = assert!(size_of::<RawKnown>() == 16);

unsafe extern "C" {
    fn tjit_fold(items: *const RawKnown, num_items: usize);
}

/// The instructions that have `global` itself for an operand, each once. Those that use it through a constant expression
/// are not among them.
pub fn direct_users<'m>(global: GlobalValue<'m>) -> Vec<InstructionValue<'m>> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    // SAFETY: a live value; null when nothing uses it.
    let mut next = unsafe { LLVMGetFirstUse(global.as_value_ref()) };
    while !next.is_null() {
        // SAFETY: a live use.
        let user = unsafe { LLVMGetUser(next) };
        // SAFETY: a live value.
        if !unsafe { LLVMIsAInstruction(user) }.is_null() && seen.insert(user) {
            // SAFETY: a live instruction of the module of `global`.
            found.push(unsafe { InstructionValue::new(user) });
        }
        // SAFETY: a live use.
        next = unsafe { LLVMGetNextUse(next) };
    }
    // LLVM lists the latest use first.
    found.reverse();
    found
}

/// Replaces each instruction by the constant that it is known to yield, and removes it: the effect that it has is one that is
/// not needed any more. Then simplifies the instructions that used it, folds branches, and removes blocks that can't be
/// reached any more in the functions concerned, whatever their attributes. Instructions that were obtained earlier may be
/// gone.
///
/// # Errors
/// [`ErrorKind::Passes`] if an instruction is a terminator, or a value not a constant of its instruction's type; nothing is
/// changed then.
pub fn fold_instructions<'m>(
    known: &[(InstructionValue<'m>, BasicValueEnum<'m>)],
) -> Result<(), Error> {
    let items: Vec<_> = known
        .iter()
        .map(|(instruction, value)| RawKnown {
            instruction: instruction.as_value_ref(),
            value: value.as_value_ref(),
        })
        .collect();
    if !items.iter().all(is_foldable) {
        let message =
            "one is a terminator, or known to be something that is not a constant of its type";
        return Err(Error::new(
            ErrorKind::Passes,
            "folding instructions",
            message,
        ));
    }
    // SAFETY: live instructions that are not terminators, each with a constant of its type; the array is ours. LLVM is built
    // without exceptions, so nothing unwinds.
    unsafe { tjit_fold(items.as_ptr(), items.len()) };
    Ok(())
}

fn is_foldable(item: &RawKnown) -> bool {
    // SAFETY: a live instruction.
    let terminator = unsafe { LLVMIsATerminatorInst(item.instruction) };
    // SAFETY: a live value.
    let constant = unsafe { LLVMIsConstant(item.value) } != 0;
    // SAFETY: live values of one context.
    let same_type = unsafe { LLVMTypeOf(item.instruction) == LLVMTypeOf(item.value) };
    terminator.is_null() && constant && same_type
}
