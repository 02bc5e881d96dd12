//! Instrumentation for ThreadSanitizer.

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::Module;

/// Without `tsan-module`, which adds a constructor that starts the runtime: it is that of the process, which runs already.
pub(crate) const PIPELINE: &str = "function(tsan)";

/// Asks for the accesses of all bodies to be watched, as clang does with `-fsanitize=thread`.
pub(crate) fn mark(module: &Module<'_>) {
    let kind = Attribute::get_named_enum_kind_id("sanitize_thread");
    let Some(function) = module.get_first_function() else {
        return;
    };
    let attribute = function
        .get_type()
        .get_context()
        .create_enum_attribute(kind, 0);
    for function in module.get_functions() {
        if function.count_basic_blocks() > 0 {
            function.add_attribute(AttributeLoc::Function, attribute);
        }
    }
}
