//! Keeping LLVM's loop vectoriser away from loops that allocate stack memory.
//!
//! It takes the address of an `alloca` in a loop for the same in every iteration, and gives all lanes one address: on
//! any x86-64 where the address alone is stored (`for (…) out[i] = alloca(4);` at `clang -O3`), with AVX-512 also where
//! the memory is written to. Code without optimisation is right, so a function would change its behaviour when it
//! changes its tier.

use std::collections::HashSet;

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::basic_block::BasicBlock;
use inkwell::module::Module;
use inkwell::values::FunctionValue;

use super::scan::Facts;
use super::subtargets::Checked;

/// Marks functions with an `alloca` in a loop, and those into which one is always inlined, as not to be vectorised
/// (`noimplicitfloat`, which both vectorisers heed) and not to be inlined elsewhere, where the mark would be lost.
pub(crate) fn keep_apart(module: &Module<'_>, functions: &[Checked<'_>], facts: &[Facts<'_>]) {
    let mut marked: HashSet<FunctionValue<'_>> = HashSet::new();
    loop {
        let before = marked.len();
        for (checked, facts) in functions.iter().zip(facts) {
            let inlined = facts.always_inlined.iter();
            if facts.alloca_in_loop || inlined.into_iter().any(|callee| marked.contains(callee)) {
                marked.insert(checked.function);
            }
        }
        if marked.len() == before {
            break;
        }
    }
    for function in marked {
        mark(module, function, "noimplicitfloat");
        // The two exclude one another (verifier).
        if !has(function, "alwaysinline") {
            mark(module, function, "noinline");
        }
    }
}

fn has(function: FunctionValue<'_>, attribute: &str) -> bool {
    let kind = Attribute::get_named_enum_kind_id(attribute);
    function
        .get_enum_attribute(AttributeLoc::Function, kind)
        .is_some()
}

fn mark(module: &Module<'_>, function: FunctionValue<'_>, attribute: &str) {
    let kind = Attribute::get_named_enum_kind_id(attribute);
    let attribute = module.get_context().create_enum_attribute(kind, 0);
    function.add_attribute(AttributeLoc::Function, attribute);
}

/// Whether control can come back to a block.
pub(super) fn is_in_loop(block: BasicBlock<'_>) -> bool {
    let mut seen = HashSet::new();
    let mut pending = successors(block);
    while let Some(next) = pending.pop() {
        if next == block {
            return true;
        }
        if seen.insert(next) {
            pending.extend(successors(next));
        }
    }
    false
}

fn successors(block: BasicBlock<'_>) -> Vec<BasicBlock<'_>> {
    block
        .get_terminator()
        .into_iter()
        .flat_map(|terminator| terminator.get_operands())
        .filter_map(|operand| operand?.block())
        .collect()
}
