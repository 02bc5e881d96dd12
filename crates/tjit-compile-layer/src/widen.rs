//! Compiling optimised bodies for the processor at hand, without changing what they compute.
//!
//! Compilers write `target-cpu` and `target-features` on every function, mostly those of a generic processor, and the
//! attributes override the target machine. *Widening* a function rewrites them to the host's. What must not change:
//!
//! * **The calling convention.** Vectors of more than 128 bits, and vectors of bits, are passed in other registers when
//!   the processor has more of them, and some conventions save other registers. Functions with those in their own
//!   signature or in that of anything they call keep their features, and so do functions into which a callee of that
//!   kind is always inlined; LLVM's other inliner checks this itself.
//! * **The numbers.** Every tier computes the same bits, NaN payloads apart, as long as the source asks for no
//!   fast-math flag other than `contract`. `llvm.fmuladd` may or may not round in between, so in functions whose own
//!   features have no fused multiply-add it becomes a multiplication and an addition, in every tier and before any
//!   pass: LLVM folds it *fused* when its operands are constant even where the processor can't fuse. For the same
//!   reason `contract` flags are dropped from optimised bodies of that kind. In functions that do have fused
//!   multiply-add of their own the flags stay: their author allowed results to differ between levels of optimisation.
//!   Processor features that round otherwise than the instructions they replace stay off ([`ROUNDS_OTHERWISE`]), as
//!   does all widening if the module uses strict arithmetic that may fuse. What a function's own processor has of
//!   either kind stays on, whoever asks for it to be off. No fast-math flag is ever added.
//! * **What LLVM gets right.** Its loop vectoriser gives all lanes one address when a loop holds an `alloca`. Functions
//!   with such a loop are not widened, and whatever the processor not vectorised at all, see `widen/allocas.rs`.
//!
//! A function that asks for a feature which the host lacks keeps what it asks for, since programs choose between such
//! functions at run time; only as the body that is to be optimised is it an error. Inlining stays possible throughout:
//! a caller may inline a callee whose features are a subset of its own.

use std::collections::HashMap;

use inkwell::attributes::AttributeLoc;
use inkwell::module::Module;
use inkwell::values::FunctionValue;
use tjit_mangle::{Tier, tier_of};
use tjit_orc::Host;

use crate::compiled::{KeptFeatures, NotWidened};
use crate::error::{Error, ErrorKind};

mod abi;
mod allocas;
mod changes;
mod numbers;
mod scan;
mod subtargets;

#[cfg(test)]
mod tests;

pub(crate) use allocas::keep_apart;
pub use changes::FeatureChanges;
pub(crate) use numbers::{forbid_contraction, unfuse};
pub(crate) use scan::{Facts, scan};
pub(crate) use subtargets::{Checked, Subtargets};

/// Features whose instructions give other bits than what LLVM generates without them.
///
/// Half precision: `fma` of half floats and conversions from wide integers are rounded once with it and twice without
/// (AVX512-FP16, and FP16 arithmetic of Arm). Brain floats: the conversions of AVX512-BF16 and AVX-NE-CONVERT flush
/// denormals, the library's do not (Intel SDM, VCVTNEPS2BF16). Switching a feature off switches off all that imply it.
const ROUNDS_OTHERWISE: &[&str] = &[
    "avx512fp16",
    "avx512bf16",
    "avxneconvert",
    "fullfp16",
    "bf16",
];

/// Features with which LLVM makes `llvm.fmuladd` one instruction that rounds once (`isFMAFasterThanFMulAndFAdd` of its targets;
/// every 64-bit Arm processor has it).
const FUSES: &[&str] = &["fma", "fma4", "fp-armv8"];

/// What functions are to be compiled for.
pub(crate) struct Wanted<'w> {
    pub(crate) subtargets: &'w Subtargets,
    /// For the host's processor.
    pub(crate) host_cpu: bool,
    /// For that, or for their own, with these changes.
    pub(crate) changes: Option<&'w FeatureChanges>,
}

/// Rewrites the features of every function that can do with others; returns the rest.
pub(crate) fn widen(
    module: &Module<'_>,
    wanted: &Wanted<'_>,
    functions: &[Checked<'_>],
    facts: &[Facts<'_>],
) -> Result<Vec<NotWidened>, Error> {
    let strict = numbers::has_strict_fusion(module);
    let mut kept = Vec::with_capacity(functions.len());
    for (checked, facts) in functions.iter().zip(facts) {
        let reason = match reason_of_its_own(wanted.subtargets, checked, facts)? {
            None if strict => Some(KeptFeatures::StrictArithmetic),
            reason => reason,
        };
        kept.push(reason);
    }
    spread_over_inlining(functions, facts, &mut kept);

    let mut not_widened = Vec::new();
    for (checked, reason) in functions.iter().zip(kept) {
        match reason {
            None => rewrite(module, wanted, checked)?,
            Some(reason) => not_widened.push(NotWidened {
                function: name(checked.function),
                reason,
            }),
        }
    }
    Ok(not_widened)
}

pub(crate) fn name(function: FunctionValue<'_>) -> String {
    function.get_name().to_string_lossy().into_owned()
}

fn reason_of_its_own(
    subtargets: &Subtargets,
    checked: &Checked<'_>,
    facts: &Facts<'_>,
) -> Result<Option<KeptFeatures>, Error> {
    let lacking = subtargets.lacking(&checked.own);
    if !lacking.is_empty() {
        let function = name(checked.function);
        if tier_of(&function) == Some(Tier::Optimized) {
            let operation = format!("compiling `{function}`");
            let message = format!("this processor lacks {}", lacking.join(", "));
            return Err(Error::new(ErrorKind::MissingFeature, operation, message));
        }
        return Ok(Some(KeptFeatures::ForeignFeature));
    }
    Ok(if facts.alloca_in_loop {
        Some(KeptFeatures::AllocaInLoop)
    } else {
        facts.signature
    })
}

/// What is always inlined brings its calls and its loops along.
fn spread_over_inlining(
    functions: &[Checked<'_>],
    facts: &[Facts<'_>],
    kept: &mut [Option<KeptFeatures>],
) {
    use KeptFeatures as K;
    let mut moved = true;
    while moved {
        moved = false;
        let spreading: HashMap<_, _> = functions
            .iter()
            .zip(&*kept)
            .filter_map(|(checked, reason)| Some((checked.function, (*reason)?)))
            .filter(|(_, reason)| {
                matches!(
                    reason,
                    K::VectorSignature | K::CallingConvention | K::AllocaInLoop
                )
            })
            .collect();
        for (facts, reason) in facts.iter().zip(kept.iter_mut()) {
            let mut inlined = facts.always_inlined.iter();
            if reason.is_none() {
                *reason = inlined.find_map(|callee| spreading.get(callee).copied());
                moved |= reason.is_some();
            }
        }
    }
}

fn rewrite(module: &Module<'_>, wanted: &Wanted<'_>, checked: &Checked<'_>) -> Result<(), Error> {
    let host = Host::get()?;
    let known = wanted.subtargets.host();
    let mut features = Vec::new();
    if wanted.host_cpu {
        features.push(host.features.clone());
    }
    features.extend(wanted.changes.map(|changes| changes.as_str().to_owned()));
    let decisive = ROUNDS_OTHERWISE.iter().chain(FUSES);
    for feature in decisive.filter(|feature| known.knows(feature)) {
        if checked.own.has(feature) {
            features.push(format!("+{feature}"));
        } else if ROUNDS_OTHERWISE.contains(feature) {
            features.push(format!("-{feature}"));
        }
    }
    // Last, so that what the source switched on or off stays so.
    features.push(known.keep_known(&checked.features));
    features.retain(|part| !part.is_empty());

    let context = module.get_context();
    let set = |key: &str, value: &str| {
        let attribute = context.create_string_attribute(key, value);
        checked
            .function
            .add_attribute(AttributeLoc::Function, attribute);
    };
    set(subtargets::FEATURES, &features.join(","));
    if wanted.host_cpu {
        set(subtargets::CPU, &host.cpu);
        // Without it the processor to tune for is the one to generate for.
        checked
            .function
            .remove_string_attribute(AttributeLoc::Function, subtargets::TUNE);
    }
    Ok(())
}
