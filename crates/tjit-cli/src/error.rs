//! What ends the command before, or instead of, the program.

use std::io::{self, Write};
use std::path::PathBuf;

/// An error of `tjit` itself, as opposed to anything that the program does.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line makes no sense; clap's message.
    #[error("{0}")]
    Usage(String),
    #[error("reading `{}`: {reason}", path.display())]
    Read { path: PathBuf, reason: String },
    #[error(
        "`{}` is neither named like a source (.ll, .bc, .c, .cpp, .cc, .cxx, .C, .rs) nor holds bitcode, \
         an object, an archive or a shared library",
        path.display()
    )]
    UnknownKind { path: PathBuf },
    #[error(
        "finding `-l{name}`: there is no {files} in the directories of -L and the system's; name its directory with -L"
    )]
    NoLibrary { name: String, files: String },
    #[error("reading the linker script `{}`: {reason}", path.display())]
    Script { path: PathBuf, reason: String },
    #[error(
        "no clang of LLVM {major} found: {tried}; install clang-{major} or set TJIT_CLANG to one"
    )]
    NoClang { major: u32, tried: String },
    #[error("no rustc found: {reason}; install one whose LLVM is {major} or set TJIT_RUSTC to it")]
    NoRustc { major: u32, reason: String },
    #[error(
        "`{compiler}` writes bitcode of LLVM {found} and this is LLVM {major}; set TJIT_RUSTC to a rustc \
         whose LLVM is {major}"
    )]
    RustcLlvm {
        compiler: String,
        found: String,
        major: u32,
    },
    /// The compiler's own messages were printed before.
    #[error("compiling `{}`: {compiler}: {status}", path.display())]
    Compile {
        path: PathBuf,
        compiler: String,
        status: String,
    },
    #[error("starting `{program}`: {reason}")]
    Start { program: String, reason: String },
    #[error("creating {what}: {reason}")]
    Create { what: String, reason: String },
    #[error("the argument {argument:?} holds a NUL byte")]
    Nul { argument: String },
    #[error(transparent)]
    Jit(#[from] tiered_jit::Error),
}

/// The exit code for errors of `tjit`; 1 is left to the program.
pub(crate) const EXIT_CODE: u8 = 2;

/// Writes `tjit: error: …` as one line to standard error.
pub(crate) fn report(error: &dyn std::fmt::Display) {
    tell("error", &error.to_string());
}

/// Writes `tjit: warning: …` as one line to standard error.
pub(crate) fn warn(warning: &str) {
    tell("warning", warning);
}

fn tell(kind: &str, text: &str) {
    let line = format!("tjit: {kind}: {}\n", one_line(text));
    // Nobody is left to tell when standard error is closed.
    let _written = io::stderr().lock().write_all(line.as_bytes());
}

/// The text with each run of line breaks, and the indentation around it, made one blank.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn line_breaks_become_blanks() {
        assert_eq!(one_line("a:\n  b\n\n\tc \n"), "a: b c");
        assert_eq!(one_line("as it is"), "as it is");
    }
}
