//! Counters in loops.
//!
//! ```text
//! entry:
//!   %turns = alloca i32
//!   store i32 INTERVAL, ptr %turns
//!   …
//! turn:                                    ; new, in front of each loop header
//!   <the header's phis>
//!   %turns.now = load i32, ptr %turns
//!   %turns.left = add i32 %turns.now, -1
//!   store i32 %turns.left, ptr %turns
//!   %turned = icmp sle i32 %turns.left, 0
//!   br i1 %turned, label %turned, label %header, !prof !cold
//! header:                                  ; the header itself, minus its phis
//!   …
//! turned:                                  ; at the end of the function
//!   call void @optimize_loop(ptr @stub, i32 LOOP, i32 INTERVAL)
//!   store i32 INTERVAL, ptr %turns
//!   br label %header
//! ```
//!
//! The counter is in the frame, not in a global: threads that are in the same loop don't share a
//! cache line for it. .NET counts so too (`OSR_CounterBump`). In front of a header it counts the ways into the
//! loop along with its turns, as it stands where both come together.
//!
//! Where each turn ends in one block that leads to the header and nowhere else, as loops do that no optimiser has seen, that block
//! counts, and no further block is needed: without optimisation, a loop that does nothing else takes 1.4 times as long as without a
//! counter then, instead of 1.6 times.
//!
//! ```text
//! latch:
//!   …
//!   %turns.left = …
//!   %turns.on = icmp sgt i32 %turns.left, 0
//!   br i1 %turns.on, label %header, label %turned, !prof !hot
//! ```
//!
//! Elsewhere a new block goes in front of the header, as with [`counter`](crate::counter): what phis of other
//! blocks say of the header stays true, and everybody who leads to the header is led to the new
//! block, whatever instruction leads there.

use std::num::NonZeroU32;

use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::builder::BuilderError;
use inkwell::module::Module;
use inkwell::values::{FunctionValue, InstructionOpcode, IntValue, PointerValue};

use crate::loops::{self, Loop};
use crate::rewrite::{BROKEN_PROMISES, Rewrite, mark_likely, mark_unlikely, remove_promises};
use crate::symbols::{LoopSymbols, name_of};
use crate::{Error, LoopCounter};

/// Gives the loops of `function` a counter and returns how many have one. It must be eligible.
pub(crate) fn insert<'ctx>(
    config: &LoopCounter,
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
    stub: &str,
) -> Result<u32, Error> {
    let loops = loops::find(function);
    if loops.is_empty() {
        return Ok(0);
    }
    let symbols = LoopSymbols::resolve(module, function, stub, config)?;
    let rewrite = Rewrite::new(module, function);
    let counted = rewrite.count_turns(&loops, &symbols, config.interval);
    let counted = counted.map_err(|source| Error::Build {
        function: name_of(function),
        source,
    })?;
    remove_promises(function, BROKEN_PROMISES);
    debug_assert!(
        function.verify(true),
        "instrumenting loops broke `{}`",
        name_of(function)
    );
    Ok(counted)
}

impl<'ctx> Rewrite<'ctx> {
    fn count_turns(
        &self,
        loops: &[Loop<'ctx>],
        symbols: &LoopSymbols<'ctx>,
        interval: NonZeroU32,
    ) -> Result<u32, BuilderError> {
        let i32_type = self.context.i32_type();
        let interval = i32_type.const_int(interval.get().into(), false);
        let turns = self.turns_in_frame(interval)?;
        let stub = symbols.stub.as_global_value().as_pointer_value();
        for (number, &Loop { header, latch }) in (0_u32..).zip(loops) {
            let turned = self.context.append_basic_block(self.function, "turned");
            match latch {
                Some(latch) => self.poll_in_latch(latch, (header, turned), turns)?,
                None => self.poll(header, turned, turns)?,
            }
            self.builder.position_at_end(turned);
            let number = i32_type.const_int(number.into(), false);
            let arguments = [stub.into(), number.into(), interval.into()];
            self.call_cold(symbols.trip, &arguments)?;
            self.builder.build_store(turns, interval)?;
            self.builder.build_unconditional_branch(header)?;
        }
        Ok(u32::try_from(loops.len()).unwrap_or(u32::MAX))
    }

    /// The counter of a frame, full at first.
    fn turns_in_frame(&self, interval: IntValue<'ctx>) -> Result<PointerValue<'ctx>, BuilderError> {
        if let Some(first) = self
            .function
            .get_first_basic_block()
            .and_then(BasicBlock::get_first_instruction)
        {
            self.builder.position_before(&first);
        }
        let turns = self.builder.build_alloca(interval.get_type(), "turns")?;
        self.builder.build_store(turns, interval)?;
        Ok(turns)
    }

    /// Has everybody who leads to `header` lead to `poll`.
    fn lead_to(&self, poll: BasicBlock<'ctx>, header: BasicBlock<'ctx>) {
        // LLVM takes a block that is replaced by another for gone, and has the phis of its successors name the other. It finds
        // them through the terminator; phis are no users of the blocks that they name.
        let terminator = header.get_terminator();
        if let Some(terminator) = terminator {
            terminator.remove_from_basic_block();
        }
        header.replace_all_uses_with(&poll);
        if let Some(terminator) = terminator {
            self.builder.position_at_end(header);
            self.insert_here(terminator);
        }
    }

    /// Counts in a new block in front of `header`.
    fn poll(
        &self,
        header: BasicBlock<'ctx>,
        turned: BasicBlock<'ctx>,
        turns: PointerValue<'ctx>,
    ) -> Result<(), BuilderError> {
        let phis = header
            .get_instructions()
            .take_while(|instruction| instruction.get_opcode() == InstructionOpcode::Phi);
        let phis: Vec<_> = phis.collect();
        let poll = self.context.prepend_basic_block(header, "turn");
        self.lead_to(poll, header);
        self.builder.position_at_end(poll);
        for phi in phis {
            self.move_here(phi);
        }
        let left = self.count_down(turns)?;
        // Not for equality: after `longjmp` the counter may have any value.
        let is_over = self.builder.build_int_compare(
            IntPredicate::SLE,
            left,
            left.get_type().const_zero(),
            "turned",
        )?;
        let branch = self
            .builder
            .build_conditional_branch(is_over, turned, header)?;
        mark_unlikely(&self.context, branch);
        Ok(())
    }

    /// Counts at the end of `latch`, and goes to the header from there.
    fn poll_in_latch(
        &self,
        latch: BasicBlock<'ctx>,
        (header, turned): (BasicBlock<'ctx>, BasicBlock<'ctx>),
        turns: PointerValue<'ctx>,
    ) -> Result<(), BuilderError> {
        let before = latch.get_terminator();
        let kind = self.context.get_kind_id("llvm.loop");
        let hints = before.and_then(|branch| branch.get_metadata(kind));
        if let Some(branch) = before {
            branch.erase_from_basic_block();
        }
        self.builder.position_at_end(latch);
        let left = self.count_down(turns)?;
        let zero = left.get_type().const_zero();
        // Asked so that the branch which is taken each turn is the first: fast instruction selection keeps their order.
        let goes_on = self
            .builder
            .build_int_compare(IntPredicate::SGT, left, zero, "turns.on")?;
        let branch = self
            .builder
            .build_conditional_branch(goes_on, header, turned)?;
        mark_likely(&self.context, branch);
        if let Some(hints) = hints {
            let is_node = branch.set_metadata(hints, kind);
            debug_assert!(is_node.is_ok(), "it was one before");
        }
        Ok(())
    }

    /// One turn less is left.
    fn count_down(&self, turns: PointerValue<'ctx>) -> Result<IntValue<'ctx>, BuilderError> {
        let i32_type = self.context.i32_type();
        let now = self.builder.build_load(i32_type, turns, "turns.now")?;
        let now = now.into_int_value();
        let left = self
            .builder
            .build_int_add(now, i32_type.const_all_ones(), "turns.left")?;
        self.builder.build_store(turns, left)?;
        Ok(left)
    }
}
