#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod tier;

mod added;

mod mangler;
mod unmangle;

mod symbol;

mod mode;

mod triple;

mod arm64ec;
mod msvc;

mod error;

pub use added::{counted_symbol, counter_name};
pub use error::{Error, ErrorKind, MAX_NAME_LEN};
pub use mangler::Mangler;
pub use mode::ManglingMode;
pub use symbol::{CallingConvention, Function, Linkage, Symbol, argument_bytes};
pub use tier::{
    BASELINE_SUFFIX, BodyName, OPTIMIZED_SUFFIX, Tier, Version, body_name, split_body_name, tier_of,
};
pub use unmangle::ParsedName;
