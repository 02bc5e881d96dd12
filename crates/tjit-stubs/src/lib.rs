//! Redirectable call stubs: fixed addresses of functions whose code can be exchanged at any time.
//!
#![doc = include_str!("../README.md")]

mod address;
pub mod arch;
mod code;
mod error;
mod geometry;
mod host;
mod lazy;
mod manager;
mod sys;
mod table;

pub use address::{CodePtr, Stub, StubId, Target};
pub use error::Error;
pub use lazy::{LazyResolver, Resolution};
pub use manager::{Config, StubManager};
