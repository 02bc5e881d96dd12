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

use inkwell::AtomicOrdering;
use inkwell::IntPredicate;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::basic_block::BasicBlock;
use inkwell::builder::{Builder, BuilderError};
use inkwell::context::ContextRef;
use inkwell::debug_info::{AsDIScope, DILocation};
use inkwell::module::Module;
use inkwell::values::{
    CallSiteValue, FunctionValue, InstructionOpcode, InstructionValue, IntValue,
};

use crate::symbols::{COUNTER_ALIGN, Symbols, name_of};
use crate::{EntryCounter, Error, prologue};

/// Weight of the fast path against 1 for the trip, as in `MDBuilder::createUnlikelyBranchWeights`
/// of LLVM.
const LIKELY: u64 = (1 << 20) - 1;

/// Function attributes that a body with a counter, or one that is timed, no longer keeps: it writes memory and may
/// synchronise.
pub(crate) const BROKEN_PROMISES: &[&str] = &["memory", "nosync", "speculatable"];

/// Gives `function` a counter. It must be eligible.
pub(crate) fn insert<'ctx>(
    config: &EntryCounter,
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
    stub: &str,
    counter: &str,
) -> Result<(), Error> {
    let symbols = Symbols::resolve(module, function, (stub, counter), config)?;
    let location = trip_location(function);
    let rewrite = Rewrite {
        context: module.get_context(),
        builder: module.get_context().create_builder(),
        function,
    };
    rewrite
        .run(&symbols, location)
        .map_err(|source| Error::Build {
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

pub(crate) fn remove_promises(function: FunctionValue<'_>, names: &[&str]) {
    for name in names {
        function.remove_enum_attribute(
            AttributeLoc::Function,
            Attribute::get_named_enum_kind_id(name),
        );
    }
}

struct Rewrite<'ctx> {
    context: ContextRef<'ctx>,
    builder: Builder<'ctx>,
    function: FunctionValue<'ctx>,
}

impl<'ctx> Rewrite<'ctx> {
    fn run(
        &self,
        symbols: &Symbols<'ctx>,
        location: Option<DILocation<'ctx>>,
    ) -> Result<(), BuilderError> {
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
        self.call_trip(symbols, old_entry, location)
    }

    /// Moves an instruction from where it is to the insertion point.
    fn move_here(&self, instruction: InstructionValue<'ctx>) {
        // Inserting sets the name, so it has to be said again. A call here yields nothing or a
        // token, whose type inkwell cannot express; its name is dropped.
        let name = match instruction.get_opcode() {
            InstructionOpcode::Call => None,
            _ => instruction
                .get_name()
                .map(|name| name.to_string_lossy().into_owned()),
        };
        instruction.remove_from_basic_block();
        self.builder
            .insert_instruction(&instruction, name.as_deref());
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

    /// The cold block.
    ///
    /// The call uses the C convention, since the callee is a C function of the runtime.
    /// `preserve_most` would ask a special compilation of the callee and save nothing here: at O0
    /// no value is in a register across blocks, and in optimised code the spills are placed in this
    /// block.
    fn call_trip(
        &self,
        symbols: &Symbols<'ctx>,
        next: BasicBlock<'ctx>,
        location: Option<DILocation<'ctx>>,
    ) -> Result<(), BuilderError> {
        let stub = symbols.stub.as_global_value().as_pointer_value();
        let call = self.builder.build_call(symbols.trip, &[stub.into()], "")?;
        self.add_enum(call, "cold");
        self.add_enum(call, "nounwind");
        if self.function_has("strictfp") {
            self.add_enum(call, "strictfp");
        }
        if let (Some(call), Some(location)) = (call.try_as_basic_value().instruction(), location) {
            call.set_debug_location(Some(location));
        }
        self.builder.build_unconditional_branch(next)?;
        Ok(())
    }

    fn add_enum(&self, call: CallSiteValue<'ctx>, name: &str) {
        let kind = Attribute::get_named_enum_kind_id(name);
        call.add_attribute(
            AttributeLoc::Function,
            self.context.create_enum_attribute(kind, 0),
        );
    }

    fn function_has(&self, name: &str) -> bool {
        let kind = Attribute::get_named_enum_kind_id(name);
        self.function
            .get_enum_attribute(AttributeLoc::Function, kind)
            .is_some()
    }
}

/// Says that the branch is hardly ever taken.
pub(crate) fn mark_unlikely<'ctx>(context: &ContextRef<'ctx>, branch: InstructionValue<'ctx>) {
    let i32_type = context.i32_type();
    let weights = context.metadata_node(&[
        context.metadata_string("branch_weights").into(),
        i32_type.const_int(1, false).into(),
        i32_type.const_int(LIKELY, false).into(),
    ]);
    let is_node = branch.set_metadata(weights, context.get_kind_id("prof"));
    debug_assert!(is_node.is_ok());
}

pub(crate) fn make_monotonic(access: InstructionValue<'_>) {
    let aligned = access.set_alignment(COUNTER_ALIGN);
    let ordered = access.set_atomic_ordering(AtomicOrdering::Monotonic);
    debug_assert!(aligned.is_ok() && ordered.is_ok());
}

/// The source location the call of the trip function gets: LLVM wants one on every call in a
/// function with debug info.
///
/// The first location directly in the function's own scope, else the first at all. A location of
/// our own (line 0) cannot be made without a `DIBuilder`, and inkwell's adds a compile unit to the
/// module.
fn trip_location<'ctx>(function: FunctionValue<'ctx>) -> Option<DILocation<'ctx>> {
    let scope = function.get_subprogram()?.as_debug_info_scope();
    let mut fallback = None;
    for block in function.get_basic_block_iter() {
        for instruction in block.get_instructions() {
            let Some(location) = instruction.get_debug_location() else {
                continue;
            };
            if location.get_scope() == scope {
                return Some(location);
            }
            fallback.get_or_insert(location);
        }
    }
    fallback
}
