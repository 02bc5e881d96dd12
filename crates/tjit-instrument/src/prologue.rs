//! Which instructions of an entry block stay in front of the counter.
//!
//! Three kinds do. Static allocas: outside the entry block LLVM treats an alloca as dynamic, the
//! function gets a frame pointer and the frame grows. The stores of arguments to their allocas: an
//! argument that is still in a register when the block ends is spilled, because code generation at
//! O0 keeps no register across blocks. And calls of intrinsics that are valid only in an entry
//! block.

use inkwell::basic_block::BasicBlock;
use inkwell::values::{CallSiteValue, InstructionOpcode, InstructionValue, Operand};

/// Intrinsics that LLVM's verifier accepts in the entry block only. Their operands, if any, are
/// static allocas.
const ENTRY_ONLY: &[&[u8]] = &[b"llvm.experimental.convergence.entry", b"llvm.localescape"];

/// The instructions of `entry` that belong in front of the counter, in their order.
pub(crate) fn of<'ctx>(entry: BasicBlock<'ctx>) -> Vec<InstructionValue<'ctx>> {
    let all: Vec<_> = entry.get_instructions().collect();
    let leading = leading_length(&all);
    let mut prologue = all[..leading].to_vec();
    prologue.extend(
        all[leading..]
            .iter()
            .copied()
            .filter(|i| must_stay_in_entry(*i)),
    );
    prologue
}

/// How many instructions at the front are allocas and argument stores, with the address arithmetic
/// and the conversions those stores need. The run ends behind its last alloca or store, so a
/// conversion is taken only for a store.
fn leading_length(instructions: &[InstructionValue<'_>]) -> usize {
    let mut length = 0;
    for (index, instruction) in instructions.iter().enumerate() {
        match instruction.get_opcode() {
            InstructionOpcode::Alloca => length = index + 1,
            InstructionOpcode::Store if stores_to_alloca(*instruction) => length = index + 1,
            InstructionOpcode::GetElementPtr
            | InstructionOpcode::AddrSpaceCast
            | InstructionOpcode::BitCast
            | InstructionOpcode::IntToPtr
            | InstructionOpcode::PtrToInt
            | InstructionOpcode::SExt
            | InstructionOpcode::Trunc
            | InstructionOpcode::ZExt => {}
            _ => break,
        }
    }
    length
}

/// Whether the store's address is an alloca or a place inside one.
fn stores_to_alloca(store: InstructionValue<'_>) -> bool {
    let mut address = pointer_operand(store, 1);
    while let Some(instruction) = address {
        match instruction.get_opcode() {
            InstructionOpcode::Alloca => return true,
            InstructionOpcode::GetElementPtr | InstructionOpcode::AddrSpaceCast => {
                address = pointer_operand(instruction, 0);
            }
            _ => return false,
        }
    }
    false
}

fn pointer_operand(instruction: InstructionValue<'_>, index: u32) -> Option<InstructionValue<'_>> {
    match instruction.get_operand(index)? {
        Operand::Value(value) if value.is_pointer_value() => {
            value.into_pointer_value().as_instruction()
        }
        _ => None,
    }
}

fn must_stay_in_entry(instruction: InstructionValue<'_>) -> bool {
    match instruction.get_opcode() {
        InstructionOpcode::Alloca => is_static(instruction),
        InstructionOpcode::Call => is_entry_only(instruction),
        _ => false,
    }
}

/// A constant number of elements and not `inalloca`, whose place between the calls around it has a
/// meaning.
fn is_static(alloca: InstructionValue<'_>) -> bool {
    let constant_count = match alloca.get_operand(0) {
        Some(Operand::Value(count)) => count.is_int_value() && count.into_int_value().is_const(),
        _ => false,
    };
    // The C interface cannot ask for the flag; the printed form puts it right behind the opcode.
    constant_count && !alloca.to_string().contains("= alloca inalloca ")
}

fn is_entry_only(call: InstructionValue<'_>) -> bool {
    let callee = CallSiteValue::try_from(call)
        .ok()
        .and_then(CallSiteValue::get_called_fn_value);
    callee.is_some_and(|callee| ENTRY_ONLY.contains(&callee.get_name().to_bytes()))
}
