//! Where a module mentions a function, and what the calls among that are.

use std::collections::{BTreeSet, HashSet};

use inkwell::module::Module;
use inkwell::values::{AsValueRef, CallSiteValue};
use llvm_sys::LLVMOpcode;
use llvm_sys::core::{
    LLVMGetBasicBlockParent, LLVMGetCalledValue, LLVMGetFirstInstruction, LLVMGetInstructionParent,
    LLVMGetNamedGlobalAlias, LLVMGetNextInstruction, LLVMGetNormalDest, LLVMIsAInstruction,
};
use llvm_sys::prelude::LLVMValueRef;

use crate::references::name;
use crate::uses::{is_global, opcode, users};

/// Where a module mentions a function.
#[derive(Debug, Default)]
pub struct Mentions<'m> {
    /// The direct calls of it.
    pub calls: Vec<DirectCall<'m>>,
    /// The functions that mention it, those that call it among them.
    pub functions: BTreeSet<String>,
    /// The global values whose value its address is part of.
    pub globals: BTreeSet<String>,
}

/// A call that names what it calls.
#[derive(Debug)]
pub struct DirectCall<'m> {
    /// The instruction.
    pub site: CallSiteValue<'m>,
    /// The function that it is in.
    pub caller: String,
    /// Whether there is nothing behind it: where it returns to is `unreachable`.
    pub is_last: bool,
}

/// Where `module` mentions `function`, which is a function or an alias there; nowhere if it is neither.
pub fn mentions<'m>(module: &Module<'m>, function: &str) -> Mentions<'m> {
    let mut mentions = Mentions::default();
    let Some(value) = named(module, function) else {
        return mentions;
    };
    let mut seen = HashSet::new();
    let mut pending = users(value);
    while let Some(user) = pending.pop() {
        if !seen.insert(user) {
            continue;
        }
        // SAFETY: a live value.
        if !unsafe { LLVMIsAInstruction(user) }.is_null() {
            let caller = function_of(user);
            if is_call(user, value) {
                mentions.calls.push(DirectCall {
                    // SAFETY: a live call of the module.
                    site: unsafe { CallSiteValue::new(user) },
                    caller: caller.clone(),
                    is_last: is_last(user),
                });
            }
            mentions.functions.insert(caller);
        } else if is_global(user) {
            mentions.globals.insert(name(user));
        } else {
            pending.extend(users(user));
        }
    }
    mentions
}

fn named(module: &Module<'_>, function: &str) -> Option<LLVMValueRef> {
    if let Some(found) = module.get_function(function) {
        return Some(found.as_value_ref());
    }
    let (start, length) = (function.as_ptr().cast(), function.len());
    // SAFETY: a live module, and a string of that length.
    let found = unsafe { LLVMGetNamedGlobalAlias(module.as_mut_ptr(), start, length) };
    (!found.is_null()).then_some(found)
}

fn function_of(instruction: LLVMValueRef) -> String {
    // SAFETY: a live instruction of a module, which is in a block of a function.
    let function = unsafe { LLVMGetBasicBlockParent(LLVMGetInstructionParent(instruction)) };
    name(function)
}

fn is_call(instruction: LLVMValueRef, function: LLVMValueRef) -> bool {
    let is_call = matches!(
        opcode(instruction),
        LLVMOpcode::LLVMCall | LLVMOpcode::LLVMInvoke | LLVMOpcode::LLVMCallBr
    );
    // SAFETY: a live call.
    is_call && unsafe { LLVMGetCalledValue(instruction) } == function
}

/// Whether nothing but `unreachable` is where a call returns to.
fn is_last(call: LLVMValueRef) -> bool {
    let mut next = if opcode(call) == LLVMOpcode::LLVMInvoke {
        // SAFETY: a live invoke, which has a block to return to, with a terminator.
        unsafe { LLVMGetFirstInstruction(LLVMGetNormalDest(call)) }
    } else {
        // SAFETY: a live instruction; null behind the last of a block.
        unsafe { LLVMGetNextInstruction(call) }
    };
    while !next.is_null() && opcode(next) == LLVMOpcode::LLVMPHI {
        // SAFETY: as above.
        next = unsafe { LLVMGetNextInstruction(next) };
    }
    !next.is_null() && opcode(next) == LLVMOpcode::LLVMUnreachable
}
