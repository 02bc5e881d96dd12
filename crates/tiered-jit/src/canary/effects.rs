//! Whether a function may be called once more than the program does.

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::Module;
use tjit_orc::{CodeGenLevel, TargetMachine, TargetOptions, ThreadSafeModule};

use super::CanaryRefusal;
use crate::Error;

/// Inlines callees, of which copies say nothing by themselves, puts locals into registers, and infers attributes.
const INFER: &str = "cgscc(inline,function(sroa,early-cse,simplifycfg),function-attrs)";

/// What LLVM's alias analysis calls `Mod`, for each kind of memory: the upper of two bits (`MemoryEffectsBase` of
/// `llvm/Support/ModRef.h`).
const WRITES: u64 = 0xaaaa_aaaa_aaaa_aaaa;

/// Asks LLVM whether `body` only reads memory, returns, and does not throw.
///
/// It works on a copy, since the inference is of no use to the unit: its pipeline comes to the same.
pub(super) fn check(
    unit: &ThreadSafeModule,
    body: &str,
) -> Result<Result<(), CanaryRefusal>, Error> {
    let copy = unit.clone_to_new_context()?;
    let machine = TargetMachine::host(&TargetOptions {
        level: CodeGenLevel::None,
        host_cpu: false,
    })?;
    copy.with_module(|module| {
        machine.run_passes(module, INFER)?;
        let missing = missing(module, body);
        Ok(match missing.is_empty() {
            true => Ok(()),
            false => Err(CanaryRefusal::Effects {
                body: body.to_owned(),
                missing: missing.join(", "),
            }),
        })
    })
}

fn missing(module: &Module<'_>, body: &str) -> Vec<&'static str> {
    let attribute = |name| {
        let kind = Attribute::get_named_enum_kind_id(name);
        let function = module.get_function(body)?;
        function.get_enum_attribute(AttributeLoc::Function, kind)
    };
    let mut missing = Vec::new();
    let reads = attribute("memory").is_some_and(|memory| memory.get_enum_value() & WRITES == 0);
    if !reads {
        missing.push("memory(read)");
    }
    let plain = ["willreturn", "nounwind"];
    missing.extend(plain.into_iter().filter(|&name| attribute(name).is_none()));
    missing
}

#[cfg(test)]
mod tests;
