//! Questions about values: what uses them, and what the calls that they are passed to do.

use llvm_sys::core::{
    LLVMGetCallSiteEnumAttribute, LLVMGetCalledValue, LLVMGetEnumAttributeAtIndex,
    LLVMGetEnumAttributeKindForName, LLVMGetEnumAttributeValue, LLVMGetFirstUse,
    LLVMGetInstructionOpcode, LLVMGetNextUse, LLVMGetNumOperands, LLVMGetOperand, LLVMGetTypeKind,
    LLVMGetUser, LLVMGetValueKind, LLVMGetVolatile, LLVMIsAAllocaInst, LLVMIsAInstruction,
    LLVMIsDeclaration, LLVMTypeOf,
};
use llvm_sys::prelude::LLVMValueRef;
use llvm_sys::{LLVMOpcode, LLVMTypeKind, LLVMValueKind};

use crate::references::name;

pub(crate) fn is_call_of(user: LLVMValueRef, function: LLVMValueRef) -> bool {
    // SAFETY: a live value.
    let is_instruction = !unsafe { LLVMIsAInstruction(user) }.is_null();
    is_instruction
        && matches!(opcode(user), LLVMOpcode::LLVMCall | LLVMOpcode::LLVMInvoke)
        // SAFETY: a live call.
        && unsafe { LLVMGetCalledValue(user) } == function
        && uses_in(user, function) == 1
}

/// Whether a function promises that it neither writes through a parameter nor keeps it, nor gives it back.
pub(crate) fn only_reads(call: LLVMValueRef, function: LLVMValueRef, index: u32) -> bool {
    let has = |attribute: &str| attribute_of(call, function, index, attribute);
    // What a parameter may be captured by is a set, and no bits are the empty one.
    let is_kept = has("captures") != Some(0);
    let only_reads = has("readonly").is_some() || has("readnone").is_some();
    only_reads && !is_kept
}

/// The value of an attribute that a parameter has, in the call or in the function's declaration.
pub(crate) fn attribute_of(
    call: LLVMValueRef,
    function: LLVMValueRef,
    index: u32,
    attribute: &str,
) -> Option<u64> {
    let (start, length) = (attribute.as_ptr().cast(), attribute.len());
    // SAFETY: a live slice.
    let kind = unsafe { LLVMGetEnumAttributeKindForName(start, length) };
    // Attributes of parameters are counted from 1.
    // SAFETY: a live call with that many arguments.
    let of_call = unsafe { LLVMGetCallSiteEnumAttribute(call, index + 1, kind) };
    // SAFETY: a live function with that many parameters.
    let of_function = unsafe { LLVMGetEnumAttributeAtIndex(function, index + 1, kind) };
    let found = [of_call, of_function]
        .into_iter()
        .find(|found| !found.is_null());
    // SAFETY: a live attribute that is an enum or an integer.
    found.map(|attribute| unsafe { LLVMGetEnumAttributeValue(attribute) })
}

/// What is known of what a call calls.
pub(crate) enum Body {
    Defined(LLVMValueRef),
    Elsewhere,
    Unknown,
}

pub(crate) fn body(callee: LLVMValueRef) -> Body {
    // Inline assembly sees the address and is part of the module.
    match kind(callee) {
        LLVMValueKind::LLVMInlineAsmValueKind => Body::Unknown,
        LLVMValueKind::LLVMFunctionValueKind => {
            // SAFETY: a live function.
            let declared = unsafe { LLVMIsDeclaration(callee) } != 0;
            let intrinsic = name(callee).starts_with("llvm.");
            match (declared, intrinsic) {
                (false, _) => Body::Defined(callee),
                (true, true) => Body::Unknown,
                (true, false) => Body::Elsewhere,
            }
        }
        // A pointer may turn out to be that of a function of the module.
        _ => Body::Unknown,
    }
}

/// The local variable that an address is in. A cast to another address space may lead elsewhere, to the segment of a register
/// on x86.
pub(crate) fn local_variable(mut address: LLVMValueRef) -> Option<LLVMValueRef> {
    loop {
        // SAFETY: a live value.
        if !unsafe { LLVMIsAAllocaInst(address) }.is_null() {
            return Some(address);
        }
        // SAFETY: a live value.
        if unsafe { LLVMIsAInstruction(address) }.is_null() {
            return None;
        }
        match opcode(address) {
            LLVMOpcode::LLVMGetElementPtr | LLVMOpcode::LLVMBitCast => {
                address = operand(address, 0)
            }
            _ => return None,
        }
    }
}

pub(crate) fn users(value: LLVMValueRef) -> Vec<LLVMValueRef> {
    let mut found = Vec::new();
    // SAFETY: a live value; null when nothing uses it.
    let mut next = unsafe { LLVMGetFirstUse(value) };
    while !next.is_null() {
        // SAFETY: a live use.
        found.push(unsafe { LLVMGetUser(next) });
        // SAFETY: a live use.
        next = unsafe { LLVMGetNextUse(next) };
    }
    found
}

pub(crate) fn uses_in(user: LLVMValueRef, value: LLVMValueRef) -> usize {
    // SAFETY: the callers pass a live user.
    let count = unsafe { LLVMGetNumOperands(user) };
    (0..count.cast_unsigned())
        .filter(|&index| operand(user, index) == value)
        .count()
}

/// Whether `value` is the operand `index` of an instruction and no other one.
pub(crate) fn only_operand(user: LLVMValueRef, value: LLVMValueRef, index: u32) -> bool {
    operand(user, index) == value && uses_in(user, value) == 1
}

/// Whether a memcpy, memmove or memset is volatile, or not known not to be: its last argument.
pub(crate) fn is_volatile_intrinsic(call: LLVMValueRef) -> bool {
    const VOLATILE: u32 = 3;
    // SAFETY: an `i1` constant (verifier).
    unsafe { llvm_sys::core::LLVMConstIntGetZExtValue(operand(call, VOLATILE)) != 0 }
}

pub(crate) fn is_volatile(access: LLVMValueRef) -> bool {
    // SAFETY: the callers pass a live load or store.
    unsafe { LLVMGetVolatile(access) != 0 }
}

pub(crate) fn is_pointer(value: LLVMValueRef) -> bool {
    // SAFETY: a live value has a live type.
    unsafe { LLVMGetTypeKind(LLVMTypeOf(value)) == LLVMTypeKind::LLVMPointerTypeKind }
}

pub(crate) fn is_global(value: LLVMValueRef) -> bool {
    // SAFETY: a live value.
    !unsafe { llvm_sys::core::LLVMIsAGlobalValue(value) }.is_null()
}

pub(crate) fn kind(value: LLVMValueRef) -> LLVMValueKind {
    // SAFETY: the callers pass live values.
    unsafe { LLVMGetValueKind(value) }
}

pub(crate) fn opcode(instruction: LLVMValueRef) -> LLVMOpcode {
    // SAFETY: the callers pass live instructions.
    unsafe { LLVMGetInstructionOpcode(instruction) }
}

pub(crate) fn operand(user: LLVMValueRef, index: u32) -> LLVMValueRef {
    // SAFETY: the callers pass live users and indices that their kind has.
    unsafe { LLVMGetOperand(user, index) }
}
