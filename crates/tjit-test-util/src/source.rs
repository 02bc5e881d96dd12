//! What is compiled: a file or a text, in a language.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

/// A source to compile.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A file; relative includes are looked up beside it.
    File(&'a Path),
    /// The text itself.
    Text(&'a str),
}

impl<'a> From<&'a Path> for Source<'a> {
    fn from(path: &'a Path) -> Self {
        Self::File(path)
    }
}

impl<'a> From<&'a str> for Source<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

/// The language of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    /// C17 as clang's default has it.
    C,
    /// C++17 as clang's default has it.
    Cxx,
    /// Rust, edition 2024.
    Rust,
    /// LLVM IR in text form.
    Ir,
}

impl Lang {
    /// The language that a file's extension says: `c`, `cc`/`cpp`/`cxx`, `rs` or `ll`.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "c" => Some(Self::C),
            "cc" | "cpp" | "cxx" => Some(Self::Cxx),
            "rs" => Some(Self::Rust),
            "ll" => Some(Self::Ir),
            _ => None,
        }
    }

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Cxx => "cpp",
            Self::Rust => "rs",
            Self::Ir => "ll",
        }
    }
}

impl<'a> Source<'a> {
    /// Everything the result depends on: the source and, for a file, its path and the headers in
    /// its directory.
    #[track_caller]
    pub(crate) fn fingerprint(self) -> Vec<Cow<'a, [u8]>> {
        match self {
            Self::Text(text) => vec![Cow::Borrowed(text.as_bytes())],
            Self::File(path) => {
                let mut parts = vec![Cow::Owned(path.as_os_str().as_encoded_bytes().to_vec())];
                parts.push(Cow::Owned(read(path)));
                parts.extend(
                    headers_beside(path)
                        .iter()
                        .map(|header| Cow::Owned(read(header))),
                );
                parts
            }
        }
    }
}

#[track_caller]
fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("reading `{}`: {error}", path.display()))
}

#[track_caller]
fn headers_beside(path: &Path) -> Vec<std::path::PathBuf> {
    let directory = path
        .parent()
        .filter(|d| !d.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("listing `{}`: {error}", directory.display()));
    let is_header = |path: &Path| path.extension().is_some_and(|e| e == "h" || e == "hpp");
    let mut headers: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| is_header(p))
        .collect();
    headers.sort();
    headers
}
