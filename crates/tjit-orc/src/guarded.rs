//! When code runs: under the guard of a static local, or out of certain functions only.

use std::collections::HashSet;

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::values::{AsValueRef, FunctionValue, InstructionValue};
use llvm_sys::core::{
    LLVMGetBasicBlockParent, LLVMGetBasicBlockTerminator, LLVMGetCalledValue, LLVMGetCondition,
    LLVMGetEntryBasicBlock, LLVMGetICmpPredicate, LLVMGetInstructionOpcode,
    LLVMGetInstructionParent, LLVMGetNextInstruction, LLVMGetNumArgOperands, LLVMGetNumSuccessors,
    LLVMGetSuccessor, LLVMIsAGlobalVariable, LLVMIsAInstruction, LLVMIsConditional, LLVMIsNull,
};
use llvm_sys::prelude::{LLVMBasicBlockRef, LLVMValueRef};
use llvm_sys::{LLVMIntPredicate, LLVMOpcode};

use crate::references::name;
use crate::survey::each_instruction;
use crate::uses::{is_call_of, is_global, operand, users};

/// Asks for the right to initialise; 0 means that it is done already (Itanium C++ ABI, §3.3.3).
const ACQUIRE: &str = "__cxa_guard_acquire";

/// Says that it is done.
const RELEASE: &str = "__cxa_guard_release";

/// The guard variable under which `instruction` runs and no other way: behind a call of `__cxa_guard_acquire` that was
/// granted, and before any `__cxa_guard_release` of the same guard. Once the guard is set it does not run any more.
///
/// The argument is one of reachability: without the edges that a grant takes, nothing of the function leads to the
/// instruction, neither from the entry nor from behind a release.
pub fn guard_over(instruction: InstructionValue<'_>) -> Option<String> {
    let instruction = instruction.as_value_ref();
    let block = block_of(instruction);
    // SAFETY: a live block, which is in a function.
    let function = unsafe { LLVMGetBasicBlockParent(block) };
    let mut grants = Vec::new();
    let mut releases = Vec::new();
    each_instruction(function, |found| match called(found) {
        Some((function, guard)) if function == ACQUIRE => {
            grants.extend(granted(found).map(|edge| (guard, edge)));
        }
        Some((function, guard)) if function == RELEASE => releases.push((guard, found)),
        _ => {}
    });
    let guards: HashSet<_> = grants.iter().map(|&(guard, _)| guard).collect();
    let holds = |&guard: &LLVMValueRef| {
        let cut: HashSet<_> = grants
            .iter()
            .filter(|grant| grant.0 == guard)
            .map(|grant| grant.1)
            .collect();
        // SAFETY: a function with a body has an entry.
        let entry = unsafe { LLVMGetEntryBasicBlock(function) };
        let released = releases.iter().filter(|release| release.0 == guard);
        !reachable(vec![entry], &cut).contains(&block)
            && !released
                .into_iter()
                .any(|&(_, release)| is_behind(instruction, release, &cut))
    };
    guards.into_iter().find(holds).map(name)
}

/// Who calls a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callers {
    /// Functions of the module that call it directly, each once.
    pub functions: Vec<String>,
    /// Global values whose value its address is part of.
    pub globals: Vec<String>,
}

/// Who calls `function` in its module; `None` if instructions do something else with its address than to call it, and if it
/// is a coroutine: what comes behind its first suspension runs when somebody resumes it, whoever called it.
pub fn callers(function: FunctionValue<'_>) -> Option<Callers> {
    if is_coroutine(function) {
        return None;
    }
    let function = function.as_value_ref();
    let mut callers = Callers::default();
    let mut seen = HashSet::new();
    let mut pending = users(function);
    while let Some(user) = pending.pop() {
        if !seen.insert(user) {
            continue;
        }
        // SAFETY: a live value.
        if !unsafe { LLVMIsAInstruction(user) }.is_null() {
            if !is_call_of(user, function) {
                return None;
            }
            // SAFETY: the block of a live instruction, which is in a function.
            let caller = name(unsafe { LLVMGetBasicBlockParent(block_of(user)) });
            if !callers.functions.contains(&caller) {
                callers.functions.push(caller);
            }
        } else if is_global(user) {
            callers.globals.push(name(user));
        } else {
            pending.extend(users(user));
        }
    }
    Some(callers)
}

/// Whether it is a coroutine that has not been split yet. Once it is, its parts are called by pointers to them.
fn is_coroutine(function: FunctionValue<'_>) -> bool {
    let kind = Attribute::get_named_enum_kind_id("presplitcoroutine");
    let place = AttributeLoc::Function;
    function.get_enum_attribute(place, kind).is_some()
}

type Edge = (LLVMBasicBlockRef, LLVMBasicBlockRef);

/// The edges that are taken if a call of `__cxa_guard_acquire` is granted, and not otherwise.
fn granted(acquire: LLVMValueRef) -> impl Iterator<Item = Edge> {
    let comparisons = users(acquire).into_iter().filter(|&user| {
        // SAFETY: users of instructions are instructions.
        let is_comparison = unsafe { LLVMGetInstructionOpcode(user) } == LLVMOpcode::LLVMICmp;
        let against_zero = || {
            // SAFETY: both operands of a live comparison.
            unsafe { LLVMIsNull(operand(user, 0)) != 0 || LLVMIsNull(operand(user, 1)) != 0 }
        };
        is_comparison && against_zero()
    });
    comparisons.flat_map(|comparison| {
        // SAFETY: a live comparison of integers.
        let successor = match unsafe { LLVMGetICmpPredicate(comparison) } {
            LLVMIntPredicate::LLVMIntNE => Some(0),
            LLVMIntPredicate::LLVMIntEQ => Some(1),
            _ => None,
        };
        let edge = move |branch| edge(branch, comparison, successor?);
        users(comparison).into_iter().filter_map(edge)
    })
}

/// The edge to a successor of a conditional branch on `condition`, if the branch has two different ones.
fn edge(branch: LLVMValueRef, condition: LLVMValueRef, index: u32) -> Option<Edge> {
    // SAFETY: users of instructions are instructions.
    let is_branch = unsafe { LLVMGetInstructionOpcode(branch) } == LLVMOpcode::LLVMBr;
    // SAFETY: a live branch.
    if !is_branch || unsafe { LLVMIsConditional(branch) } == 0 {
        return None;
    }
    // SAFETY: a live conditional branch.
    let on_condition = unsafe { LLVMGetCondition(branch) } == condition;
    // SAFETY: it has two successors.
    let (to, other) = unsafe {
        (
            LLVMGetSuccessor(branch, index),
            LLVMGetSuccessor(branch, 1 - index),
        )
    };
    (on_condition && to != other).then(|| (block_of(branch), to))
}

/// The function that an instruction calls by name with a global variable for its only argument, and that variable.
fn called(instruction: LLVMValueRef) -> Option<(String, LLVMValueRef)> {
    // SAFETY: a live instruction.
    let opcode = unsafe { LLVMGetInstructionOpcode(instruction) };
    if !matches!(opcode, LLVMOpcode::LLVMCall | LLVMOpcode::LLVMInvoke) {
        return None;
    }
    // SAFETY: a live call.
    if unsafe { LLVMGetNumArgOperands(instruction) } != 1 {
        return None;
    }
    let argument = operand(instruction, 0);
    // SAFETY: a live value.
    if unsafe { LLVMIsAGlobalVariable(argument) }.is_null() {
        return None;
    }
    // SAFETY: a live call.
    Some((name(unsafe { LLVMGetCalledValue(instruction) }), argument))
}

/// Whether `instruction` may run after `release` in the same call, without the edges in `cut`.
fn is_behind(instruction: LLVMValueRef, release: LLVMValueRef, cut: &HashSet<Edge>) -> bool {
    let mut next = release;
    while !next.is_null() {
        // SAFETY: a live instruction; null behind the last one of its block.
        next = unsafe { LLVMGetNextInstruction(next) };
        if next == instruction {
            return true;
        }
    }
    let from = block_of(release);
    let starts = successors(from)
        .filter(|&to| !cut.contains(&(from, to)))
        .collect();
    reachable(starts, cut).contains(&block_of(instruction))
}

/// The blocks that can be reached from `starts` without the edges in `cut`.
fn reachable(starts: Vec<LLVMBasicBlockRef>, cut: &HashSet<Edge>) -> HashSet<LLVMBasicBlockRef> {
    let mut reached: HashSet<_> = starts.iter().copied().collect();
    let mut pending = starts;
    while let Some(block) = pending.pop() {
        for next in successors(block) {
            if !cut.contains(&(block, next)) && reached.insert(next) {
                pending.push(next);
            }
        }
    }
    reached
}

fn successors(block: LLVMBasicBlockRef) -> impl Iterator<Item = LLVMBasicBlockRef> {
    // SAFETY: a live block of a verified function, which has a terminator.
    let terminator = unsafe { LLVMGetBasicBlockTerminator(block) };
    // SAFETY: a live terminator.
    let count = unsafe { LLVMGetNumSuccessors(terminator) };
    // SAFETY: as above, and the index is in range.
    (0..count).map(move |index| unsafe { LLVMGetSuccessor(terminator, index) })
}

fn block_of(instruction: LLVMValueRef) -> LLVMBasicBlockRef {
    // SAFETY: the callers pass live instructions, which are in a block.
    unsafe { LLVMGetInstructionParent(instruction) }
}
