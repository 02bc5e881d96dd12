//! Why a version can't be tried.

use std::sync::Arc;

use tjit_instrument::{ShadowError, SkipReason};

/// Why a version can't be tried on some of the calls.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CanaryRefusal {
    /// Not a part of the calls.
    #[error("{0} of the calls are to get it; say more than 0 and less than 1")]
    Fraction(f64),
    /// Not a ratio of times.
    #[error("the largest ratio of times is {0}; say a positive number")]
    Ratio(f64),
    /// Nothing is to be measured.
    #[error("it is to be decided without samples; say how many there are to be")]
    NoSamples,
    /// There is no place in the function where the clock could be read.
    #[error("its calls can't be timed: {0}")]
    Timing(SkipReason),
    /// Its results can't be compared.
    #[error(transparent)]
    Shadow(Arc<ShadowError>),
    /// Calling it twice may have an effect.
    #[error(
        "calling `{body}` as well may have an effect, as LLVM infers no {missing} for it; if that does not matter, compare with \
         `Compare::result_without_effects`"
    )]
    Effects {
        /// The body's name.
        body: String,
        /// The attributes that are missing.
        missing: String,
    },
    /// The splitter is written in the machine's language.
    #[error("calls can't be shared out on {}", std::env::consts::ARCH)]
    Host,
}
