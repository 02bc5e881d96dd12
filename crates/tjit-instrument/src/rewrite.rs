//! What all kinds of counter do to a function.

use inkwell::AtomicOrdering;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::builder::{Builder, BuilderError};
use inkwell::context::ContextRef;
use inkwell::debug_info::{AsDIScope, DILocation};
use inkwell::module::Module;
use inkwell::values::{
    BasicMetadataValueEnum, CallSiteValue, FunctionValue, InstructionOpcode, InstructionValue,
};

use crate::symbols::COUNTER_ALIGN;

/// Weight of the fast path against 1 for the trip, as in `MDBuilder::createUnlikelyBranchWeights`
/// of LLVM.
const LIKELY: u64 = (1 << 20) - 1;

/// Function attributes that a body with a counter, or one that is timed, no longer keeps: it writes memory and may
/// synchronise.
pub(crate) const BROKEN_PROMISES: &[&str] = &["memory", "nosync", "speculatable"];

/// A function that is being rewritten.
pub(crate) struct Rewrite<'ctx> {
    pub(crate) context: ContextRef<'ctx>,
    pub(crate) builder: Builder<'ctx>,
    pub(crate) function: FunctionValue<'ctx>,
    /// Of calls that are added.
    location: Option<DILocation<'ctx>>,
}

impl<'ctx> Rewrite<'ctx> {
    pub(crate) fn new(module: &Module<'ctx>, function: FunctionValue<'ctx>) -> Self {
        Self {
            context: module.get_context(),
            builder: module.get_context().create_builder(),
            function,
            location: call_location(function),
        }
    }

    /// Moves an instruction from where it is to the insertion point.
    pub(crate) fn move_here(&self, instruction: InstructionValue<'ctx>) {
        instruction.remove_from_basic_block();
        self.insert_here(instruction);
    }

    /// Puts an instruction that is in no block to the insertion point.
    pub(crate) fn insert_here(&self, instruction: InstructionValue<'ctx>) {
        // Inserting sets the name, so it has to be said again. A call here yields nothing or a
        // token, whose type inkwell cannot express; its name is dropped.
        let name = match instruction.get_opcode() {
            InstructionOpcode::Call => None,
            _ => instruction
                .get_name()
                .map(|name| name.to_string_lossy().into_owned()),
        };
        self.builder
            .insert_instruction(&instruction, name.as_deref());
    }

    /// Calls a function of the runtime, in a cold block.
    ///
    /// The call uses the C convention, since the callee is a C function of the runtime.
    /// `preserve_most` would ask a special compilation of the callee and save nothing here: at O0
    /// no value is in a register across blocks, and in optimised code the spills are placed in this
    /// block.
    pub(crate) fn call_cold(
        &self,
        callee: FunctionValue<'ctx>,
        arguments: &[BasicMetadataValueEnum<'ctx>],
    ) -> Result<(), BuilderError> {
        let call = self.builder.build_call(callee, arguments, "")?;
        self.add_enum(call, "cold");
        self.add_enum(call, "nounwind");
        if self.function_has("strictfp") {
            self.add_enum(call, "strictfp");
        }
        if let (Some(call), Some(location)) =
            (call.try_as_basic_value().instruction(), self.location)
        {
            call.set_debug_location(Some(location));
        }
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

pub(crate) fn remove_promises(function: FunctionValue<'_>, names: &[&str]) {
    for name in names {
        function.remove_enum_attribute(
            AttributeLoc::Function,
            Attribute::get_named_enum_kind_id(name),
        );
    }
}

/// Says that the branch hardly ever takes the first way.
pub(crate) fn mark_unlikely<'ctx>(context: &ContextRef<'ctx>, branch: InstructionValue<'ctx>) {
    mark(context, branch, [1, LIKELY]);
}

/// Says that the branch nearly always takes the first way.
pub(crate) fn mark_likely<'ctx>(context: &ContextRef<'ctx>, branch: InstructionValue<'ctx>) {
    mark(context, branch, [LIKELY, 1]);
}

fn mark<'ctx>(context: &ContextRef<'ctx>, branch: InstructionValue<'ctx>, weights: [u64; 2]) {
    let weights = weights.map(|weight| context.i32_type().const_int(weight, false));
    let weights = context.metadata_node(&[
        context.metadata_string("branch_weights").into(),
        weights[0].into(),
        weights[1].into(),
    ]);
    let is_node = branch.set_metadata(weights, context.get_kind_id("prof"));
    debug_assert!(is_node.is_ok());
}

pub(crate) fn make_monotonic(access: InstructionValue<'_>) {
    let aligned = access.set_alignment(COUNTER_ALIGN);
    let ordered = access.set_atomic_ordering(AtomicOrdering::Monotonic);
    debug_assert!(aligned.is_ok() && ordered.is_ok());
}

/// The source location a call that is added gets: LLVM wants one on every call in a
/// function with debug info.
///
/// The first location directly in the function's own scope, else the first at all. A location of
/// our own (line 0) cannot be made without a `DIBuilder`, and inkwell's adds a compile unit to the
/// module.
fn call_location<'ctx>(function: FunctionValue<'ctx>) -> Option<DILocation<'ctx>> {
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
