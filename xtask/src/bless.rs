//! `bless`: writes what the filetests gave as their new expectation. Read the diff before committing it.

use std::process::ExitCode;

use crate::error::Result;
use crate::setup::{self, BUILD};
use crate::sh;

/// `cargo xtask bless [-- filter]`.
pub(crate) fn command(args: &[String]) -> Result<ExitCode> {
    let toolchain = setup::ensure(BUILD)?;
    let mut cargo = sh::cargo(&["test", "--package", "tjit-filetests", "--"]);
    sh::run(
        toolchain
            .export(&mut cargo)
            .args(args)
            .env("TJIT_BLESS", "1"),
    )?;
    Ok(ExitCode::SUCCESS)
}
