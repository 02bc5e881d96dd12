#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod phase;
mod plan;
mod point;

#[cfg(feature = "enabled")]
mod armed;
#[cfg(not(feature = "enabled"))]
mod disarmed;

#[cfg(feature = "enabled")]
use armed as imp;
#[cfg(not(feature = "enabled"))]
use disarmed as imp;

pub use imp::{Armed, Entered, enter, hit};
pub use phase::Phase;
pub use plan::Plan;
pub use point::{Injected, Point};

/// Whether hits can fail in this build.
pub const ENABLED: bool = cfg!(feature = "enabled");
