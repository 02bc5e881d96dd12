//! The object layer: JITLink with unwind registration.

use llvm_sys::orc2::{LLVMOrcObjectLayerAddObjectFileWithRT, LLVMOrcObjectLayerEmit};

use object::{Object, ObjectSymbol};

use crate::buffer::MemoryBuffer;
use crate::error::{Error, ErrorKind, check};
use crate::session::ExecutionSession;
use crate::tracker::ResourceTracker;
use crate::unit::Responsibility;

/// Links object files into a session. Unwind tables are registered before a symbol becomes ready.
#[derive(Clone, Debug)]
pub struct ObjectLayer {
    session: ExecutionSession,
}

impl ObjectLayer {
    pub(crate) fn new(session: ExecutionSession) -> Self {
        Self { session }
    }

    /// The session the layer links into.
    pub fn session(&self) -> &ExecutionSession {
        &self.session
    }

    /// Adds the symbols of an object file; it is linked when one of them is first looked up.
    ///
    /// # Errors
    /// [`ErrorKind::Link`] if the file is malformed or a strong symbol of it is defined already.
    pub fn add(&self, tracker: &ResourceTracker, object: MemoryBuffer) -> Result<(), Error> {
        if has_weak_symbols(object.as_slice()) {
            tracker.set_replaceable();
        }
        let raw = self.session.raw_object_layer();
        // SAFETY: all handles are live; ownership of the buffer passes to LLVM.
        let error =
            unsafe { LLVMOrcObjectLayerAddObjectFileWithRT(raw, tracker.raw(), object.into_raw()) };
        check(error, ErrorKind::Link, || {
            format!(
                "adding an object file to dylib `{}`",
                tracker.dylib().name()
            )
        })
    }

    /// Fulfils `responsibility` with an object file that defines its symbols.
    ///
    /// A failure is reported to the lookups that wait for the symbols.
    pub fn emit(&self, responsibility: Responsibility, object: MemoryBuffer) {
        let raw = self.session.raw_object_layer();
        // SAFETY: both are consumed by LLVM, which fails the responsibility itself if the link fails.
        unsafe { LLVMOrcObjectLayerEmit(raw, responsibility.into_raw(), object.into_raw()) };
    }
}

/// Whether a definition of the file gives way to a strong one; also if it can't be read, which is for the linker to say.
fn has_weak_symbols(object: &[u8]) -> bool {
    let Ok(file) = object::File::parse(object) else {
        return true;
    };
    file.symbols().any(|symbol| {
        !symbol.is_undefined() && (symbol.is_weak() || symbol.is_common() || is_unique(&symbol))
    })
}

/// GNU's `STB_GNU_UNIQUE`, which LLVM takes for weak.
fn is_unique(symbol: &object::Symbol<'_, '_>) -> bool {
    matches!(symbol.flags(), object::SymbolFlags::Elf { st_info, .. } if st_info.st_bind() == object::elf::STB_GNU_UNIQUE)
}
