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
