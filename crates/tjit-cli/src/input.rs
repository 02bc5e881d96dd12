//! The files of the program and what they hold.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use tiered_jit::link::FileKind;

use crate::error::Error;

/// One file of the program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bitcode, textual IR, an object file, an archive or a shared library; the JIT tells them apart.
    Linkable,
    C,
    Cxx,
    Rust,
}

/// How much of a file tells its kind.
const START: u64 = 64;

impl Input {
    /// Finds out what the file holds, from its name or else from its first bytes, and that it can be read.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let start = first_bytes(path)?;
        let kind = match path.extension().and_then(|extension| extension.to_str()) {
            Some("ll" | "bc") => Some(Kind::Linkable),
            Some("c") => Some(Kind::C),
            // Upper case is C++ to every Unix compiler.
            Some("C" | "cc" | "cpp" | "cxx" | "c++") => Some(Kind::Cxx),
            Some("rs") => Some(Kind::Rust),
            _ => FileKind::of(&start).map(|_| Kind::Linkable),
        };
        let kind = kind.ok_or_else(|| Error::UnknownKind {
            path: path.to_owned(),
        })?;
        Ok(Self {
            path: path.to_owned(),
            kind,
        })
    }

    /// Whether it has to be compiled to IR.
    pub(crate) fn is_source(&self) -> bool {
        self.kind != Kind::Linkable
    }
}

/// The first bytes of a file, or all when it is shorter.
fn first_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(START).read_to_end(&mut start));
    match read {
        Ok(_) => Ok(start),
        Err(error) => Err(Error::Read {
            path: path.to_owned(),
            reason: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(name: &str, contents: &[u8]) -> Result<Kind, Error> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join(name);
        std::fs::write(&path, contents).expect("it can be written");
        Input::open(&path).map(|input| input.kind)
    }

    #[test]
    fn the_extension_decides() {
        let cases = [
            ("a.ll", Kind::Linkable),
            ("a.bc", Kind::Linkable),
            ("a.c", Kind::C),
            ("a.C", Kind::Cxx),
        ];
        for (name, kind) in cases
            .into_iter()
            .chain([("a.b.cxx", Kind::Cxx), ("a.rs", Kind::Rust)])
        {
            assert_eq!(kind_of(name, b"").ok(), Some(kind), "{name}");
        }
    }

    #[test]
    fn other_files_are_told_by_their_contents() {
        let linkable: [(&str, &[u8]); 4] = [
            ("program", b"BC\xC0\xDE...."),
            ("program.o", b"\xDE\xC0\x17\x0B...."),
            ("program.o", b"\x7FELF\x02\x01\x01"),
            ("libc++.so.1", b"!<arch>\n"),
        ];
        for (name, contents) in linkable {
            assert_eq!(kind_of(name, contents).ok(), Some(Kind::Linkable), "{name}");
        }
        for contents in [&b"BC\xC0"[..], b"", b"int main(void);"] {
            assert!(matches!(
                kind_of("program.o", contents),
                Err(Error::UnknownKind { .. })
            ));
        }
    }

    #[test]
    fn directories_and_missing_files_get_the_systems_message() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for path in [
            directory.path().to_owned(),
            directory.path().join("missing.bc"),
        ] {
            assert!(
                matches!(Input::open(&path), Err(Error::Read { .. })),
                "{}",
                path.display()
            );
        }
    }
}
