//! Keeping results the same to the last bit.

use inkwell::builder::{Builder, BuilderError};
use inkwell::module::Module;
use inkwell::values::{
    AnyValue, AnyValueEnum, CallSiteValue, FastMathFlags, FloatMathValue, FunctionValue,
    InstructionOpcode, InstructionValue,
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
            replace(&builder, call, Operation::MultiplyAdd);
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

/// Drops `contract` flags in functions whose own processor can't fuse: the one they are compiled for can.
///
/// Additions and multiplications alone are looked at: there is nothing to fuse without both.
pub(crate) fn forbid_contraction(module: &Module<'_>, functions: &[Checked<'_>]) {
    let builder = module.get_context().create_builder();
    for checked in functions.iter().filter(|checked| !checked.can_fuse()) {
        let contractible: Vec<_> = instructions(checked.function)
            .filter_map(|instruction| Some((instruction, contractible(instruction)?)))
            .collect();
        for (instruction, operation) in contractible {
            replace(&builder, instruction, operation);
        }
    }
}

fn contractible(instruction: InstructionValue<'_>) -> Option<Operation> {
    let operation = match instruction.get_opcode() {
        InstructionOpcode::FMul => Operation::Multiply,
        InstructionOpcode::FAdd => Operation::Add,
        InstructionOpcode::FSub => Operation::Subtract,
        _ => return None,
    };
    let flags = instruction.get_fast_math_flags().ok()?;
    flags
        .contains(FastMathFlags::AllowContract)
        .then_some(operation)
}

/// What to put in an instruction's place.
#[derive(Clone, Copy)]
enum Operation {
    Multiply,
    Add,
    Subtract,
    MultiplyAdd,
}

/// Replaces an instruction by the operation on its operands, with its fast-math flags but for `contract`. In place that
/// can't be done: llvm-c can set flags and not clear them.
fn replace<'ctx>(
    builder: &Builder<'ctx>,
    instruction: InstructionValue<'ctx>,
    operation: Operation,
) {
    let count = match operation {
        Operation::MultiplyAdd => 3,
        Operation::Multiply | Operation::Add | Operation::Subtract => 2,
    };
    let operands: Vec<_> = (0..count)
        .filter_map(|index| instruction.get_operand(index)?.value())
        .collect();
    let flags = instruction
        .get_fast_math_flags()
        .unwrap_or_else(|_| FastMathFlags::empty())
        .difference(FastMathFlags::AllowContract);
    builder.position_before(&instruction);
    let build = Build {
        builder,
        operation,
        flags,
    };
    match instruction.as_any_value_enum() {
        AnyValueEnum::FloatValue(old) => {
            let operands = operands.iter().map(|operand| operand.into_float_value());
            old.replace_all_uses_with(build.on(operands.collect()));
        }
        AnyValueEnum::VectorValue(old) => {
            let operands = operands.iter().map(|operand| operand.into_vector_value());
            old.replace_all_uses_with(build.on(operands.collect()));
        }
        AnyValueEnum::ScalableVectorValue(old) => {
            let operands = operands
                .iter()
                .map(|operand| operand.into_scalable_vector_value());
            old.replace_all_uses_with(build.on(operands.collect()));
        }
        // The verifier lets nothing else through.
        _ => return,
    }
    instruction.erase_from_basic_block();
}

struct Build<'b, 'ctx> {
    builder: &'b Builder<'ctx>,
    operation: Operation,
    flags: FastMathFlags,
}

impl<'ctx> Build<'_, 'ctx> {
    fn on<V: FloatMathValue<'ctx> + Copy>(&self, operands: Vec<V>) -> V {
        let (a, b) = (operands[0], operands[1]);
        match self.operation {
            Operation::Multiply => self.flagged(self.builder.build_float_mul(a, b, "")),
            Operation::Add => self.flagged(self.builder.build_float_add(a, b, "")),
            Operation::Subtract => self.flagged(self.builder.build_float_sub(a, b, "")),
            Operation::MultiplyAdd => {
                let product = self.flagged(self.builder.build_float_mul(a, b, ""));
                self.flagged(self.builder.build_float_add(product, operands[2], ""))
            }
        }
    }

    fn flagged<V: FloatMathValue<'ctx>>(&self, built: Result<V, BuilderError>) -> V {
        let value = built.expect("the builder was positioned before the instruction");
        // Constants are folded on the way, each operation rounded, and have no flags.
        if let Some(instruction) = value.as_instruction_value() {
            let _flagged = instruction.set_fast_math_flags(self.flags);
        }
        value
    }
}
