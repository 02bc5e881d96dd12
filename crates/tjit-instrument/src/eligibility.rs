//! Which functions may have a counter.

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::{Linkage, Module};
use inkwell::values::FunctionValue;

use crate::{NO_COUNTER_ATTRIBUTE, OptNone, SkipReason};

/// `CallingConv::X86_INTR` of `llvm/IR/CallingConv.h`; the number is part of the bitcode format.
const X86_INTERRUPT: u32 = 83;

/// Why `function` must not have a counter, or `None` if it may.
pub(crate) fn skip_reason(
    (optnone, trip_function): (OptNone, &str),
    function: FunctionValue<'_>,
) -> Option<SkipReason> {
    let respects_optnone = optnone == OptNone::Respect;
    let asked = || {
        if has_string(function, NO_COUNTER_ATTRIBUTE) {
            Some(SkipReason::Requested)
        } else if function.get_name().to_bytes() == trip_function.as_bytes() {
            Some(SkipReason::TripFunction)
        } else if respects_optnone && has_enum(function, "optnone") {
            Some(SkipReason::OptNone)
        } else {
            None
        }
    };
    no_room(function).or_else(asked)
}

/// Why nothing may be added at the entry of `function`, or `None` if it may.
pub(crate) fn no_room(function: FunctionValue<'_>) -> Option<SkipReason> {
    if function.count_basic_blocks() == 0 {
        Some(SkipReason::Declaration)
    } else if function.get_linkage() == Linkage::AvailableExternally {
        Some(SkipReason::AvailableExternally)
    } else if has_enum(function, "naked") {
        Some(SkipReason::Naked)
    } else if has_enum(function, "presplitcoroutine") {
        Some(SkipReason::PresplitCoroutine)
    } else if function.get_call_conventions() == X86_INTERRUPT || has_string(function, "interrupt")
    {
        Some(SkipReason::InterruptHandler)
    } else {
        None
    }
}

/// Whether `optnone` in this module is the mark of `clang -O0` and not of a programmer.
///
/// `clang -O0` puts the attribute on every function it defines, except on those that are
/// `alwaysinline` or `naked`. So the answer is yes if there is such a function and none of the
/// others lacks the attribute. Ask this of the program module as loaded, not of a slice of it; a
/// module with a single function is taken for the work of `-O0` too.
#[must_use]
pub fn optnone_everywhere(module: &Module<'_>) -> bool {
    let mut bodies = module
        .get_functions()
        .filter(|f| {
            f.count_basic_blocks() != 0 && !has_enum(*f, "alwaysinline") && !has_enum(*f, "naked")
        })
        .peekable();
    bodies.peek().is_some() && bodies.all(|f| has_enum(f, "optnone"))
}

fn has_enum(function: FunctionValue<'_>, name: &str) -> bool {
    let kind = Attribute::get_named_enum_kind_id(name);
    debug_assert_ne!(kind, 0, "LLVM does not know the attribute {name}");
    function
        .get_enum_attribute(AttributeLoc::Function, kind)
        .is_some()
}

fn has_string(function: FunctionValue<'_>, name: &str) -> bool {
    function
        .get_string_attribute(AttributeLoc::Function, name)
        .is_some()
}

#[cfg(test)]
mod tests;
