#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod facts;
mod fold;
mod guards;
mod values;

pub use error::Error;
pub use facts::{Facts, Folded};
pub use fold::fold;
pub use values::LARGEST_VALUE;
