//! The `tjit` command; see the library of this crate, which is all there is to it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    tjit_cli::main()
}
