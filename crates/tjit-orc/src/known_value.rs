//! Telling the optimiser the value of a variable that is defined elsewhere.

use inkwell::values::{AsValueRef, BasicValueEnum, GlobalValue};
use llvm_sys::core::{
    LLVMAddGlobal, LLVMConstGEP2, LLVMDeleteGlobal, LLVMGetAlignment, LLVMGetCalledValue,
    LLVMGetConstOpcode, LLVMGetFirstUse, LLVMGetGEPSourceElementType, LLVMGetGlobalParent,
    LLVMGetInstructionParent, LLVMGetNumOperands, LLVMGetOrdering, LLVMGetTypeKind,
    LLVMGetValueKind, LLVMGetVolatile, LLVMGlobalGetValueType, LLVMInstructionClone,
    LLVMInstructionEraseFromParent, LLVMIsAInstruction, LLVMReplaceAllUsesWith, LLVMSetAlignment,
    LLVMSetExternallyInitialized, LLVMSetGlobalConstant, LLVMSetInitializer, LLVMSetLinkage,
    LLVMSetOperand, LLVMSetSection, LLVMSetUnnamedAddress, LLVMSetValueName2, LLVMTypeOf,
};
use llvm_sys::core::{
    LLVMCreateBuilderInContext, LLVMDisposeBuilder, LLVMInsertIntoBuilder, LLVMPositionBuilder,
};
use llvm_sys::prelude::{LLVMTypeRef, LLVMValueRef};
use llvm_sys::target::{LLVMABIAlignmentOfType, LLVMGetModuleDataLayout};
use llvm_sys::{
    LLVMAtomicOrdering, LLVMLinkage, LLVMOpcode, LLVMTypeKind, LLVMUnnamedAddr, LLVMValueKind,
};

use crate::references::name;
use crate::uses::{is_volatile_intrinsic, opcode, operand, users};

/// Behind the name of a variable: a copy of its value.
const COPY: &str = ".value";

/// Gives a declared variable the value that its definition elsewhere has and keeps. The module still refers to that
/// definition: what it holds is a copy for the optimiser. It must not write to the variable on any path, dead ones included.
///
/// `variable` is not thread-local and of address space 0; `value` is a constant of its module as large as it is. If its type is
/// another, the variable is replaced by a new one, and `variable` is gone.
pub fn set_known_value<'m>(variable: GlobalValue<'m>, value: BasicValueEnum<'m>) {
    let old = variable.as_value_ref();
    let value = value.as_value_ref();
    // SAFETY: a live variable and a live value.
    let same_type = unsafe { LLVMGlobalGetValueType(old) == LLVMTypeOf(value) };
    let known = if same_type { old } else { replaced(old, value) };
    // SAFETY: a live variable and a constant of its type.
    unsafe { LLVMSetInitializer(known, value) };
    // SAFETY: a live variable, as in all that follow.
    unsafe { LLVMSetGlobalConstant(known, 1) };
    // SAFETY: as above.
    unsafe { LLVMSetLinkage(known, LLVMLinkage::LLVMAvailableExternallyLinkage) };
    // SAFETY: as above; it is the definition whose initialiser does not count.
    unsafe { LLVMSetExternallyInitialized(known, 0) };
    // SAFETY: as above; the copy is not emitted, and so is in no section or group.
    unsafe { LLVMSetSection(known, c"".as_ptr()) };
    // SAFETY: as above.
    unsafe { llvm_sys::comdat::LLVMSetComdat(known, std::ptr::null_mut()) };
}

/// Makes what reads a variable by its name, at whatever offset, read a copy of its value, which becomes part of the module;
/// atomic and volatile reads stay. For variables that the module may write as well. Returns whether there were such reads.
///
/// As for [`set_known_value`], but `variable` stays.
pub fn redirect_reads<'m>(variable: GlobalValue<'m>, value: BasicValueEnum<'m>) -> bool {
    let from = variable.as_value_ref();
    let to = copy(from, value.as_value_ref());
    // SAFETY: a live variable of the module.
    unsafe { LLVMSetLinkage(to, LLVMLinkage::LLVMPrivateLinkage) };
    // SAFETY: as above.
    unsafe { LLVMSetGlobalConstant(to, 1) };
    // SAFETY: as above; addresses of it don't leave loads.
    unsafe { LLVMSetUnnamedAddress(to, LLVMUnnamedAddr::LLVMGlobalUnnamedAddr) };
    // SAFETY: a live variable and a constant of its type.
    unsafe { LLVMSetInitializer(to, value.as_value_ref()) };
    set_name(to, &(name(from) + COPY));
    redirect(from, to);
    let used = is_used(to);
    if !used {
        // SAFETY: nothing uses it, and it is not used here again.
        unsafe { LLVMDeleteGlobal(to) };
    }
    used
}

/// A new variable for a value of another type, in the place of `old`, which is deleted.
fn replaced(old: LLVMValueRef, value: LLVMValueRef) -> LLVMValueRef {
    let new = copy(old, value);
    let symbol = name(old);
    set_name(old, "");
    set_name(new, &symbol);
    // SAFETY: two live variables of address space 0, whose addresses are of one type.
    unsafe { LLVMReplaceAllUsesWith(old, new) };
    // SAFETY: nothing uses it any more.
    unsafe { LLVMDeleteGlobal(old) };
    new
}

/// A variable for `value` without a name, aligned as `like`.
fn copy(like: LLVMValueRef, value: LLVMValueRef) -> LLVMValueRef {
    // SAFETY: a live variable, which is in a module.
    let module = unsafe { LLVMGetGlobalParent(like) };
    // SAFETY: a live module and a live type.
    let new = unsafe { LLVMAddGlobal(module, LLVMTypeOf(value), c"".as_ptr()) };
    // SAFETY: a live variable.
    let mut alignment = unsafe { LLVMGetAlignment(like) };
    if alignment == 0 {
        // SAFETY: a live variable.
        let value_type: LLVMTypeRef = unsafe { LLVMGlobalGetValueType(like) };
        // SAFETY: the layout of a live module, and the sized type of a variable.
        alignment = unsafe { LLVMABIAlignmentOfType(LLVMGetModuleDataLayout(module), value_type) };
    }
    // SAFETY: a live variable and a power of two.
    unsafe { LLVMSetAlignment(new, alignment) };
    new
}

fn set_name(value: LLVMValueRef, name: &str) {
    // SAFETY: a live value and a live slice.
    unsafe { LLVMSetValueName2(value, name.as_ptr().cast(), name.len()) };
}

fn is_used(value: LLVMValueRef) -> bool {
    // SAFETY: a live value.
    !unsafe { LLVMGetFirstUse(value) }.is_null()
}

/// Makes reads at the address `from` read at `to`.
fn redirect(from: LLVMValueRef, to: LLVMValueRef) {
    for user in users(from) {
        // SAFETY: a live value.
        if unsafe { LLVMIsAInstruction(user) }.is_null() {
            redirect_constant(from, user, to);
        } else if is_read(user, from) {
            let address = u32::from(opcode(user) == LLVMOpcode::LLVMCall);
            // SAFETY: a load's address is operand 0, the source of memcpy and memmove operand 1.
            unsafe { LLVMSetOperand(user, address, to) };
        } else if opcode(user) == LLVMOpcode::LLVMGetElementPtr && operand(user, 0) == from {
            redirect_arithmetic(user, to);
        }
    }
}

fn redirect_constant(from: LLVMValueRef, user: LLVMValueRef, to: LLVMValueRef) {
    // SAFETY: a live value.
    let kind = unsafe { LLVMGetValueKind(user) };
    // SAFETY: a live constant expression.
    let is_address = kind == LLVMValueKind::LLVMConstantExprValueKind
        && unsafe { LLVMGetConstOpcode(user) } == LLVMOpcode::LLVMGetElementPtr;
    if !is_address || operand(user, 0) != from {
        return;
    }
    // SAFETY: a live user.
    let count = unsafe { LLVMGetNumOperands(user) }.cast_unsigned();
    let mut indices: Vec<_> = (1..count).map(|index| operand(user, index)).collect();
    // SAFETY: a live expression of address arithmetic; constants of its indices' types.
    let same = unsafe {
        let element = LLVMGetGEPSourceElementType(user);
        LLVMConstGEP2(element, to, indices.as_mut_ptr(), count - 1)
    };
    redirect(user, same);
}

fn redirect_arithmetic(instruction: LLVMValueRef, to: LLVMValueRef) {
    // SAFETY: a live instruction of address arithmetic.
    let kind = unsafe { LLVMGetTypeKind(LLVMTypeOf(instruction)) };
    if kind != LLVMTypeKind::LLVMPointerTypeKind {
        return;
    }
    // SAFETY: a live instruction.
    let same = unsafe { LLVMInstructionClone(instruction) };
    insert_before(instruction, same);
    // SAFETY: operand 0 is an address of the same type.
    unsafe { LLVMSetOperand(same, 0, to) };
    redirect(instruction, same);
    if !is_used(same) {
        // SAFETY: nothing uses it, and it is not used here again.
        unsafe { LLVMInstructionEraseFromParent(same) };
    }
}

fn insert_before(instruction: LLVMValueRef, new: LLVMValueRef) {
    // SAFETY: a live instruction, which is in a block.
    let block = unsafe { LLVMGetInstructionParent(instruction) };
    // SAFETY: a live instruction has a type, which has a context.
    let context = unsafe { llvm_sys::core::LLVMGetTypeContext(LLVMTypeOf(instruction)) };
    // SAFETY: a live context; disposed of below.
    let builder = unsafe { LLVMCreateBuilderInContext(context) };
    // SAFETY: a live block and an instruction in it.
    unsafe { LLVMPositionBuilder(builder, block, instruction) };
    // SAFETY: a fresh instruction that is in no block.
    unsafe { LLVMInsertIntoBuilder(builder, new) };
    // SAFETY: created above and not used again.
    unsafe { LLVMDisposeBuilder(builder) };
}

/// Whether an instruction is an ordinary read at `address`.
fn is_read(instruction: LLVMValueRef, address: LLVMValueRef) -> bool {
    match opcode(instruction) {
        LLVMOpcode::LLVMLoad => {
            // SAFETY: a live load.
            let ordering = unsafe { LLVMGetOrdering(instruction) };
            // SAFETY: a live load.
            let volatile = unsafe { LLVMGetVolatile(instruction) } != 0;
            ordering == LLVMAtomicOrdering::LLVMAtomicOrderingNotAtomic && !volatile
        }
        LLVMOpcode::LLVMCall => {
            // SAFETY: a live call.
            let called = name(unsafe { LLVMGetCalledValue(instruction) });
            let is_copy = called.starts_with("llvm.memcpy.") || called.starts_with("llvm.memmove.");
            is_copy && operand(instruction, 1) == address && !is_volatile_intrinsic(instruction)
        }
        _ => false,
    }
}
