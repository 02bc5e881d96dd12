//! What is compiled: a file or a text, in a language.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

/// What includes a header of the directory above.
const FROM_ABOVE: &[u8] = b"#include \"../";

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
    /// The flags that the source says it needs: the words behind `flags:` in one of its first three lines.
    #[track_caller]
    pub(crate) fn flags(self) -> Vec<String> {
        let text = match self {
            Self::Text(text) => Cow::Borrowed(text),
            // Bitcode is not text, and has no such line.
            Self::File(path) => String::from_utf8(read(path)).unwrap_or_default().into(),
        };
        let named = text
            .lines()
            .take(3)
            .find_map(|line| line.split_once(" flags: "));
        let words = named
            .into_iter()
            .flat_map(|(_, flags)| flags.split_ascii_whitespace());
        words
            .filter(|word| *word != "*/")
            .map(str::to_owned)
            .collect()
    }

    /// Everything the result depends on: the source and, for a file, its path and the headers in
    /// its directory, and in the one above if it includes from there.
    #[track_caller]
    pub(crate) fn fingerprint(self) -> Vec<Cow<'a, [u8]>> {
        match self {
            Self::Text(text) => vec![Cow::Borrowed(text.as_bytes())],
            Self::File(path) => {
                let text = read(path);
                let directory = path
                    .parent()
                    .filter(|parent| !parent.as_os_str().is_empty());
                let directory = directory.unwrap_or(Path::new("."));
                let mut headers = headers_in(directory);
                if text
                    .windows(FROM_ABOVE.len())
                    .any(|part| part == FROM_ABOVE)
                {
                    headers.extend(headers_in(&directory.join("..")));
                }
                let mut parts = vec![path.as_os_str().as_encoded_bytes().to_vec(), text];
                parts.extend(headers.iter().map(|header| read(header)));
                parts.into_iter().map(Cow::Owned).collect()
            }
        }
    }
}

#[track_caller]
fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("reading `{}`: {error}", path.display()))
}

#[track_caller]
fn headers_in(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("listing `{}`: {error}", directory.display()));
    let is_header = |path: &Path| {
        path.extension()
            .is_some_and(|e| e == "h" || e == "hpp" || e == "inc")
    };
    let mut headers: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| is_header(p))
        .collect();
    headers.sort();
    headers
}
