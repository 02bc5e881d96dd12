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
//! cache line for it. .NET counts so too (`OSR_CounterBump`). It counts the ways into the loop
//! along with its turns, as it stands where both come together, where the loop is entered anew.
//!
//! A new block goes in front of the header, as with [`counter`](crate::counter): what phis of other
//! blocks say of the header stays true, and everybody who leads to the header is led to the new
//! block, whatever instruction leads there.

use std::num::NonZeroU32;

use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::builder::BuilderError;
use inkwell::module::Module;
use inkwell::values::{FunctionValue, InstructionOpcode, IntValue, PointerValue};

use crate::rewrite::{BROKEN_PROMISES, Rewrite, mark_unlikely, remove_promises};
use crate::symbols::{LoopSymbols, name_of};
use crate::{Error, LoopCounter, loops};

/// Gives the loops of `function` a counter and returns how many have one. It must be eligible.
pub(crate) fn insert<'ctx>(
    config: &LoopCounter,
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
    stub: &str,
) -> Result<u32, Error> {
    let headers = loops::headers(function);
    if headers.is_empty() {
        return Ok(0);
    }
    let symbols = LoopSymbols::resolve(module, function, stub, config)?;
    let rewrite = Rewrite::new(module, function);
    let counted = rewrite.count_turns(&headers, &symbols, config.interval);
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
        headers: &[BasicBlock<'ctx>],
        symbols: &LoopSymbols<'ctx>,
        interval: NonZeroU32,
    ) -> Result<u32, BuilderError> {
        let i32_type = self.context.i32_type();
        let interval = i32_type.const_int(interval.get().into(), false);
        let turns = self.turns_in_frame(interval)?;
        let stub = symbols.stub.as_global_value().as_pointer_value();
        for (number, &header) in (0_u32..).zip(headers) {
            let turned = self.context.append_basic_block(self.function, "turned");
            self.poll(header, turned, turns)?;
            self.builder.position_at_end(turned);
            let number = i32_type.const_int(number.into(), false);
            let arguments = [stub.into(), number.into(), interval.into()];
            self.call_cold(symbols.trip, &arguments)?;
            self.builder.build_store(turns, interval)?;
            self.builder.build_unconditional_branch(header)?;
        }
        Ok(u32::try_from(headers.len()).unwrap_or(u32::MAX))
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
        let i32_type = self.context.i32_type();
        let now = self.builder.build_load(i32_type, turns, "turns.now")?;
        let left = self.builder.build_int_add(
            now.into_int_value(),
            i32_type.const_all_ones(),
            "turns.left",
        )?;
        self.builder.build_store(turns, left)?;
        // Not for equality: after `longjmp` the counter may have any value.
        let is_over = self.builder.build_int_compare(
            IntPredicate::SLE,
            left,
            i32_type.const_zero(),
            "turned",
        )?;
        let branch = self
            .builder
            .build_conditional_branch(is_over, turned, header)?;
        mark_unlikely(&self.context, branch);
        Ok(())
    }
}
