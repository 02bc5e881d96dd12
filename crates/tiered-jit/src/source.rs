//! Where the parts of a program come from.

use std::path::{Path, PathBuf};

use inkwell::module::Module;
use tjit_link::{Archive, FileKind, Input, NativeObject};
use tjit_orc::{MemoryBuffer, ThreadSafeContext, ThreadSafeModule};

use crate::Error;
use crate::host::Host;
use crate::unoptimised::allow_optimisation;

/// Something to be added to a program: a file, bytes, or a module of the embedder's own context.
///
/// What a file or bytes hold is told by how they begin: bitcode, a native object file, an archive of both, or else textual IR.
/// A file may be a shared library as well, which is loaded.
#[derive(Debug)]
pub struct ModuleSource {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    File(PathBuf),
    Library(PathBuf),
    Bytes { name: String, bytes: Vec<u8> },
    Bitcode(Result<(String, MemoryBuffer), tjit_orc::Error>),
}

impl ModuleSource {
    /// A file: bitcode, textual IR, a native object, an archive or a shared library, which is loaded from this path and no other.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            kind: Kind::File(path.into()),
        }
    }

    /// A shared library to be loaded, by its path or as the system's loader finds it (`libz.so.1`). The program may bind to
    /// its symbols; archives behind it are not asked for what it has. It stays loaded as long as the JIT lives.
    pub fn library(path: impl Into<PathBuf>) -> Self {
        Self {
            kind: Kind::Library(path.into()),
        }
    }

    /// Bitcode, textual IR, a native object or an archive in memory; `name` appears in messages.
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

    /// Reads it for linking: modules are parsed in `context`, libraries loaded by `host`.
    pub(crate) fn read(self, context: &ThreadSafeContext, host: &Host) -> Result<Input, Error> {
        match self.kind {
            Kind::File(path) => read_file(&path, context, host),
            Kind::Library(path) => Ok(Input::Library(host.load(&path)?)),
            Kind::Bytes { name, bytes } => read_bytes(name, bytes, None, context),
            Kind::Bitcode(bitcode) => {
                let (name, bitcode) = bitcode?;
                Ok(prepared(context.parse(&name, bitcode.as_slice())?))
            }
        }
    }
}

fn read_file(path: &Path, context: &ThreadSafeContext, host: &Host) -> Result<Input, Error> {
    let name = path.to_string_lossy().into_owned();
    let Ok(bytes) = std::fs::read(path) else {
        // For its message.
        return Ok(prepared(context.parse_file(path)?));
    };
    match FileKind::of(&bytes) {
        // A name alone is looked for in the directories of the loader, where another may be.
        Some(FileKind::SharedLibrary) => Ok(Input::Library(host.load(&Path::new(".").join(path))?)),
        _ => read_bytes(name, bytes, path.parent(), context),
    }
}

fn read_bytes(
    name: String,
    bytes: Vec<u8>,
    directory: Option<&Path>,
    context: &ThreadSafeContext,
) -> Result<Input, Error> {
    Ok(match FileKind::of(&bytes) {
        Some(FileKind::Archive) => {
            let archive = Archive::parse(name, bytes, directory)?;
            Input::Archive(archive.with_preparation(allow_optimisation))
        }
        // A library in memory can't be loaded, which the object's reader says.
        Some(FileKind::Object | FileKind::SharedLibrary) => {
            Input::Object(NativeObject::parse(name, bytes)?)
        }
        Some(FileKind::Bitcode) | None => prepared(context.parse(&name, &bytes)?),
    })
}

fn prepared(module: ThreadSafeModule) -> Input {
    module.with_module(allow_optimisation);
    Input::Module(module)
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
