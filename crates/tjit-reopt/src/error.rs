//! Why facts could not be folded in.

/// LLVM refused a rewrite. The module may hold some of the facts by then and not others; each of them is whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of the program could not be put in place of what it is known to be equal to.
    #[error("folding `{symbol}` into the unit")]
    Fold {
        /// The guard or variable.
        symbol: String,
        /// What LLVM's side said.
        #[source]
        source: tjit_orc::Error,
    },
}
