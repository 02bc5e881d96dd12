//! The whole of it, in the order in which one kind of fact helps the next.

use inkwell::module::Module;

use crate::{Error, Facts, Folded, guards, values};

/// Rewrites the functions of `module`, which the caller holds, on the strength of `facts`. Run it before the module is
/// optimised, and after transformations that do not expect constants where they put variables.
///
/// # Errors
/// [`Error`] if LLVM refuses a rewrite; no input is known for which it does. What was folded by then is not told: the module
/// should be thrown away.
pub fn fold(module: &Module<'_>, facts: &dyn Facts) -> Result<Folded, Error> {
    // An initialiser that is gone does not write to its variable any more.
    let guards = guards::fold(module, facts)?;
    let values = values::fold(module, facts);
    Ok(Folded { guards, values })
}
