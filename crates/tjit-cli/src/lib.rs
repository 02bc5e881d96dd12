#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod args;
mod command;
mod error;

mod frontend;
mod input;
mod journal;
mod knobs;
mod libraries;
mod toolchain;

mod process;
mod report;
mod tier_names;
mod watch;

pub use command::main;
