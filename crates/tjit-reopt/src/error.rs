//! Why facts could not be folded in, or functions not be specialised.

use crate::specialize::Unspecializable;

/// A rewrite that was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// LLVM refused to put a value in place of what it is known to be equal to. The module may hold some of the facts by then and
    /// not others; each of them is whole.
    #[error("folding `{symbol}` into the unit")]
    Fold {
        /// The guard or variable.
        symbol: String,
        /// What LLVM's side said.
        #[source]
        source: tjit_orc::Error,
    },
    /// A function can't be specialised. The module is as it was.
    #[error(
        "specialising `{function}`{}: {reason}",
        argument.as_ref().map(|argument| format!(" for {argument}")).unwrap_or_default()
    )]
    Specialize {
        /// The function's name in the module.
        function: String,
        /// The argument, if it is one that is to blame.
        argument: Option<String>,
        /// Why.
        reason: Unspecializable,
    },
}
