//! The rewrite itself.
//!
//! ```text
//! entry:                                   ; new
//!   <static allocas, argument stores>      ; moved from the old entry block
//!   %calls = load atomic i64, ptr @counter monotonic, align 8
//!   %calls.left = add i64 %calls, -1
//!   store atomic i64 %calls.left, ptr @counter monotonic, align 8
//!   %tripped = icmp eq i64 %calls.left, 0
//!   br i1 %tripped, label %trip, label %old_entry, !prof !cold
//! old_entry:                               ; the old entry block itself, minus what moved
//!   …
//! trip:                                    ; last block of the function
//!   call void @optimize_function(ptr @stub)
//!   br label %old_entry
//! ```
//!
//! A new block goes in front of the old entry block and not the other way round: what phis and
//! other blocks say of the old block then stays true, and nobody can refer to an entry block, so
//! nobody notices the new one. Blocks are laid out in IR order at O0, so `trip` is last and the
//! fast path falls through.
//!
//! Code generation at O0 on x86-64 makes five instructions of the fast path: `movq`, `decq`,
//! `movq`, `cmpq $0`, `je`; the flags of the `dec` are not reused. Counting up to a constant costs
//! the same, but then who arms the counter again has to know what it was compiled with.

use inkwell::IntPredicate;
use inkwell::builder::BuilderError;
use inkwell::module::Module;
use inkwell::values::{FunctionValue, IntValue};

use crate::rewrite::{BROKEN_PROMISES, Rewrite, make_monotonic, mark_unlikely, remove_promises};
use crate::symbols::{Symbols, name_of};
use crate::{EntryCounter, Error, prologue};

/// Gives `function` a counter. It must be eligible.
pub(crate) fn insert<'ctx>(
    config: &EntryCounter,
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
    stub: &str,
    counter: &str,
) -> Result<(), Error> {
    let symbols = Symbols::resolve(module, function, (stub, counter), config)?;
    let counted = Rewrite::new(module, function).count_calls(&symbols);
    counted.map_err(|source| Error::Build {
        function: name_of(function),
        source,
    })?;
    remove_promises(function, BROKEN_PROMISES);
    debug_assert!(
        function.verify(true),
        "instrumenting broke `{}`",
        name_of(function)
    );
    Ok(())
}

impl<'ctx> Rewrite<'ctx> {
    fn count_calls(&self, symbols: &Symbols<'ctx>) -> Result<(), BuilderError> {
        let Some(old_entry) = self.function.get_first_basic_block() else {
            return Ok(());
        };
        let prologue = prologue::of(old_entry);
        old_entry.set_name("old_entry");
        let entry = self.context.prepend_basic_block(old_entry, "entry");
        let trip = self.context.append_basic_block(self.function, "trip");

        self.builder.position_at_end(entry);
        for instruction in prologue {
            self.move_here(instruction);
        }
        let tripped = self.count(symbols)?;
        let branch = self
            .builder
            .build_conditional_branch(tripped, trip, old_entry)?;
        mark_unlikely(&self.context, branch);

        self.builder.position_at_end(trip);
        let stub = symbols.stub.as_global_value().as_pointer_value();
        self.call_cold(symbols.trip, &[stub.into()])?;
        self.builder.build_unconditional_branch(old_entry)?;
        Ok(())
    }

    /// Counts this call. The result is true on the call that the counter reaches zero on.
    ///
    /// Monotonic loads and stores and not a read-modify-write: calls lost to a race only delay the
    /// trip, a locked instruction would cost on every call. Zero cannot be jumped over, because
    /// the value compared is the value this thread stores: whoever moves the counter from one
    /// has zero in its register. The new value must therefore not be read back from memory.
    fn count(&self, symbols: &Symbols<'ctx>) -> Result<IntValue<'ctx>, BuilderError> {
        let i64_type = self.context.i64_type();
        let counter = symbols.counter.as_pointer_value();

        let calls = self
            .builder
            .build_load(i64_type, counter, "calls")?
            .into_int_value();
        if let Some(load) = calls.as_instruction() {
            make_monotonic(load);
        }
        let left = self
            .builder
            .build_int_add(calls, i64_type.const_all_ones(), "calls.left")?;
        make_monotonic(self.builder.build_store(counter, left)?);
        self.builder
            .build_int_compare(IntPredicate::EQ, left, i64_type.const_zero(), "tripped")
    }
}
