#![doc = include_str!("../README.md")]

mod alternate;
mod code;
mod cpu_time;
mod cycles;
mod direct;
mod footprint;
mod trips;

mod generated;
mod memory;
mod native;
mod peers;
mod process;
mod programs;
mod smoke;
mod tail;

pub use alternate::{Way, alternate};
pub use code::{Assembly, Code, baseline, optimized};
pub use cpu_time::cpu_time;
pub use cycles::CycleClock;
pub use direct::call_targets;
pub use footprint::Footprint;
pub use generated::Generated;
pub use memory::Memory;
pub use native::Library;
pub use peers::{lli, tjit};
pub use process::{Finished, output, run};
pub use programs::{bitcode, common_bitcode, debug_bitcode};
pub use smoke::is_smoke;
pub use tail::Tail;
pub use trips::{Trips, WorkerState};
