//! Running programs and keeping what they wrote.

use std::io::Write;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use crate::{Lang, Source, native_executable};

/// What a program left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Standard error; bytes that are not UTF-8 are replaced.
    pub stderr: String,
    /// The exit code; 128 plus the signal's number if one ended the program, as shells have it.
    pub code: i32,
}

/// What a program is given.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The arguments after its own name.
    pub args: &'a [&'a str],
    /// Variables added to the environment.
    pub env: &'a [(&'a str, &'a str)],
    /// Standard input.
    pub stdin: &'a str,
}

/// Compiles a source natively and runs it with no arguments and empty standard input.
///
/// # Panics
///
/// If it does not compile or cannot be started. How it ends is in the result.
#[track_caller]
pub fn run_native<'a>(source: impl Into<Source<'a>>, lang: Lang, flags: &[&str]) -> Output {
    run(
        Command::new(native_executable(source, lang, flags)),
        Input::default(),
    )
}

/// Runs a command to its end.
///
/// # Panics
///
/// If it cannot be started.
#[track_caller]
pub fn run(mut command: Command, input: Input<'_>) -> Output {
    command.args(input.args).envs(input.env.iter().copied());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("starting {command:?}: {error}"));
    let stdin = child.stdin.take();
    let result = thread::scope(|scope| {
        // A thread of its own: a program that writes much before it reads would otherwise wait for
        // us.
        scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(input.stdin.as_bytes())));
        child.wait_with_output()
    });
    let result = result.unwrap_or_else(|error| panic!("waiting for {command:?}: {error}"));
    Output {
        stdout: String::from_utf8_lossy(&result.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&result.stderr).into_owned(),
        code: code_of(result.status),
    }
}

#[cfg(unix)]
fn code_of(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;

    const SIGNAL_BASE: i32 = 128;
    status
        .code()
        .or_else(|| status.signal().map(|signal| SIGNAL_BASE + signal))
        .unwrap_or(-1)
}

#[cfg(not(unix))]
fn code_of(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}
