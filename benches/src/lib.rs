#![doc = include_str!("../README.md")]

mod code;
mod direct;
mod trips;

pub use code::{Assembly, Code, baseline, optimized};
pub use direct::call_targets;
pub use trips::{Trips, WorkerState};
