//! Places: the workspace, the target directory, the test programs, temporary directories.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Lang;

/// The directory of the workspace's `Cargo.toml`.
#[must_use]
pub fn workspace_root() -> &'static Path {
    const DEPTH: usize = 2; // `crates/tjit-test-util`
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(DEPTH).unwrap_or(manifest)
}

/// The target directory that holds the running test, or the system's temporary directory for a
/// binary that was moved.
#[must_use]
pub fn target_dir() -> PathBuf {
    let marked = |directory: &&Path| directory.join("CACHEDIR.TAG").is_file();
    env::current_exe()
        .ok()
        .and_then(|exe| exe.ancestors().skip(1).find(marked).map(Path::to_owned))
        .unwrap_or_else(env::temp_dir)
}

/// A new directory that is removed when the value is dropped.
///
/// # Panics
///
/// If it cannot be created.
#[must_use]
#[track_caller]
pub fn temp_dir() -> TempDir {
    tempfile::Builder::new()
        .prefix("tjit-test-")
        .tempdir()
        .unwrap_or_else(|error| panic!("creating a temporary directory: {error}"))
}

/// The single-file programs in `tests/programs` of the workspace, sorted by name.
///
/// Subdirectories are not entered: they hold programs of several files and those a JIT refuses.
///
/// # Panics
///
/// If the directory cannot be listed.
#[must_use]
#[track_caller]
pub fn program_sources() -> Vec<PathBuf> {
    let directory = workspace_root().join("tests/programs");
    let entries = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("listing `{}`: {error}", directory.display()));
    let mut sources: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file() && Lang::of_path(path).is_some())
        .collect();
    sources.sort();
    sources
}
