#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod compare;
mod error;
mod file;
mod runner;
mod subtest;

pub use error::Error;
pub use file::TestFile;
pub use runner::{Mode, check, files, trials};
pub use subtest::{SubTest, all};
