#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod facts;
mod fold;
mod guards;

pub use error::Error;
pub use facts::{Facts, Folded};
pub use fold::fold;
