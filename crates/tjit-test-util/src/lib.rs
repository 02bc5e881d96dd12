#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod binaries;
mod cache;
mod compile;
mod run;
mod source;
mod tools;
mod workspace;

pub use binaries::{archive, linked_executable};
pub use compile::{
    bitcode_file, compile_to_bitcode, native_executable, native_object, native_program,
    shared_library,
};
pub use run::{Input, Output, run, run_native};
pub use source::{Lang, Source};
pub use tools::{Tool, tool};
pub use workspace::{program_sources, target_dir, temp_dir, workspace_root};
