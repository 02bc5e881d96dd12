//! The commands that are compared: ours, built when it is not there, and LLVM's.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tjit_test_util::{Tool, target_dir, tool};

/// `tjit` with optimisation, in the target directory of the running benchmark.
///
/// # Panics
/// If it can't be built.
#[must_use]
pub fn tjit() -> PathBuf {
    let directory = target_dir();
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args(["build", "--quiet", "--release", "--package", "tjit-cli"])
        .args(["--bin", "tjit", "--target-dir"])
        .arg(&directory)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let status = build
        .status()
        .unwrap_or_else(|error| panic!("starting {build:?}: {error}"));
    assert!(status.success(), "{build:?}: {status}");
    directory
        .join("release")
        .join(format!("tjit{}", env::consts::EXE_SUFFIX))
}

/// `lli` of the LLVM that clang is of.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn lli() -> PathBuf {
    let clang = tool(Tool::Clang);
    let beside = |name| clang.with_file_name(name);
    let candidates = [beside("lli-22"), beside("lli"), "lli-22".into()];
    let found = candidates.iter().find(|path| is_right(path));
    found.cloned().unwrap_or_else(|| {
        panic!("no `lli` of LLVM 22 among {candidates:?}; `cargo xtask setup` installs it")
    })
}

fn is_right(path: &PathBuf) -> bool {
    let output = Command::new(path)
        .arg("--version")
        .stderr(Stdio::null())
        .output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("version 22."))
}
