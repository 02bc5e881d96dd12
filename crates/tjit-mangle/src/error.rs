//! The one error type of the crate.

use alloc::{boxed::Box, string::String};
use core::fmt;

/// The longest name, in bytes, that is accepted or produced: 64 KiB.
///
/// LLVM itself has no limit; object formats and the tools that read them do, and some truncate in silence.
pub const MAX_NAME_LEN: usize = 64 * 1024;

/// Why a name could not be translated, or a target not be recognised.
///
/// The text names the operation and the subject; [`Error::kind`] is for programs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Error {
    repr: Box<Repr>,
}

/// What went wrong, without the details that are in the text of the [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The name is empty, or is `\01` alone, which stands for an empty linker name.
    EmptyName,
    /// The name has a NUL byte, at which C interfaces and object formats would cut it.
    NulInName,
    /// The name, or its translation, is longer than [`MAX_NAME_LEN`].
    NameTooLong,
    /// The first component of the triple is not an architecture for which LLVM generates code.
    UnknownArchitecture,
    /// The data layout has an `m` component that is not `m:` with one of the letters `e l o m w x a`.
    MalformedDataLayout,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Repr {
    #[error("{operation} a symbol name: the name is empty")]
    Empty { operation: Operation },
    #[error("{operation} `{name}`: NUL byte at offset {offset}")]
    Nul {
        operation: Operation,
        name: String,
        offset: usize,
    },
    #[error("{operation} `{name}`: {length} bytes, the limit is {MAX_NAME_LEN}")]
    TooLong {
        operation: Operation,
        name: String,
        length: usize,
    },
    #[error("reading target triple `{triple}`: unknown architecture `{architecture}`")]
    Architecture {
        triple: String,
        architecture: String,
    },
    #[error("reading data layout `{layout}`: unknown mangling mode `{component}`")]
    DataLayout { layout: String, component: String },
}

/// Which way a name was being translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// IR name to linker name.
    Mangle,
    /// Linker name to IR name.
    Unmangle,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mangle => "mangling",
            Self::Unmangle => "unmangling",
        })
    }
}

impl Error {
    /// What went wrong, for programs.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match *self.repr {
            Repr::Empty { .. } => ErrorKind::EmptyName,
            Repr::Nul { .. } => ErrorKind::NulInName,
            Repr::TooLong { .. } => ErrorKind::NameTooLong,
            Repr::Architecture { .. } => ErrorKind::UnknownArchitecture,
            Repr::DataLayout { .. } => ErrorKind::MalformedDataLayout,
        }
    }

    pub(crate) fn empty(operation: Operation) -> Self {
        Repr::Empty { operation }.into()
    }

    pub(crate) fn architecture(triple: &str, architecture: &str) -> Self {
        Repr::Architecture {
            triple: excerpt(triple),
            architecture: excerpt(architecture),
        }
        .into()
    }

    pub(crate) fn data_layout(layout: &str, component: &str) -> Self {
        Repr::DataLayout {
            layout: excerpt(layout),
            component: excerpt(component),
        }
        .into()
    }
}

impl From<Repr> for Error {
    fn from(repr: Repr) -> Self {
        Self {
            repr: Box::new(repr),
        }
    }
}

/// Refuses the names that no object format can carry whole.
pub(crate) fn check(name: &str, operation: Operation) -> Result<(), Error> {
    if name.is_empty() {
        return Err(Error::empty(operation));
    }
    if let Some(offset) = name.bytes().position(|byte| byte == 0) {
        let name = excerpt(name);
        return Err(Repr::Nul {
            operation,
            name,
            offset,
        }
        .into());
    }
    if name.len() > MAX_NAME_LEN {
        let length = name.len();
        let name = excerpt(name);
        return Err(Repr::TooLong {
            operation,
            name,
            length,
        }
        .into());
    }
    Ok(())
}

/// The start of `text`, printable: an error message is one line, whatever the name holds.
fn excerpt(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
