//! Finding the compilers.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The LLVM major version whose bitcode the workspace reads.
const LLVM_MAJOR: &str = "22";

/// The variable with which `llvm-sys` is told where LLVM is; its `bin` directory comes first.
const PREFIX_VARIABLE: &str = "LLVM_SYS_221_PREFIX";

/// A program of the LLVM or Rust tool chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    /// `clang` of LLVM 22.
    Clang,
    /// `clang++` of LLVM 22.
    ClangXx,
    /// `llvm-ar` of LLVM 22.
    Ar,
    /// `rustc`, as `RUSTC` or `PATH` has it.
    Rustc,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Clang => "clang",
            Self::ClangXx => "clang++",
            Self::Ar => "llvm-ar",
            Self::Rustc => "rustc",
        }
    }
}

/// A tool that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// What `--version` prints.
    pub(crate) version: String,
}

/// Where a tool is. The search is made once per process.
///
/// LLVM's tools are looked for in `$LLVM_SYS_221_PREFIX/bin`, in what `llvm-config-22 --bindir`
/// prints, and in `PATH` with the suffix `-22` and without; one of another version does not count.
///
/// # Panics
///
/// If there is none, naming the places.
#[must_use]
#[track_caller]
pub fn tool(tool: Tool) -> PathBuf {
    found(tool).path
}

#[track_caller]
pub(crate) fn found(tool: Tool) -> Found {
    static FOUND: Mutex<Option<HashMap<Tool, Found>>> = Mutex::new(None);
    let mut cache = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = cache.get_or_insert_default();
    if let Some(found) = cache.get(&tool) {
        return found.clone();
    }
    let candidates = candidates(tool);
    let Some(found) = candidates.iter().find_map(|path| probe(tool, path)) else {
        panic!(
            "no `{}` (LLVM {LLVM_MAJOR}) among {candidates:?}; `cargo xtask setup` installs it",
            tool.name()
        );
    };
    cache.insert(tool, found.clone());
    found
}

/// Where the tool may be, best first. Names without a directory are left to `PATH`.
fn candidates(tool: Tool) -> Vec<PathBuf> {
    if tool == Tool::Rustc {
        return vec![
            env::var_os("RUSTC")
                .unwrap_or_else(|| OsString::from("rustc"))
                .into(),
        ];
    }
    let suffixed = format!("{}-{LLVM_MAJOR}", tool.name());
    let directories = [
        env::var_os(PREFIX_VARIABLE).map(|p| Path::new(&p).join("bin")),
        config_bindir(),
    ];
    let mut candidates: Vec<PathBuf> = directories
        .iter()
        .flatten()
        .flat_map(|directory| [directory.join(&suffixed), directory.join(tool.name())])
        .collect();
    candidates.extend([PathBuf::from(suffixed), PathBuf::from(tool.name())]);
    candidates
}

fn config_bindir() -> Option<PathBuf> {
    let output = Command::new(format!("llvm-config-{LLVM_MAJOR}"))
        .arg("--bindir")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| PathBuf::from(text.trim_end()))
}

/// Runs `--version`; a tool of LLVM must be of the right version.
fn probe(tool: Tool, path: &Path) -> Option<Found> {
    let output = Command::new(path).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    let right = tool == Tool::Rustc || version.contains(&format!("version {LLVM_MAJOR}."));
    (output.status.success() && right).then(|| Found {
        path: path.to_owned(),
        version,
    })
}
