//! Bitcode of `clang -O0`, which forbids on every function what this JIT is for.

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::Module;
use inkwell::values::FunctionValue;
use tjit_instrument::optnone_everywhere;

/// Allows the functions of `module` to be optimised if `optnone` says how the module was compiled, not what the programmer
/// wants: when every function has it. `noinline` stands beside it for the same reason and goes with it.
pub(crate) fn allow_optimisation(module: &Module<'_>) {
    if !optnone_everywhere(module) {
        return;
    }
    for function in module.get_functions() {
        remove(function, "optnone");
        remove(function, "noinline");
    }
}

fn remove(function: FunctionValue<'_>, attribute: &str) {
    let kind = Attribute::get_named_enum_kind_id(attribute);
    function.remove_enum_attribute(AttributeLoc::Function, kind);
}
