//! Keeping results the same to the last bit.

use inkwell::builder::Builder;
use inkwell::module::Module;
use inkwell::values::{
    BasicValueEnum, CallSiteValue, FastMathFlags, FloatMathValue, FunctionValue, InstructionValue,
};

use super::scan::{call_site, is_intrinsic};
use super::subtargets::Checked;

/// Multiplies and adds, rounding in between or not, whatever is faster.
const FMULADD: &str = "llvm.fmuladd.";

/// As [`FMULADD`], in forms that can't be taken apart as simply.
const STRICT: [&str; 2] = ["llvm.experimental.constrained.fmuladd.", "llvm.vp.fmuladd."];

fn is_declared(module: &Module<'_>, prefixes: &[&str]) -> bool {
    module.get_functions().any(|function| {
        let name = function.get_name().to_bytes();
        prefixes
            .iter()
            .any(|prefix| name.starts_with(prefix.as_bytes()))
    })
}

/// Whether the module has operations that fuse when the processor can, and that [`unfuse`] leaves alone.
pub(super) fn has_strict_fusion(module: &Module<'_>) -> bool {
    is_declared(module, &STRICT)
}

/// Takes `llvm.fmuladd` apart in functions whose own processor can't fuse.
pub(crate) fn unfuse(module: &Module<'_>, functions: &[Checked<'_>]) {
    // Most modules have none, and looking at every instruction costs as much as a pass.
    if !is_declared(module, &[FMULADD]) {
        return;
    }
    let builder = module.get_context().create_builder();
    for checked in functions.iter().filter(|checked| !checked.can_fuse()) {
        // Collected first: the calls are erased on the way.
        let calls: Vec<_> = instructions(checked.function)
            .filter(|instruction| call_site(*instruction).is_some_and(is_fmuladd))
            .collect();
        for call in calls {
            take_apart(&builder, call);
        }
    }
}

fn instructions(function: FunctionValue<'_>) -> impl Iterator<Item = InstructionValue<'_>> {
    function
        .get_basic_block_iter()
        .flat_map(|block| block.get_instructions())
}

fn is_fmuladd(call: CallSiteValue<'_>) -> bool {
    call.get_called_fn_value()
        .filter(|callee| is_intrinsic(*callee))
        .is_some_and(|callee| callee.get_name().to_bytes().starts_with(FMULADD.as_bytes()))
}

fn take_apart<'ctx>(builder: &Builder<'ctx>, call: InstructionValue<'ctx>) {
    use BasicValueEnum as Value;
    let operand = |index| call.get_operand(index).and_then(|operand| operand.value());
    let result = call_site(call).and_then(|call| call.try_as_basic_value().basic());
    let flags = call
        .get_fast_math_flags()
        .unwrap_or_else(|_| FastMathFlags::empty())
        .difference(FastMathFlags::AllowContract);
    builder.position_before(&call);
    match (operand(0), operand(1), operand(2), result) {
        (
            Some(Value::FloatValue(a)),
            Some(Value::FloatValue(b)),
            Some(Value::FloatValue(c)),
            Some(Value::FloatValue(old)),
        ) => old.replace_all_uses_with(multiply_add(builder, flags, a, b, c)),
        (
            Some(Value::VectorValue(a)),
            Some(Value::VectorValue(b)),
            Some(Value::VectorValue(c)),
            Some(Value::VectorValue(old)),
        ) => old.replace_all_uses_with(multiply_add(builder, flags, a, b, c)),
        (
            Some(Value::ScalableVectorValue(a)),
            Some(Value::ScalableVectorValue(b)),
            Some(Value::ScalableVectorValue(c)),
            Some(Value::ScalableVectorValue(old)),
        ) => old.replace_all_uses_with(multiply_add(builder, flags, a, b, c)),
        // The verifier lets nothing else through.
        _ => return,
    }
    call.erase_from_basic_block();
}

fn multiply_add<'ctx, V: FloatMathValue<'ctx> + Copy>(
    builder: &Builder<'ctx>,
    flags: FastMathFlags,
    a: V,
    b: V,
    c: V,
) -> V {
    const POSITIONED: &str = "the builder was positioned before the call";
    let product = builder.build_float_mul(a, b, "").expect(POSITIONED);
    let sum = builder.build_float_add(product, c, "").expect(POSITIONED);
    // Constants are folded on the way, each operation rounded, and have no flags.
    for instruction in [product.as_instruction_value(), sum.as_instruction_value()]
        .into_iter()
        .flatten()
    {
        let _flagged = instruction.set_fast_math_flags(flags);
    }
    sum
}

/// Drops `contract` flags in functions whose own processor can't fuse: the one they are compiled for can.
pub(crate) fn forbid_contraction(functions: &[Checked<'_>]) {
    for checked in functions.iter().filter(|checked| !checked.can_fuse()) {
        for instruction in instructions(checked.function) {
            // An error means that this instruction has no flags.
            if let Ok(flags) = instruction.get_fast_math_flags()
                && flags.contains(FastMathFlags::AllowContract)
            {
                let _cleared =
                    instruction.set_fast_math_flags(flags - FastMathFlags::AllowContract);
            }
        }
    }
}
