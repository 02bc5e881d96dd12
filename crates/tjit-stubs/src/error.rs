//! Why an operation on stubs did not happen.

use std::io;

use crate::StubId;

/// Why an operation of [`StubManager`](crate::StubManager) was refused. Whatever the kind, nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name has a stub already, or occurs twice in one batch.
    #[error("creating a stub for `{name}`: the name is taken")]
    DuplicateName {
        /// The linker-level name.
        name: String,
    },
    /// No symbol can have this name.
    #[error("creating a stub for {name:?}: {reason}")]
    InvalidName {
        /// The linker-level name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No stub has this name.
    #[error("looking up the stub of `{name}`: no such stub")]
    UnknownName {
        /// The linker-level name.
        name: String,
    },
    /// The manager never gave out this id.
    #[error("updating {id}: no such stub")]
    UnknownId {
        /// The id that was asked for.
        id: StubId,
    },
    /// The stub was removed, so its slot leads to the trap.
    #[error("updating {id}: the stub was removed")]
    Removed {
        /// The id that was asked for.
        id: StubId,
    },
    /// Only a removed stub can be recycled.
    #[error("recycling {id}: the stub was not removed")]
    NotRemoved {
        /// The id that was asked for.
        id: StubId,
    },
    /// There is no room for that many more stubs.
    #[error("creating {requested} stubs: {free} of {capacity} are free")]
    CapacityExhausted {
        /// How many stubs were to be created.
        requested: usize,
        /// How many could have been.
        free: usize,
        /// What the manager was configured with, in stubs.
        capacity: u32,
    },
    /// The configured capacity is 0, or too large for jumps to reach from one end to the other.
    #[error("reserving addresses for {capacity} stubs: the capacity must be from 1 to {maximum}")]
    InvalidCapacity {
        /// What the configuration asked for, in stubs.
        capacity: u32,
        /// The largest capacity on this architecture, in stubs.
        maximum: u32,
    },
    /// The operating system refused memory.
    #[error("{operation}: {source}")]
    Memory {
        /// What the memory was for.
        operation: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}
