//! Definitions that every object has a copy of, kept apart from those of other objects.

use object::elf::{STB_WEAK, STV_HIDDEN};
use object::{Object, ObjectSection, ObjectSymbol, SymbolFlags};
use tjit_orc::MemoryBuffer;

/// Size of an entry of a symbol table of 64-bit ELF files, and where in it `st_info` is (System V ABI, "Symbol Table").
const ENTRY: usize = 24;
const INFO: usize = 4;

/// Makes the hidden weak definitions of an object local.
///
/// The code generator adds such ones: the pointer to the personality routine, `DW.ref.__gxx_personality_v0`. ORC has the objects
/// of a dylib share the first copy; the unwind tables of later ones would point into an object that can be freed before them.
pub(crate) fn keep(object: MemoryBuffer) -> MemoryBuffer {
    let places = infos(object.as_slice());
    if places.is_empty() {
        return object;
    }
    let mut bytes = object.as_slice().to_vec();
    for place in places {
        // The lower half is the type, the upper one the binding: STB_LOCAL is 0.
        bytes[place] &= 0xf;
    }
    MemoryBuffer::copy_of(&bytes)
}

/// Where the bindings of those symbols are in the file. None in a file that can't be read, which is for the linker to say.
fn infos(object: &[u8]) -> Vec<usize> {
    let Ok(file) = object::File::parse(object) else {
        return Vec::new();
    };
    let Some((start, size)) = file
        .section_by_name(".symtab")
        .filter(|_| file.is_64())
        .and_then(|section| section.file_range())
    else {
        return Vec::new();
    };
    let hidden = file.symbols().filter(|symbol| {
        let SymbolFlags::Elf { st_info, st_other } = symbol.flags() else {
            return false;
        };
        let is_hidden = st_other.visibility() == STV_HIDDEN;
        !symbol.is_undefined() && st_info.st_bind() == STB_WEAK && is_hidden
    });
    let place = |index: usize| {
        let offset = index.checked_mul(ENTRY)?.checked_add(INFO)?;
        let is_inside = (offset as u64) < size;
        let place = usize::try_from(start).ok()?.checked_add(offset)?;
        (is_inside && place < object.len()).then_some(place)
    };
    hidden
        .filter_map(|symbol| place(symbol.index().0))
        .collect()
}
