#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod facts;
mod fold;
mod guards;
mod values;

mod constant;
mod specialize;

mod symbols;

pub use constant::Constant;
pub use error::Error;
pub use facts::{Facts, Folded};
pub use fold::fold;
pub use specialize::{Argument, Guard, Unspecializable, specialize};
pub use values::LARGEST_VALUE;
