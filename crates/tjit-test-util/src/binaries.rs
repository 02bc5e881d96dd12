//! Putting compiled files together.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::compile::invoke;
use crate::tools::{Found, Tool, found};

/// Makes an archive with an index of the files, in their order, and returns it in the cache.
///
/// # Panics
///
/// If there is no `llvm-ar` or it fails, with what it printed.
#[must_use]
#[track_caller]
pub fn archive(members: &[PathBuf]) -> PathBuf {
    let archiver = found(Tool::Ar);
    from_files(&archiver, members, &[], "a", |command, output| {
        command.arg("rcs").arg(output).args(members);
    })
}

/// Links compiled files (bitcode, objects, archives, shared libraries) in their order to an executable and returns it in
/// the cache. The flags come last: libraries among them resolve the symbols of the files.
///
/// # Panics
///
/// If there is no `clang++` or it fails, with what it printed.
#[must_use]
#[track_caller]
pub fn linked_executable(inputs: &[PathBuf], flags: &[&str]) -> PathBuf {
    let linker = found(Tool::ClangXx);
    from_files(&linker, inputs, flags, "exe", |command, output| {
        let options = ["-pthread", "-Wno-override-module"];
        command
            .args(options)
            .args(inputs)
            .args(flags)
            .arg("-o")
            .arg(output);
    })
}

/// The result of a tool, kept by the tool, the flags, and the paths and contents of the files.
#[track_caller]
fn from_files(
    tool: &Found,
    files: &[PathBuf],
    flags: &[&str],
    extension: &str,
    arguments: impl FnOnce(&mut Command, &Path),
) -> PathBuf {
    let contents: Vec<Vec<u8>> = files.iter().map(|file| read(file)).collect();
    let mut parts = vec![
        tool.path.as_os_str().as_encoded_bytes(),
        tool.version.as_bytes(),
    ];
    parts.extend(flags.iter().map(|flag| flag.as_bytes()));
    let paths = files
        .iter()
        .map(|file| OsStr::as_encoded_bytes(file.as_os_str()));
    parts.extend(
        paths
            .zip(&contents)
            .flat_map(|(path, bytes)| [path, bytes.as_slice()]),
    );
    cache::file(parts, extension, |output| {
        let mut command = Command::new(&tool.path);
        arguments(&mut command, output);
        invoke(command);
    })
}

#[track_caller]
fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("reading `{}`: {error}", path.display()))
}
