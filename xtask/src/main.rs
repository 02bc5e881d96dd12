//! Developer commands of tiered-jit: `cargo xtask <command>`.
//!
//! One file per command. Nothing here links LLVM, so that these commands run on a machine that does not have it yet.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal"
)]

mod flags;

mod bench;
mod bless;
mod cross;
mod doctor;
mod run;
mod setup;
mod test_all;
mod tidy;
mod torture;

mod error;
mod host;
mod sh;
mod toolchain;

use std::process::ExitCode;

use clap::Parser;

use crate::error::Result;
use crate::flags::{Flags, Subcommand};

fn main() -> ExitCode {
    match dispatch(Flags::parse().subcommand) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(subcommand: Subcommand) -> Result<ExitCode> {
    match subcommand {
        Subcommand::Setup { cross } => setup::command(cross),
        Subcommand::Doctor => doctor::command(),
        Subcommand::Run { args } => run::command(&args),
        Subcommand::TestAll { only } => test_all::command(&only),
        Subcommand::Torture { only, minutes } => torture::command(&only, minutes),
        Subcommand::Tsan => torture::tsan_command(),
        Subcommand::Tidy => tidy::command(),
        Subcommand::Cross => cross::command(),
        Subcommand::Bench { names, args } => bench::command(&names, &args),
        Subcommand::Bless { args } => bless::command(&args),
    }
}
