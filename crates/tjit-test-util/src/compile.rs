//! Running the compilers.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::tools::{Tool, found};
use crate::workspace::temp_dir;
use crate::{Lang, Source};

#[derive(Clone, Copy)]
enum Emit {
    Bitcode,
    Object,
    Library,
    Executable,
}

/// Compiles a source to LLVM bitcode and returns it.
///
/// `flags` come last on the command line and win. Without any, clang compiles at `-O0` and marks
/// every function `optnone`; `["-Xclang", "-disable-O0-optnone"]` keeps it from doing that. Rust
/// sources are compiled without optimisation into one module, with the panic strategy that the
/// flags say.
///
/// A source that can't do without a flag names it itself: what stands behind `flags:` in one of its
/// first three lines comes before `flags`, here and in all functions that compile.
///
/// # Panics
///
/// If there is no compiler or it fails, with what it printed.
#[must_use]
#[track_caller]
pub fn compile_to_bitcode<'a>(
    source: impl Into<Source<'a>>,
    lang: Lang,
    flags: &[&str],
) -> Vec<u8> {
    let path = bitcode_file(source, lang, flags);
    fs::read(&path).unwrap_or_else(|error| panic!("reading `{}`: {error}", path.display()))
}

/// As [`compile_to_bitcode`], and returns the file in the cache. It must not be written to.
///
/// # Panics
///
/// As [`compile_to_bitcode`].
#[must_use]
#[track_caller]
pub fn bitcode_file<'a>(source: impl Into<Source<'a>>, lang: Lang, flags: &[&str]) -> PathBuf {
    compile(&[source.into()], lang, flags, Emit::Bitcode)
}

/// Compiles a source, or a file of bitcode, to a native object and returns the file in the cache.
///
/// # Panics
///
/// As [`compile_to_bitcode`].
#[must_use]
#[track_caller]
pub fn native_object<'a>(source: impl Into<Source<'a>>, lang: Lang, flags: &[&str]) -> PathBuf {
    compile(&[source.into()], lang, flags, Emit::Object)
}

/// Compiles and links files of one language to a shared library and returns it in the cache.
///
/// # Panics
///
/// As [`native_program`].
#[must_use]
#[track_caller]
pub fn shared_library(files: &[PathBuf], flags: &[&str]) -> PathBuf {
    compile_files(files, flags, Emit::Library)
}

/// Compiles and links a source with the system's libraries and returns the executable in the cache.
///
/// # Panics
///
/// If there is no compiler or it fails, with what it printed.
#[must_use]
#[track_caller]
pub fn native_executable<'a>(source: impl Into<Source<'a>>, lang: Lang, flags: &[&str]) -> PathBuf {
    compile(&[source.into()], lang, flags, Emit::Executable)
}

/// Compiles and links a program of several files of one language and returns the executable in the
/// cache.
///
/// # Panics
///
/// As [`native_executable`], and if there is no file or its language is unknown.
#[must_use]
#[track_caller]
pub fn native_program(files: &[PathBuf], flags: &[&str]) -> PathBuf {
    compile_files(files, flags, Emit::Executable)
}

#[track_caller]
fn compile_files(files: &[PathBuf], flags: &[&str], emit: Emit) -> PathBuf {
    let lang = files.first().and_then(|file| Lang::of_path(file));
    let lang = lang.unwrap_or_else(|| panic!("no file of a known language first in {files:?}"));
    let sources: Vec<_> = files.iter().map(|file| Source::File(file)).collect();
    compile(&sources, lang, flags, emit)
}

#[track_caller]
fn compile(sources: &[Source<'_>], lang: Lang, flags: &[&str], emit: Emit) -> PathBuf {
    let compiler = found(compiler_of(lang));
    let options = options(lang, emit);
    let libraries = libraries(lang, emit);
    let extension = match emit {
        Emit::Bitcode => "bc",
        Emit::Object => "o",
        Emit::Library => "so",
        Emit::Executable => "exe",
    };

    let fingerprints: Vec<_> = sources
        .iter()
        .flat_map(|source| source.fingerprint())
        .collect();
    let own_flags: Vec<_> = sources.iter().flat_map(|source| source.flags()).collect();
    let mut parts = vec![
        compiler.path.as_os_str().as_encoded_bytes(),
        compiler.version.as_bytes(),
    ];
    parts.extend(
        options
            .iter()
            .chain(flags)
            .chain(libraries)
            .map(|flag| flag.as_bytes()),
    );
    parts.extend(fingerprints.iter().map(Cow::as_ref));

    cache::file(parts, extension, |output| {
        let scratch = temp_dir();
        let inputs = sources.iter().map(|source| match source {
            Source::File(path) => (*path).to_owned(),
            Source::Text(text) => write_text(scratch.path(), lang, text),
        });
        // Libraries go last: they resolve the symbols of what is on their left.
        let mut command = Command::new(&compiler.path);
        command
            .args(options)
            .args(own_flags)
            .args(inputs)
            .args(flags)
            .args(libraries)
            .arg("-o")
            .arg(output);
        invoke(command);
    })
}

fn compiler_of(lang: Lang) -> Tool {
    match lang {
        Lang::C | Lang::Ir => Tool::Clang,
        Lang::Cxx => Tool::ClangXx,
        Lang::Rust => Tool::Rustc,
    }
}

fn options(lang: Lang, emit: Emit) -> &'static [&'static str] {
    match (lang, emit) {
        (Lang::Rust, Emit::Bitcode) => &[
            "--edition=2024",
            "--emit=llvm-bc",
            "-Ccodegen-units=1",
            "-Copt-level=0",
        ],
        (Lang::Rust, Emit::Executable) => &["--edition=2024"],
        (Lang::Ir, Emit::Bitcode) => &["-Wno-override-module", "-emit-llvm", "-c"],
        (Lang::Rust, Emit::Object) => &["--edition=2024", "--emit=obj", "-Ccodegen-units=1"],
        (Lang::Rust, Emit::Library) => &["--edition=2024", "--crate-type=cdylib"],
        (Lang::Ir, Emit::Object) => &["-Wno-override-module", "-c"],
        (Lang::Ir, Emit::Library) => &["-Wno-override-module", "-fPIC", "-shared"],
        (Lang::Ir, Emit::Executable) => &["-Wno-override-module", "-pthread"],
        (_, Emit::Object) => &["-O0", "-pthread", "-c"],
        (_, Emit::Library) => &["-O0", "-pthread", "-fPIC", "-shared"],
        (_, Emit::Bitcode) => &["-O0", "-pthread", "-emit-llvm", "-c"],
        (_, Emit::Executable) => &["-O0", "-pthread"],
    }
}

fn libraries(lang: Lang, emit: Emit) -> &'static [&'static str] {
    match (lang, emit) {
        (Lang::C | Lang::Ir, Emit::Executable) => &["-lm"],
        _ => &[],
    }
}

#[track_caller]
fn write_text(directory: &Path, lang: Lang, text: &str) -> PathBuf {
    let path = directory.join(format!("main.{}", lang.extension()));
    fs::write(&path, text).unwrap_or_else(|error| panic!("writing `{}`: {error}", path.display()));
    path
}

#[track_caller]
pub(crate) fn invoke(mut command: Command) {
    let result = command
        .output()
        .unwrap_or_else(|error| panic!("starting {command:?}: {error}"));
    assert!(
        result.status.success(),
        "{command:?}: {}\n{}",
        result.status,
        String::from_utf8_lossy(&result.stderr)
    );
}
