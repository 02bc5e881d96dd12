//! Starting other programs: cargo above all.

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::error::{Context, Error, Result};

#[cfg(test)]
mod tests;

/// The workspace this xtask was started from.
pub(crate) fn root() -> PathBuf {
    let xtask =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&xtask)
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => env::current_dir().unwrap_or_default().join(dir),
        None => root().join("target"),
    }
}

/// A program with a clean environment, in the current directory.
pub(crate) fn program(name: impl Into<OsString>) -> Command {
    let mut command = Command::new(name.into());
    scrub(&mut command);
    command
}

/// The cargo that started us, at the root of the workspace.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    plain_in_ci(&mut command);
    command
}

/// The nightly cargo, at the root of the workspace. Only rustup's proxy understands `+nightly`, not the cargo that
/// started us.
pub(crate) fn cargo_nightly(args: &[&str]) -> Command {
    let mut command = program("cargo");
    command.arg("+nightly").args(args).current_dir(root());
    plain_in_ci(&mut command);
    command
}

fn plain_in_ci(command: &mut Command) {
    if is_ci() {
        command
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_PROGRESS_WHEN", "never")
            .env("NO_COLOR", "1");
    }
}

/// Whether a machine reads what we print.
pub(crate) fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// Takes away what `cargo run` added for us: programs that notice it (build scripts, anything that is dynamically linked)
/// would otherwise behave differently below xtask than they do in the user's shell.
pub(crate) fn scrub(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(set_by_cargo_run) {
            command.env_remove(name);
        }
    }
    let Some(path) = env::var_os("LD_LIBRARY_PATH") else {
        return;
    };
    match without_cargo_dirs(&path) {
        Some(rest) => command.env("LD_LIBRARY_PATH", rest),
        None => command.env_remove("LD_LIBRARY_PATH"),
    };
}

fn set_by_cargo_run(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || name == "CARGO_PRIMARY_PACKAGE"
}

/// The search path without the build directory and the Rust toolchain; `None` when nothing is left.
fn without_cargo_dirs(path: &OsString) -> Option<OsString> {
    let build = env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(Path::to_path_buf));
    let is_cargos = |dir: &PathBuf| {
        build.as_ref().is_some_and(|build| dir.starts_with(build))
            || dir.components().any(|c| c.as_os_str() == "toolchains")
    };
    let rest: Vec<PathBuf> = env::split_paths(path)
        .filter(|dir| !is_cargos(dir))
        .collect();
    if rest.is_empty() {
        None
    } else {
        env::join_paths(rest).ok()
    }
}

/// How a command is shown in messages: words, without the directories of the program.
pub(crate) fn show(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs to the end with our terminal; anything but exit code 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .context(|| format!("starting `{}`", show(command)))?;
    check(command, status)
}

/// Runs to the end with everything it prints on our standard error.
pub(crate) fn run_on_stderr(command: &mut Command) -> Result<()> {
    run(command.stdin(Stdio::null()).stdout(io::stderr()))
}

/// Runs quietly: what it printed is shown only when it failed.
pub(crate) fn run_captured(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .context(|| format!("starting `{}`", show(command)))?;
    if !output.status.success() {
        let mut stderr = io::stderr().lock();
        // A closed standard error leaves nobody to tell.
        let _ = stderr
            .write_all(&output.stdout)
            .and_then(|()| stderr.write_all(&output.stderr));
    }
    check(command, output.status)
}

fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        Ok(())
    } else {
        Err(Error::new(format!(
            "`{}` ended with {status}",
            show(command)
        )))
    }
}

/// A stream a child writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// Runs to the end and hands each line to `on_line` as it comes. Lines keep their line break.
pub(crate) fn run_lines(
    command: &mut Command,
    mut on_line: impl FnMut(Stream, &[u8]),
) -> Result<()> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .context(|| format!("starting `{}`", show(command)))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (sender, lines) = mpsc::channel();
    thread::scope(|scope| {
        let to_err = sender.clone();
        scope.spawn(move || forward(out, Stream::Out, &sender));
        scope.spawn(move || forward(err, Stream::Err, &to_err));
        for (stream, line) in lines {
            on_line(stream, &line);
        }
    });
    let status = child
        .wait()
        .context(|| format!("waiting for `{}`", show(command)))?;
    check(command, status)
}

fn forward(from: Option<impl Read>, stream: Stream, to: &mpsc::Sender<(Stream, Vec<u8>)>) {
    let Some(from) = from else { return };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if to.send((stream, std::mem::take(&mut line))).is_err() {
            return;
        }
    }
}

/// Prints a line a child wrote on the stream it wrote it to.
pub(crate) fn echo(stream: Stream, line: &[u8]) {
    // A closed terminal is no reason to stop the work.
    let _ = match stream {
        Stream::Out => io::stdout().write_all(line),
        Stream::Err => io::stderr().write_all(line),
    };
}
