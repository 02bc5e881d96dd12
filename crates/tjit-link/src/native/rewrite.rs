//! Changing the symbol table of an ELF file.
//!
//! Symbols that exist are changed where they are. For new ones symbol and string table are copied to the end of the file,
//! extended there, and their section headers pointed at the copies; numbers of symbols and offsets of names stay as
//! they were, so that nothing else in the file has to change.
//!
//! Sections whose contents the system calls get names that mean nothing: whoever adds the file calls the functions. ORC would
//! make a symbol of its own for them, by the name of the buffer that the file is in, which is that of other files too.

use object::LittleEndian;
use object::elf;
use object::read::elf::{FileHeader as _, SectionHeader as _};

use crate::called;

use super::Position;
use super::read::Elf;

/// Bytes of the structures, and where their fields are (`Elf64_Sym`, `Elf64_Shdr` of the System V ABI).
const SYMBOL: usize = 24;
const SYMBOL_INFO: usize = 4;
const SYMBOL_SECTION: usize = 6;
const SYMBOL_VALUE: usize = 8;
const SYMBOL_SIZE: usize = 16;
const HEADER: usize = 64;
const HEADER_OFFSET: usize = 24;
const HEADER_SIZE: usize = 32;
const HEADER_ALIGNMENT: usize = 48;

/// The section with the unwind information. JITLink takes it apart into its records, drops those of functions that are not
/// linked, and aligns what is left as the section asks. A gap of zeros between two records is read as the end of all, so
/// that there must not be one.
const UNWIND: &[u8] = b".eh_frame";

/// From this number on, a symbol's section is in a table of its own.
const FIRST_RESERVED: usize = 0xFF00;

/// A change of one symbol; existing ones by their number.
#[derive(Debug)]
pub(super) enum Change<'c> {
    /// Somebody else defines it.
    Undefine(usize),
    /// This definition is the only one.
    Strengthen(usize),
    /// Defines what the file does not.
    Define(usize, Position),
    /// Aligns a tentative definition.
    Align(usize, u64),
    /// Calls a symbol that the file does not define something else.
    Rename(usize, &'c str),
    /// Calls a definition something else; what refers to it by the name that it had refers to somebody else's.
    Detach(usize, String),
    /// A further name of a place.
    Add {
        name: &'c str,
        position: Position,
        callable: bool,
    },
}

/// A copy of a file that has been read before, with the changes made.
pub(super) fn rewrite(bytes: &[u8], changes: &[Change<'_>]) -> Vec<u8> {
    let Ok(file) = Elf::parse(bytes) else {
        return bytes.to_vec();
    };
    let table = file.elf_symbol_table();
    let section_of = |index: object::SectionIndex| {
        let header = file.elf_section_table().section(index).ok()?;
        let (offset, size) = header.file_range(LittleEndian)?;
        bytes
            .get(usize::try_from(offset).ok()?..)?
            .get(..usize::try_from(size).ok()?)
    };
    let (Some(symbols), Some(strings)) = (
        section_of(table.section()),
        section_of(table.string_section()),
    ) else {
        return bytes.to_vec();
    };
    let mut tables = Tables {
        symbols: symbols.to_vec(),
        strings: strings.to_vec(),
        // Zero for all but the symbols of sections with high numbers.
        sections: section_of(table.shndx_section())
            .filter(|_| table.shndx_section().0 != 0)
            .map(<[u8]>::to_vec),
    };
    for change in changes {
        tables.make(change);
    }
    let mut out = bytes.to_vec();
    let headers = usize::try_from(file.elf_header().e_shoff(LittleEndian)).unwrap_or_default();
    let mut put = |index: object::SectionIndex, contents: &[u8]| {
        out.resize(out.len().next_multiple_of(8), 0);
        let (offset, size) = (out.len() as u64, contents.len() as u64);
        out.extend_from_slice(contents);
        let header = headers + index.0 * HEADER;
        write(&mut out, header + HEADER_OFFSET, &offset.to_le_bytes());
        write(&mut out, header + HEADER_SIZE, &size.to_le_bytes());
    };
    put(table.section(), &tables.symbols);
    put(table.string_section(), &tables.strings);
    if let Some(sections) = &tables.sections {
        put(table.shndx_section(), sections);
    }
    for (index, header) in file.elf_section_table().enumerate() {
        let Ok(name) = file.elf_section_table().section_name(LittleEndian, header) else {
            continue;
        };
        let start = headers + index.0 * HEADER;
        if name == UNWIND {
            write(&mut out, start + HEADER_ALIGNMENT, &1u64.to_le_bytes());
        }
        let is_called =
            std::str::from_utf8(name).is_ok_and(|name| called::section(name) != Ok(None));
        if is_called {
            // Without the dot.
            let rest = header.sh_name.get(LittleEndian) + 1;
            write(&mut out, start, &rest.to_le_bytes());
        }
    }
    out
}

/// The tables of a file while they are changed.
struct Tables {
    symbols: Vec<u8>,
    strings: Vec<u8>,
    sections: Option<Vec<u8>>,
}

impl Tables {
    fn make(&mut self, change: &Change<'_>) {
        match change {
            &Change::Undefine(index) => self.undefine(index),
            Change::Detach(index, name) => {
                self.copy(*index, name);
                self.undefine(*index);
            }
            &Change::Strengthen(index) => self.bind(index),
            &Change::Define(index, position) => {
                let start = index * SYMBOL;
                let value = position.offset.to_le_bytes();
                write(&mut self.symbols, start + SYMBOL_VALUE, &value);
                self.bind(index);
                self.set_section(index, position.section);
            }
            &Change::Align(index, alignment) => {
                write(
                    &mut self.symbols,
                    index * SYMBOL + SYMBOL_VALUE,
                    &alignment.to_le_bytes(),
                );
            }
            &Change::Rename(index, name) => {
                let name = self.string(name);
                write(&mut self.symbols, index * SYMBOL, &name.to_le_bytes());
            }
            Change::Add {
                name,
                position,
                callable,
            } => self.add(name, *position, *callable),
        }
    }

    fn undefine(&mut self, index: usize) {
        let start = index * SYMBOL;
        let no_type = self
            .symbols
            .get(start + SYMBOL_INFO)
            .map_or(0, |info| info & 0xF0);
        write(&mut self.symbols, start + SYMBOL_INFO, &[no_type]);
        write(
            &mut self.symbols,
            start + SYMBOL_SECTION,
            &[0; SYMBOL - SYMBOL_SECTION],
        );
        // A weak one that nobody defines is null; this one somebody does.
        self.bind(index);
        self.set_section(index, 0);
    }

    /// Adds a strong symbol for the same place; what chooses what an ifunc is, is a function.
    fn copy(&mut self, index: usize, name: &str) {
        let copy = self.symbols.len() / SYMBOL;
        let name = self.string(name);
        self.symbols
            .extend_from_within(index * SYMBOL..(index + 1) * SYMBOL);
        write(&mut self.symbols, copy * SYMBOL, &name.to_le_bytes());
        self.bind(copy);
        if let Some(info) = self.symbols.get_mut(copy * SYMBOL + SYMBOL_INFO)
            && *info & 0xF == elf::STT_GNU_IFUNC.0
        {
            *info = (*info & 0xF0) | elf::STT_FUNC.0;
        }
        if let Some(sections) = &mut self.sections {
            sections.extend_from_within(index * 4..(index + 1) * 4);
        }
    }

    /// Makes the binding global.
    fn bind(&mut self, index: usize) {
        if let Some(info) = self.symbols.get_mut(index * SYMBOL + SYMBOL_INFO) {
            *info = (elf::STB_GLOBAL.0 << 4) | (*info & 0xF);
        }
    }

    fn add(&mut self, name: &str, position: Position, callable: bool) {
        let index = self.symbols.len() / SYMBOL;
        let name = self.string(name);
        let kind = if callable {
            elf::STT_FUNC
        } else {
            elf::STT_OBJECT
        };
        self.symbols.resize((index + 1) * SYMBOL, 0);
        let start = index * SYMBOL;
        write(&mut self.symbols, start, &name.to_le_bytes());
        let info = (elf::STB_GLOBAL.0 << 4) | kind.0;
        write(
            &mut self.symbols,
            start + SYMBOL_INFO,
            &[info, elf::STV_HIDDEN.0],
        );
        write(
            &mut self.symbols,
            start + SYMBOL_VALUE,
            &position.offset.to_le_bytes(),
        );
        write(&mut self.symbols, start + SYMBOL_SIZE, &0u64.to_le_bytes());
        if let Some(sections) = &mut self.sections {
            sections.resize((index + 1) * 4, 0);
        }
        self.set_section(index, position.section);
    }

    fn set_section(&mut self, index: usize, section: usize) {
        let (short, long) = if section < FIRST_RESERVED {
            (section as u16, 0)
        } else {
            (elf::SHN_XINDEX.0, section as u32)
        };
        write(
            &mut self.symbols,
            index * SYMBOL + SYMBOL_SECTION,
            &short.to_le_bytes(),
        );
        if let Some(sections) = &mut self.sections {
            write(sections, index * 4, &long.to_le_bytes());
        }
    }

    /// The offset of a new string.
    fn string(&mut self, text: &str) -> u32 {
        let offset = u32::try_from(self.strings.len()).unwrap_or_default();
        self.strings.extend_from_slice(text.as_bytes());
        self.strings.push(0);
        offset
    }
}

/// Writes what lies inside; a file that was read has room for what is written to it.
fn write(into: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = into.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}
