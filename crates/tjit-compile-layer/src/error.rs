//! The one error type of this crate.

/// Why a module could not be compiled.
///
/// The text names the operation and the subject, and ends in LLVM's own words where LLVM refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Error {
    repr: Box<Repr>,
}

/// The class of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// LLVM refused: a broken module, a misspelt pipeline, bad inline assembly, a link that failed.
    Llvm(tjit_orc::ErrorKind),
    /// The module is for another target than the host.
    Target,
    /// A function asks for a processor that LLVM does not know.
    UnknownProcessor,
    /// An optimised body needs a processor feature that the host lacks.
    MissingFeature,
    /// Changes to the processor's features that can't be made.
    Features,
    /// A symbol's name can't be handed to a linker.
    Name,
    /// A module with bodies of both tiers was given where only one can be compiled, or can't be split.
    MixedTiers,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Repr {
    #[error(transparent)]
    Llvm(tjit_orc::Error),
    #[error(transparent)]
    Name(tjit_mangle::Error),
    #[error("{operation}: {message}")]
    Own {
        kind: ErrorKind,
        operation: String,
        message: String,
    },
}

impl Error {
    pub(crate) fn new(
        kind: ErrorKind,
        operation: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Repr::Own {
            kind,
            operation: operation.into(),
            message: message.into(),
        }
        .into()
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        match &*self.repr {
            Repr::Llvm(error) => ErrorKind::Llvm(error.kind()),
            Repr::Name(_) => ErrorKind::Name,
            Repr::Own { kind, .. } => *kind,
        }
    }
}

impl From<Repr> for Error {
    fn from(repr: Repr) -> Self {
        Self {
            repr: Box::new(repr),
        }
    }
}

impl From<tjit_orc::Error> for Error {
    fn from(error: tjit_orc::Error) -> Self {
        Repr::Llvm(error).into()
    }
}

impl From<tjit_mangle::Error> for Error {
    fn from(error: tjit_mangle::Error) -> Self {
        Repr::Name(error).into()
    }
}

/// For [`Responsibility::fail`](tjit_orc::Responsibility::fail), through which the lookup gets it.
impl From<Error> for tjit_orc::Error {
    fn from(error: Error) -> Self {
        use tjit_orc::ErrorKind as Orc;
        match *error.repr {
            Repr::Llvm(error) => error,
            Repr::Name(error) => Self::new(Orc::Name, "naming a symbol", error.to_string()),
            Repr::Own {
                kind,
                operation,
                message,
            } => {
                let kind = match kind {
                    ErrorKind::MixedTiers => Orc::CodeGeneration,
                    ErrorKind::Name => Orc::Name,
                    _ => Orc::Target,
                };
                Self::new(kind, operation, message)
            }
        }
    }
}
