//! Machine code of stubs, lazy entries and trampolines, as data.
//!
//! Every encoder is a pure function from numbers to bytes and exists on every host, so each can be tested by disassembly
//! anywhere and used to prepare code for another machine. Nothing here maps or runs memory.

pub mod aarch64;
pub mod x86_64;

/// A distance that the instruction which has to span it cannot encode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("encoding {what}: a distance of {distance} bytes is out of reach")]
pub struct OutOfReach {
    /// The instruction sequence that was being encoded.
    pub what: &'static str,
    /// From the start of the sequence to what it refers to, in bytes.
    pub distance: i64,
}
