//! Running the command and looking at what it says.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use tjit_test_util::{Input, Output, run, temp_dir};

/// The command in an environment that says nothing about it.
pub(crate) fn tjit<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tjit"));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TJIT_"))
    {
        command.env_remove(name);
    }
    // Programs of tests are over before a hold-off is.
    command.env("TJIT_HOLD_OFF", "0");
    command.args(arguments);
    command
}

/// Runs a command without input.
#[track_caller]
pub(crate) fn output(command: Command) -> Output {
    run(command, Input::default())
}

/// Runs `tjit run` with the arguments.
#[track_caller]
pub(crate) fn tjit_run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let mut command = tjit(["run"]);
    command.args(arguments);
    output(command)
}

/// Checks that the command was refused: nothing on standard output, one line of error with all of `words`, exit code 2.
#[track_caller]
pub(crate) fn check_refused(output: &Output, words: &[&str]) {
    assert_eq!(output.code, 2, "{output:?}");
    assert_eq!(output.stdout, "", "{output:?}");
    assert!(output.stderr.starts_with("tjit: error: "), "{output:?}");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    for word in words {
        assert!(output.stderr.contains(word), "`{word}` in {output:?}");
    }
}

/// Checks what a program wrote and returned, and that `tjit` had nothing to add.
#[track_caller]
pub(crate) fn check_program(output: &Output, stdout: &str, code: i32) {
    assert_eq!(
        (output.stdout.as_str(), output.code),
        (stdout, code),
        "{output:?}"
    );
    assert_eq!(output.stderr, "");
}

/// Files for one test.
pub(crate) struct Files {
    directory: TempDir,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self {
            directory: temp_dir(),
        }
    }

    /// The path of a file that need not be there.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file and returns its path.
    #[track_caller]
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, contents)
            .unwrap_or_else(|error| panic!("writing `{}`: {error}", path.display()));
        path
    }
}

/// A program in C that says hello.
pub(crate) const HELLO: &str =
    "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 3; }\n";
