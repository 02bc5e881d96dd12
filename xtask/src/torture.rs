//! `torture`: the tests in which chance plays a part, for long, and `tsan`: the stress test under ThreadSanitizer.

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::error::Result;
use crate::host::{Host, Machine};
use crate::sh;
use crate::test_all::{self, OnFailure, Outcome, Run, Step, count};

#[cfg(test)]
mod tests;

/// Where ThreadSanitizer runs.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// One more than `test-all` has, which takes about ten times as long.
const PREEMPTIONS: u32 = 4;
/// Schedules of each model.
const SCHEDULES: u32 = 100_000;
const FAULT_RUNS: u32 = 1_000;
/// Calls before a function is recompiled: none that the ordinary run has.
const THRESHOLDS: &str = "2,3,5,13,101";
/// Seconds under ThreadSanitizer when that is all there is to do.
const TSAN_SECONDS: u64 = 20;

const PARTS: &[Step] = &[
    Step {
        name: "loom",
        run: |run| count(run, &mut loom(PREEMPTIONS)),
    },
    Step {
        name: "shuttle",
        run: |run| count(run, &mut shuttle(SCHEDULES)),
    },
    Step {
        name: "faults",
        run: |run| {
            count(run, &mut failpoints())?;
            count(run, &mut faults(FAULT_RUNS))
        },
    },
    Step {
        name: "stress",
        run: |run| count(run, &mut stress(run.minutes * 60)),
    },
    Step {
        name: "tsan",
        run: |run| count_if(run, tsan(&Machine, run.minutes * 60)),
    },
    Step {
        name: "programs",
        run: |run| count(run, &mut programs()),
    },
    Step {
        name: "miri",
        run: |run| count_if(run, miri(&Machine, &["tjit-runtime", "tjit-mangle"], &[])),
    },
];

/// `cargo xtask torture [--minutes N] [PART]…`: all parts, also after one that failed.
pub(crate) fn command(only: &[String], minutes: u64) -> Result<ExitCode> {
    test_all::run_all(PARTS, only, OnFailure::GoOn, minutes)
}

/// `cargo xtask tsan`.
pub(crate) fn tsan_command() -> Result<ExitCode> {
    const ONLY: &[Step] = &[Step {
        name: "tsan",
        run: |run| count_if(run, tsan(&Machine, TSAN_SECONDS)),
    }];
    test_all::run_all(ONLY, &[], OnFailure::Stop, 0)
}

/// Runs and counts what this machine can run, or says why it can't.
pub(crate) fn count_if(run: &mut Run, command: Result<Command, String>) -> Result<Outcome> {
    match command {
        Ok(mut command) => count(run, &mut command),
        Err(why) => Ok(Outcome::Skipped(why)),
    }
}

/// The concurrent core under a scheduler that tries every interleaving with so many preemptions.
pub(crate) fn loom(preemptions: u32) -> Command {
    let mut cargo = model("loom");
    cargo.env("LOOM_MAX_PREEMPTIONS", preemptions.to_string());
    cargo
}

/// The same with more threads, and so many interleavings of each model.
pub(crate) fn shuttle(schedules: u32) -> Command {
    let mut cargo = model("shuttle");
    cargo.env("TJIT_SCHEDULES", schedules.to_string());
    cargo
}

/// The flag changes every crate below, hence a target directory of its own.
fn model(name: &str) -> Command {
    let mut cargo = sh::cargo(&["test", "--package", "tjit-runtime", "--release", "--test"]);
    cargo
        .arg(name)
        .env("RUSTFLAGS", format!("--cfg tjit_{name}"))
        .env("CARGO_TARGET_DIR", sh::target_dir().join(name));
    cargo
}

/// The tests of the faults themselves.
pub(crate) fn failpoints() -> Command {
    let enabled = ["--features", "enabled"];
    let mut cargo = sh::cargo(&["test", "--package", "tjit-failpoint", "--tests"]);
    cargo.args(enabled);
    cargo
}

/// Programs while their compile jobs fail.
pub(crate) fn faults(runs: u32) -> Command {
    let mut cargo = sh::cargo(&["test", "--package", "tiered-jit", "--test", "faults"]);
    cargo
        .args(["--features", "failpoints"])
        .env("TJIT_FAULT_RUNS", runs.to_string());
    cargo
}

/// Many threads in one program.
fn stress(seconds: u64) -> Command {
    let mut cargo = sh::cargo(&["test", "--package", "tiered-jit", "--test", "stress"]);
    cargo.env("TJIT_STRESS_SECONDS", seconds.to_string());
    cargo
}

/// The programs of `tests/programs` with other thresholds.
fn programs() -> Command {
    let mut cargo = sh::cargo(&["test", "--package", "tjit-cli", "--test", "programs"]);
    cargo.env("TJIT_TEST_THRESHOLDS", THRESHOLDS);
    cargo
}

/// The stress test with everything of ours and all compiled code watched by ThreadSanitizer, or why it can't run here.
fn tsan(host: &dyn Host, seconds: u64) -> Result<Command, String> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Err(format!("only {TARGET} has it"));
    }
    let sysroot = host.output(Path::new("rustc"), &["+nightly", "--print", "sysroot"]);
    let sources = sysroot.map(|root| Path::new(root.trim()).join("lib/rustlib/src/rust/library"));
    if !sources.is_some_and(|sources| host.exists(&sources.join("Cargo.lock"))) {
        let hint = "`rustup toolchain install nightly --component rust-src`";
        return Err(format!(
            "no nightly with the sources of its library: {hint}"
        ));
    }
    // Only what is instrumented itself can be told from a race, and that includes the standard library.
    let mut cargo = sh::cargo_nightly(&["test", "-Zbuild-std", "--target", TARGET]);
    cargo
        .args(["--package", "tiered-jit", "--test", "stress"])
        .env("RUSTFLAGS", "-Zsanitizer=thread -Clink-arg=-rdynamic")
        .env("CARGO_TARGET_DIR", sh::target_dir().join("tsan"))
        .env("TJIT_STRESS_TSAN", "1")
        .env("TJIT_STRESS_SECONDS", seconds.to_string());
    Ok(cargo)
}

/// What `test-all` has time for.
pub(crate) fn miri_short(host: &dyn Host) -> Result<Command, String> {
    let first = ["--lib", "--", "word::", "ring::", "retire::", "trial::"];
    miri(host, &["tjit-runtime"], &first)
}

/// The tests of crates in an interpreter that finds undefined behaviour, or why that can't be.
fn miri(host: &dyn Host, crates: &[&str], targets: &[&str]) -> Result<Command, String> {
    if host
        .output(Path::new("cargo"), &["+nightly", "miri", "--version"])
        .is_none()
    {
        let hint = "`rustup toolchain install nightly --component miri,rust-src`";
        return Err(format!("no miri: {hint}"));
    }
    let mut cargo = sh::cargo_nightly(&["miri", "test"]);
    cargo
        .args(crates.iter().flat_map(|name| ["--package", name]))
        .args(targets)
        // proptest looks for failures of earlier runs in files.
        .env("MIRIFLAGS", "-Zmiri-tree-borrows -Zmiri-disable-isolation")
        .env("PROPTEST_CASES", "2")
        .env("CARGO_TARGET_DIR", sh::target_dir().join("miri"));
    Ok(cargo)
}
