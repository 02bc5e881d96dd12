//! Where the loops of a function are.
//!
//! A depth-first search finds the edges that lead back to a block that is still being visited. Every
//! cycle has one, also in graphs that no `while` could have made, where LLVM's `LoopInfo` knows no
//! loop. Where a cycle has several ways in, the order of the search decides which of its blocks is
//! the header.

use std::collections::HashMap;

use inkwell::basic_block::BasicBlock;
use inkwell::values::{CallSiteValue, FunctionValue, InstructionOpcode, InstructionValue, Operand};

/// A loop.
pub(crate) struct Loop<'ctx> {
    pub(crate) header: BasicBlock<'ctx>,
    /// The block that ends each turn, if it is one, does nothing at its end but to go to the header, and no value of the header
    /// depends on where one comes from.
    pub(crate) latch: Option<BasicBlock<'ctx>>,
}

/// The loops that can be counted, in the order of their headers.
///
/// Exceptions of Windows are left alone altogether: a call in a handler has to name it.
pub(crate) fn find(function: FunctionValue<'_>) -> Vec<Loop<'_>> {
    let blocks: Vec<_> = function.get_basic_block_iter().collect();
    if blocks.iter().copied().any(has_funclet) {
        return Vec::new();
    }
    let latches = latches(&blocks);
    let loops = blocks.iter().zip(latches);
    let loops = loops.filter(|(header, latches)| !latches.is_empty() && may_be_preceded(**header));
    let loops = loops.map(|(&header, latches)| Loop {
        header,
        latch: match latches[..] {
            [latch] => Some(blocks[latch]).filter(|&latch| only_leads_to(latch, header)),
            _ => None,
        },
    });
    loops.collect()
}

fn only_leads_to(latch: BasicBlock<'_>, header: BasicBlock<'_>) -> bool {
    let is_phi = |first: InstructionValue<'_>| first.get_opcode() == InstructionOpcode::Phi;
    latch.get_terminator().is_some_and(|branch| {
        branch.get_opcode() == InstructionOpcode::Br && branch.get_num_operands() == 1
    }) && !header.get_first_instruction().is_some_and(is_phi)
}

/// For each block those from which an edge leads back to it, once for each edge.
fn latches(blocks: &[BasicBlock<'_>]) -> Vec<Vec<usize>> {
    let numbers: HashMap<_, _> = blocks.iter().copied().zip(0..).collect();
    let successors_of = |block: usize| successors(blocks[block], &numbers).into_iter();
    let mut latches = vec![Vec::new(); blocks.len()];
    let mut is_seen = vec![false; blocks.len()];
    // Blocks whose visit has begun and not ended.
    let mut is_open = vec![false; blocks.len()];
    let mut path = Vec::new();
    if !blocks.is_empty() {
        (is_seen[0], is_open[0]) = (true, true);
        path.push((0, successors_of(0)));
    }
    while let Some((block, rest)) = path.last_mut() {
        match rest.next() {
            Some(next) if is_open[next] => latches[next].push(*block),
            Some(next) if !is_seen[next] => {
                (is_seen[next], is_open[next]) = (true, true);
                path.push((next, successors_of(next)));
            }
            Some(_) => {}
            None => {
                is_open[*block] = false;
                path.pop();
            }
        }
    }
    latches
}

fn successors(block: BasicBlock<'_>, numbers: &HashMap<BasicBlock<'_>, usize>) -> Vec<usize> {
    let Some(terminator) = block.get_terminator() else {
        return Vec::new();
    };
    let targets = terminator.get_operands().flatten();
    let targets = targets.filter_map(|operand| match operand {
        Operand::Block(target) => numbers.get(&target).copied(),
        Operand::Value(_) => None,
    });
    targets.collect()
}

fn has_funclet(block: BasicBlock<'_>) -> bool {
    let first = block
        .get_instructions()
        .find(|instruction| instruction.get_opcode() != InstructionOpcode::Phi);
    first.is_some_and(|first| {
        matches!(
            first.get_opcode(),
            InstructionOpcode::CatchSwitch
                | InstructionOpcode::CatchPad
                | InstructionOpcode::CleanupPad
        )
    })
}

/// Whether another block may come between this one and those that lead to it: not if it is where
/// exceptions land, and not if an intrinsic has to be in the header.
fn may_be_preceded(header: BasicBlock<'_>) -> bool {
    !header.get_instructions().any(|instruction| {
        instruction.get_opcode() == InstructionOpcode::LandingPad || is_convergence(instruction)
    })
}

fn is_convergence(instruction: InstructionValue<'_>) -> bool {
    if instruction.get_opcode() != InstructionOpcode::Call {
        return false;
    }
    let callee = CallSiteValue::try_from(instruction)
        .ok()
        .and_then(CallSiteValue::get_called_fn_value);
    let prefix = b"llvm.experimental.convergence.";
    callee.is_some_and(|callee| callee.get_name().to_bytes().starts_with(prefix))
}
