//! `run`: builds `tjit` and runs a program with it.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::error::{Error, Result};
use crate::setup::{self, BUILD};
use crate::sh::{self, Stream};
use crate::toolchain::Toolchain;

#[cfg(test)]
mod tests;

/// `cargo xtask run [flags of tjit run] FILE… [-- args]`: the exit code is the program's own.
pub(crate) fn command(args: &[String]) -> Result<ExitCode> {
    let toolchain = setup::ensure(BUILD)?;
    let tjit = build_tjit(&toolchain)?;
    become_it(toolchain.export(tjit_run(tjit, args).args(args)))
}

/// `tjit run` with a tier report at the end, unless `args` ask for one of their own.
pub(crate) fn tjit_run(tjit: PathBuf, args: &[String]) -> Command {
    let mut command = sh::program(tjit);
    command.arg("run");
    if !asks_for_stats(args) {
        command.arg("--stats=text");
    }
    command
}

/// Whether the flags before the program's own arguments name `--stats`.
fn asks_for_stats(args: &[String]) -> bool {
    let flags = args.iter().take_while(|arg| *arg != "--");
    flags
        .into_iter()
        .any(|arg| arg == "--stats" || arg.starts_with("--stats="))
}

/// Builds `tjit` with optimisation and returns where it is. Prints nothing when there was nothing to build.
pub(crate) fn build_tjit(toolchain: &Toolchain) -> Result<PathBuf> {
    let mut cargo = sh::cargo(&[
        "build",
        "--release",
        "--package",
        "tjit-cli",
        "--bin",
        "tjit",
    ]);
    cargo.arg("--message-format=json-render-diagnostics");
    if !sh::is_ci() && std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        cargo.env("CARGO_TERM_COLOR", "always");
    }
    let mut executable = None;
    sh::run_lines(toolchain.export(&mut cargo), |stream, line| match stream {
        Stream::Out => {
            executable = executable
                .take()
                .or_else(|| executable_in(line, "bin", "tjit"))
        }
        Stream::Err if is_finished(line) => {}
        Stream::Err => sh::echo(Stream::Err, line),
    })?;
    executable.ok_or_else(|| Error::new("cargo built `tjit` but did not say where"))
}

/// Cargo's last line, which it prints also when it had nothing to do.
fn is_finished(line: &[u8]) -> bool {
    String::from_utf8_lossy(line).contains("Finished")
}

/// The path in one of cargo's JSON messages, when it is about this executable.
pub(crate) fn executable_in(line: &[u8], kind: &str, name: &str) -> Option<PathBuf> {
    let (found, path) = any_executable_in(line, kind)?;
    (found == name).then_some(path)
}

/// Name and path in one of cargo's JSON messages, when it is about an executable of this kind (`bin`, `example`).
pub(crate) fn any_executable_in(line: &[u8], kind: &str) -> Option<(String, PathBuf)> {
    let message: serde_json::Value = serde_json::from_slice(line).ok()?;
    let target = &message["target"];
    let of_kind = target["kind"].as_array()?.iter().any(|k| k == kind);
    let path = message["executable"].as_str()?;
    (of_kind && message["profile"]["test"] != true)
        .then(|| Some((target["name"].as_str()?.to_owned(), path.into())))?
}

/// Replaces this process: signals, terminal and exit code are the program's from here on.
#[cfg(unix)]
fn become_it(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(Error::new(format!(
        "starting `{}`: {error}",
        sh::show(command)
    )))
}

/// Runs the program and takes over its exit code.
#[cfg(not(unix))]
fn become_it(command: &mut Command) -> Result<ExitCode> {
    use crate::error::Context;
    let status = command
        .status()
        .context(|| format!("starting `{}`", sh::show(command)))?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}
