//! The machine as the probes see it, so that tests can hand them another one.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Questions about a machine; asking changes nothing.
pub(crate) trait Host {
    /// The value of an environment variable; an empty one counts as not set.
    fn var(&self, name: &str) -> Option<String>;
    /// Where `program` would be started from.
    fn which(&self, program: &str) -> Option<PathBuf>;
    /// Whether a file or directory is there.
    fn exists(&self, path: &Path) -> bool;
    /// Standard output of a program that ran and exited with 0.
    fn output(&self, program: &Path, args: &[&str]) -> Option<String>;
}

/// The machine we run on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine;

impl Host for Machine {
    fn var(&self, name: &str) -> Option<String> {
        env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn which(&self, program: &str) -> Option<PathBuf> {
        let path = env::var_os("PATH")?;
        env::split_paths(&path)
            .map(|dir| dir.join(format!("{program}{}", env::consts::EXE_SUFFIX)))
            .find(|file| is_executable(file))
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn output(&self, program: &Path, args: &[&str]) -> Option<String> {
        let mut command = Command::new(program);
        crate::sh::scrub(&mut command);
        let output = command.args(args).stdin(Stdio::null()).output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

#[cfg(test)]
pub(crate) mod fake;
