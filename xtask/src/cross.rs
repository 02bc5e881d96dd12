//! `cross`: tests of the LLVM-free crates on aarch64, under qemu.

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::error::{Error, Result};
use crate::host::{Host, Machine};
use crate::setup::{self, CROSS};
use crate::sh;
use crate::toolchain::{CROSS_GCC, CROSS_SYSROOT};

#[cfg(test)]
mod tests;

const TARGET: &str = "aarch64-unknown-linux-gnu";
/// The crates whose tests mean something on another processor and need no LLVM there.
const CRATES: &[&str] = &["tjit-stubs", "tjit-mangle"];
/// The one with code per processor: what the short form runs.
const SHORT: &[&str] = &["tjit-stubs"];

/// What to do when there is no standard library for aarch64.
pub(crate) const STD_HINT: &str = "`rustup target add aarch64-unknown-linux-gnu`, or `rustup toolchain install nightly --component rust-src`";

/// Where the standard library for aarch64 comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CrossStd {
    /// rustup has installed it for the toolchain in use.
    Installed,
    /// Nightly compiles it from its sources.
    BuildStd,
}

impl CrossStd {
    pub(crate) fn find(host: &dyn Host) -> Option<Self> {
        let sysroot = |toolchain: &[&str]| {
            let args: Vec<&str> = toolchain
                .iter()
                .copied()
                .chain(["--print", "sysroot"])
                .collect();
            host.output(Path::new("rustc"), &args)
                .map(|path| Path::new(path.trim()).join("lib/rustlib"))
        };
        if sysroot(&[]).is_some_and(|lib| host.exists(&lib.join(TARGET).join("lib"))) {
            return Some(Self::Installed);
        }
        let sources = sysroot(&["+nightly"])?.join("src/rust/library/Cargo.lock");
        host.exists(&sources).then_some(Self::BuildStd)
    }
}

/// `cargo xtask cross`.
pub(crate) fn command() -> Result<ExitCode> {
    setup::install_missing(CROSS)?;
    let std = CrossStd::find(&Machine)
        .ok_or_else(|| Error::new(format!("no standard library for {TARGET}: {STD_HINT}")))?;
    sh::run(&mut cross_test(std, CRATES))?;
    Ok(ExitCode::SUCCESS)
}

/// The short form for `test-all`, or why it can't run here.
pub(crate) fn short(host: &dyn Host) -> Result<Command, String> {
    let missing = setup::missing(host, CROSS).map_err(|error| error.to_string())?;
    if let Some(need) = missing.first() {
        return Err(format!(
            "missing: {}; `cargo xtask setup --cross` installs it",
            need.describe()
        ));
    }
    let std = CrossStd::find(host)
        .ok_or_else(|| format!("no standard library for {TARGET}: {STD_HINT}"))?;
    Ok(cross_test(std, SHORT))
}

fn cross_test(std: CrossStd, crates: &[&str]) -> Command {
    let mut command = match std {
        CrossStd::Installed => sh::cargo(&["test"]),
        CrossStd::BuildStd => sh::cargo_nightly(&["test", "-Zbuild-std"]),
    };
    command.args(["--target", TARGET, "--lib", "--bins", "--tests"]);
    command.args(crates.iter().flat_map(|name| ["--package", name]));
    command
        .env("CARGO_TARGET_DIR", sh::target_dir().join("cross"))
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", CROSS_GCC)
        .env(
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER",
            format!("qemu-aarch64 -L {CROSS_SYSROOT}"),
        );
    command
}
