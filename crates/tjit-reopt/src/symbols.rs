//! Referring to symbols of the program by name.

use inkwell::module::Module;
use inkwell::values::GlobalValue;

/// The function or variable of that name, declared if the module has none.
pub(crate) fn declared<'m>(module: &Module<'m>, name: &str) -> GlobalValue<'m> {
    let function = module.get_function(name);
    let found = function.map(|function| function.as_global_value());
    found
        .or_else(|| module.get_global(name))
        .unwrap_or_else(|| {
            // A byte is all that is known to be there. Calls of it are direct as well, and with a signature or a calling
            // convention made up here LLVM would take calls that have another for undefined.
            let byte = module.get_context().i8_type();
            module.add_global(byte, None, name)
        })
}
