//! Where a module comes from.

use std::path::{Path, PathBuf};

use inkwell::module::Module;
use tjit_orc::{MemoryBuffer, ThreadSafeContext, ThreadSafeModule};

use crate::Error;
use crate::unoptimised::allow_optimisation;

/// A module to be added: a file, bytes, or a module of the embedder's own context.
///
/// Files and bytes hold bitcode or textual IR, told apart by bitcode's magic number.
#[derive(Debug)]
pub struct ModuleSource {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    File(PathBuf),
    Bytes { name: String, bytes: Vec<u8> },
    Bitcode(Result<(String, MemoryBuffer), tjit_orc::Error>),
}

impl ModuleSource {
    /// A file of bitcode or textual IR.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            kind: Kind::File(path.into()),
        }
    }

    /// Bitcode or textual IR in memory; `name` appears in messages.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            kind: Kind::Bytes {
                name: name.into(),
                bytes: bytes.into(),
            },
        }
    }

    /// A copy of a module of the embedder's own context, which may be dropped afterwards.
    pub fn inkwell(module: &Module<'_>) -> Self {
        let name = module.get_name().to_string_lossy().into_owned();
        Self {
            kind: Kind::Bitcode(tjit_orc::verified_bitcode(module).map(|bitcode| (name, bitcode))),
        }
    }

    /// Parses the module in `context`.
    pub(crate) fn parse(self, context: &ThreadSafeContext) -> Result<ThreadSafeModule, Error> {
        let module = match self.kind {
            Kind::File(path) => context.parse_file(&path)?,
            Kind::Bytes { name, bytes } => context.parse(&name, &bytes)?,
            Kind::Bitcode(bitcode) => {
                let (name, bitcode) = bitcode?;
                context.parse(&name, bitcode.as_slice())?
            }
        };
        module.with_module(allow_optimisation);
        Ok(module)
    }
}

impl From<&Path> for ModuleSource {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

impl From<PathBuf> for ModuleSource {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

impl From<&[u8]> for ModuleSource {
    fn from(bytes: &[u8]) -> Self {
        Self::bytes("<bytes>", bytes)
    }
}

impl From<Vec<u8>> for ModuleSource {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes("<bytes>", bytes)
    }
}

impl From<&Module<'_>> for ModuleSource {
    fn from(module: &Module<'_>) -> Self {
        Self::inkwell(module)
    }
}
