#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod cache;
mod compile;
mod run;
mod source;
mod tools;
mod workspace;

pub use compile::{bitcode_file, compile_to_bitcode, native_executable, native_program};
pub use run::{Input, Output, run, run_native};
pub use source::{Lang, Source};
pub use tools::{Tool, tool};
pub use workspace::{program_sources, target_dir, temp_dir, workspace_root};
