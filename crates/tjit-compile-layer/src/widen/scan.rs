//! What a function's body says about widening it.

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::values::{
    AsValueRef, CallSiteValue, FunctionValue, InstructionOpcode, InstructionValue,
};

use super::abi::{depends_on_features, has_wide_vector};
use super::allocas::is_in_loop;
use crate::compiled::KeptFeatures;

/// What one pass over a body finds.
#[derive(Debug, Default)]
pub(crate) struct Facts<'ctx> {
    /// A signature or calling convention, its own or a callee's, that depends on features.
    pub(super) signature: Option<KeptFeatures>,
    /// It allocates stack memory in a loop.
    pub(super) alloca_in_loop: bool,
    /// The functions with bodies that LLVM inlines into it whatever their features are.
    pub(super) always_inlined: Vec<FunctionValue<'ctx>>,
}

pub(crate) fn scan(function: FunctionValue<'_>) -> Facts<'_> {
    let mut facts = Facts {
        signature: depends_on_features(function.get_type(), function.get_call_conventions()),
        ..Facts::default()
    };
    for block in function.get_basic_block_iter() {
        let mut allocates = false;
        for instruction in block.get_instructions() {
            allocates |= instruction.get_opcode() == InstructionOpcode::Alloca;
            if let Some(call) = call_site(instruction) {
                facts.add_call(instruction, call);
            }
        }
        // Nothing jumps to an entry block, where most of them are.
        let is_entry = Some(block) == function.get_first_basic_block();
        facts.alloca_in_loop |= allocates && !is_entry && is_in_loop(block);
    }
    facts
}

/// A call in any of its forms.
pub(super) fn call_site(instruction: InstructionValue<'_>) -> Option<CallSiteValue<'_>> {
    let is_call = matches!(
        instruction.get_opcode(),
        InstructionOpcode::Call | InstructionOpcode::Invoke | InstructionOpcode::CallBr
    );
    // SAFETY: the value is live, and its opcode is one of the three call sites of LLVM (`CallBase`).
    is_call.then(|| unsafe { CallSiteValue::new(instruction.as_value_ref()) })
}

impl<'ctx> Facts<'ctx> {
    fn add_call(&mut self, instruction: InstructionValue<'ctx>, call: CallSiteValue<'ctx>) {
        let callee = call.get_called_fn_value();
        if callee.is_some_and(is_intrinsic) {
            return;
        }
        let signature = call.get_called_fn_type();
        self.signature = self
            .signature
            .or_else(|| depends_on_features(signature, call.get_call_convention()))
            .or_else(|| variable_arguments(instruction, call));
        if let Some(callee) = callee
            && callee.get_first_basic_block().is_some()
            && is_always_inlined(call, callee)
        {
            self.always_inlined.push(callee);
        }
    }
}

/// Intrinsics have no calling convention.
pub(super) fn is_intrinsic(function: FunctionValue<'_>) -> bool {
    function.get_intrinsic_id() != 0
}

fn is_always_inlined(call: CallSiteValue<'_>, callee: FunctionValue<'_>) -> bool {
    let kind = Attribute::get_named_enum_kind_id("alwaysinline");
    let location = AttributeLoc::Function;
    callee.get_enum_attribute(location, kind).is_some()
        || call.get_enum_attribute(location, kind).is_some()
}

/// Arguments of variadic functions are not in the signature.
fn variable_arguments(
    instruction: InstructionValue<'_>,
    call: CallSiteValue<'_>,
) -> Option<KeptFeatures> {
    let signature = call.get_called_fn_type();
    if !signature.is_var_arg() {
        return None;
    }
    (signature.count_param_types()..call.count_arguments())
        .filter_map(|index| instruction.get_operand(index)?.value())
        .any(|argument| has_wide_vector(argument.get_type()))
        .then_some(KeptFeatures::VectorSignature)
}
