//! What can go wrong between the embedder and the runtime.

use crate::FunctionId;
use crate::sleepers::MAX_WORKERS;
use std::sync::Arc;

/// An error of this crate. A failed compilation is no error of the runtime: it is an event and a state.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No function with this id was registered.
    #[error("looking up function {0}: not registered")]
    UnknownFunction(FunctionId),
    /// The baseline of a function can't be compiled; it was tried before.
    #[error("calling `{symbol}`: compiling its baseline failed: {reason}")]
    BaselineFailed {
        /// The linker-level name of the function.
        symbol: Arc<str>,
        /// What the compiler said.
        reason: Arc<str>,
    },
    /// The function is not in the program any more.
    #[error("`{0}` was removed from the program")]
    Removed(Arc<str>),
    /// The function is being compiled.
    #[error("removing `{0}`: it is being compiled; wait until it is not")]
    Busy(Arc<str>),
    /// A version can't run again.
    #[error("rolling `{symbol}` back to version {number}: {reason}")]
    Version {
        /// The linker-level name of the function.
        symbol: Arc<str>,
        /// The version that was asked for.
        number: usize,
        /// What speaks against it.
        reason: Unrunnable,
    },
    /// The function was rolled back while a new version was made, which is not published then.
    #[error("publishing `{symbol}`: {reason}")]
    Withdrawn {
        /// The linker-level name of the function.
        symbol: Arc<str>,
        /// To what it was rolled back.
        reason: Arc<str>,
    },
    /// A function is among those that are to change together more than once.
    #[error("changing `{0}` twice at once: say what is to become of it")]
    Twice(Arc<str>),
    /// The runtime was shut down.
    #[error("compiling `{0}`: the runtime was shut down")]
    Stopped(Arc<str>),
    /// 2³² functions are registered.
    #[error("registering `{0}`: the function table is full")]
    TableFull(Arc<str>),
    /// [`MAX_WORKERS`] threads have been workers of this runtime.
    #[error("registering a worker: {MAX_WORKERS} were registered already")]
    TooManyWorkers,
}

/// Why a version can't run again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unrunnable {
    /// The function has not had as many versions.
    #[error("there is no such version; the function's history has the numbers")]
    Unknown,
    /// Its code is gone.
    #[error("its code was freed; request a new version")]
    Reclaimed,
    /// Something that it relied on no longer holds.
    #[error("it was taken back, because {0}; request a new version")]
    Invalidated(Arc<str>),
}
