//! Guards of static locals: the check and the initialiser go once the initialisation is complete.

use inkwell::module::Module;
use inkwell::types::AnyTypeEnum;
use inkwell::values::{BasicValueEnum, GlobalValue, InstructionOpcode, InstructionValue, Operand};

use crate::{Error, Facts};

/// In front of the name of what is guarded (Itanium C++ ABI, §5.1.4.4); a NUL-free `\x01` escape may precede it.
const GUARD_PREFIX: &str = "_ZGV";

/// Returns 0 for a guard that is set, and does nothing else (Itanium C++ ABI, §3.3.3).
const ACQUIRE: &str = "__cxa_guard_acquire";

/// Folds the guards of `module` that are set and returns their names.
pub(crate) fn fold(module: &Module<'_>, facts: &dyn Facts) -> Result<Vec<String>, Error> {
    let mut folded = Vec::new();
    for guard in module.get_globals().filter(|&global| is_guard(global)) {
        let name = guard.get_name().to_string_lossy().into_owned();
        let known = known(guard);
        if known.is_empty() || !facts.guard_is_set(&name) {
            continue;
        }
        match tjit_orc::fold_instructions(&known) {
            Ok(()) => folded.push(name),
            Err(source) => {
                return Err(Error::Fold {
                    symbol: name,
                    source,
                });
            }
        }
    }
    Ok(folded)
}

/// Whether a global is called like a guard and is one by its type: 64 bits, 32 on 32-bit ARM, or a byte where no thread but
/// one is expected. A guard of a thread-local is another in each thread, and what stands for it is a structure once its
/// accesses have become calls.
fn is_guard(global: GlobalValue<'_>) -> bool {
    let name = global.get_name().to_bytes();
    let name = name.strip_prefix(b"\x01").unwrap_or(name);
    let is_integer = || {
        matches!(
            global.get_value_type(),
            AnyTypeEnum::IntType(width) if matches!(width.get_bit_width(), 8 | 32 | 64)
        )
    };
    name.starts_with(GUARD_PREFIX.as_bytes()) && is_integer() && !global.is_thread_local()
}

/// What is known of the instructions that ask a guard which is set: loads of its first byte yield 1, and acquiring it is
/// declined.
fn known<'m>(guard: GlobalValue<'m>) -> Vec<(InstructionValue<'m>, BasicValueEnum<'m>)> {
    let answer = |user: InstructionValue<'m>| {
        let value = match user.get_opcode() {
            InstructionOpcode::Load if is_question(user) => 1,
            InstructionOpcode::Call if calls(user, ACQUIRE) => 0,
            _ => return None,
        };
        let AnyTypeEnum::IntType(width) = user.get_type() else {
            return None;
        };
        Some((user, width.const_int(value, false).into()))
    };
    tjit_orc::direct_users(guard)
        .into_iter()
        .filter_map(answer)
        .collect()
}

/// Whether a load of a guard asks for its first byte only. Other bytes are the runtime library's own, and a volatile load
/// wants to see memory.
fn is_question(load: InstructionValue<'_>) -> bool {
    let is_byte =
        matches!(load.get_type(), AnyTypeEnum::IntType(width) if width.get_bit_width() == 8);
    is_byte && load.get_volatile() == Ok(false)
}

fn calls(call: InstructionValue<'_>, function: &str) -> bool {
    let callee = call
        .get_num_operands()
        .checked_sub(1)
        .and_then(|last| call.get_operand(last));
    let Some(Operand::Value(BasicValueEnum::PointerValue(callee))) = callee else {
        return false;
    };
    callee.get_name().to_bytes() == function.as_bytes()
}
