//! Labels whose address is taken, as computed goto does it.

use std::collections::HashSet;

use inkwell::values::{AsValueRef, FunctionValue, GlobalValue};
use llvm_sys::LLVMOpcode;
use llvm_sys::core::{
    LLVMGetBasicBlockParent, LLVMGetBasicBlockTerminator, LLVMGetFirstBasicBlock, LLVMGetFirstUse,
    LLVMGetInstructionOpcode, LLVMGetInstructionParent, LLVMGetNextBasicBlock, LLVMGetNextUse,
    LLVMGetUser, LLVMIsAGlobalValue, LLVMIsAInstruction,
};
use llvm_sys::prelude::LLVMValueRef;

use crate::references::name;

/// Who refers to a global value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users {
    /// Functions whose instructions do, each once.
    pub functions: Vec<String>,
    /// Global values whose initializers or targets do, each once.
    pub globals: Vec<String>,
}

/// The functions and global values that refer to `global`, directly or through constant expressions.
pub fn users(global: GlobalValue<'_>) -> Users {
    let mut users = Users::default();
    let mut seen = HashSet::new();
    let mut pending = vec![global.as_value_ref()];
    while let Some(value) = pending.pop() {
        // SAFETY: a live value; null when nothing uses it.
        let mut next = unsafe { LLVMGetFirstUse(value) };
        while !next.is_null() {
            // SAFETY: a live use.
            let user = unsafe { LLVMGetUser(next) };
            if seen.insert(user) {
                classify(user, &mut users, &mut pending);
            }
            // SAFETY: a live use.
            next = unsafe { LLVMGetNextUse(next) };
        }
    }
    users
}

fn classify(user: LLVMValueRef, users: &mut Users, constants: &mut Vec<LLVMValueRef>) {
    let mut add = |list: fn(&mut Users) -> &mut Vec<String>, value| {
        let name = name(value);
        let list = list(users);
        if !list.contains(&name) {
            list.push(name);
        }
    };
    // SAFETY: a live value.
    if !unsafe { LLVMIsAInstruction(user) }.is_null() {
        // SAFETY: a live instruction, which is in a block.
        let block = unsafe { LLVMGetInstructionParent(user) };
        // SAFETY: a live block, which is in a function.
        let function = unsafe { LLVMGetBasicBlockParent(block) };
        add(|users| &mut users.functions, function);
    // SAFETY: a live value.
    } else if !unsafe { LLVMIsAGlobalValue(user) }.is_null() {
        add(|users| &mut users.globals, user);
    } else {
        constants.push(user);
    }
}

/// Whether the function jumps to labels by their address (`indirectbr`).
pub fn jumps_to_addresses(function: FunctionValue<'_>) -> bool {
    // SAFETY: a live function; null when it has no body.
    let mut block = unsafe { LLVMGetFirstBasicBlock(function.as_value_ref()) };
    while !block.is_null() {
        // SAFETY: a live block; null for an unfinished one.
        let last = unsafe { LLVMGetBasicBlockTerminator(block) };
        if !last.is_null() && opcode(last) == LLVMOpcode::LLVMIndirectBr {
            return true;
        }
        // SAFETY: a live block.
        block = unsafe { LLVMGetNextBasicBlock(block) };
    }
    false
}

fn opcode(instruction: LLVMValueRef) -> LLVMOpcode {
    // SAFETY: the caller passes a live instruction.
    unsafe { LLVMGetInstructionOpcode(instruction) }
}
