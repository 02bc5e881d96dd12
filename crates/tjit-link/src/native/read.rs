//! From the bytes of an object file to its symbols.

use std::collections::HashMap;
use std::sync::Arc;

use inkwell::module::Linkage;
use object::elf;
use object::read::elf::{ElfFile64, FileHeader as _, SectionHeader as _, Sym as _};
use object::{
    ComdatKind, LittleEndian, Object, ObjectComdat, ObjectSection, ObjectSymbol, SectionFlags,
    SymbolKind,
};
use tjit_mangle::MAX_NAME_LEN;

use super::{NativeObject, NativeSymbol, Obstacle, Position, initializers, uses};

/// 64-bit little-endian ELF: what JITLink has back ends for on our hosts.
pub(super) type Elf<'b> = ElfFile64<'b, LittleEndian>;
pub(super) type Symbol<'b, 'f> = object::read::elf::ElfSymbol64<'b, 'f, LittleEndian, &'b [u8]>;

/// What code calls the table that the linker makes for each object.
const GOT: &str = "_GLOBAL_OFFSET_TABLE_";

/// In every object of `gcc -flto` without `-ffat-lto-objects`: no code, but GCC's own intermediate language.
const GCC_SLIM_LTO: &str = "__gnu_lto_slim";

/// Reads a file, or says what is wrong with it.
pub(super) fn read(name: String, bytes: Arc<[u8]>) -> Result<NativeObject, String> {
    let file = parse(&bytes)?;
    let groups = groups(&file)?;
    let mut symbols = Vec::new();
    for symbol in file.symbols().filter(ObjectSymbol::is_global) {
        symbols.extend(read_symbol(&symbol, &groups)?);
    }
    uses::note(&file, &mut symbols);
    let (constructors, destructors) = initializers::read(&file, &groups)?;
    let obstacle = obstacle(&file);
    Ok(NativeObject {
        name,
        symbols,
        exports: Vec::new(),
        constructors,
        destructors,
        obstacle,
        bytes,
    })
}

fn parse(bytes: &[u8]) -> Result<Elf<'_>, String> {
    if !bytes.starts_with(&elf::ELFMAG) {
        return Err("it is not an ELF object file".to_owned());
    }
    let (architecture, machine) = host()?;
    let file = Elf::parse(bytes)
        .map_err(|error| format!("it is no 64-bit little-endian ELF file: {error}"))?;
    let header = file.elf_header();
    let found = header.e_machine(LittleEndian);
    if found != machine {
        let found = found.0;
        return Err(format!(
            "it was compiled for another machine (ELF number {found}), this process runs on {architecture}"
        ));
    }
    match header.e_type(LittleEndian) {
        elf::ET_REL => {}
        elf::ET_DYN => {
            return Err(
                "it is a shared library or an executable; libraries are loaded, not linked"
                    .to_owned(),
            );
        }
        other => return Err(format!("it is not relocatable (ELF type {})", other.0)),
    }
    if file.symbol_by_name(GCC_SLIM_LTO).is_some() {
        let text = "GCC left its code to link-time optimisation; compile it with `-ffat-lto-objects`, or without `-flto`";
        return Err(text.to_owned());
    }
    Ok(file)
}

fn host() -> Result<(&'static str, elf::Machine), String> {
    match std::env::consts::ARCH {
        "x86_64" => Ok(("x86_64", elf::EM_X86_64)),
        "aarch64" => Ok(("aarch64", elf::EM_AARCH64)),
        other => Err(format!("native objects can't be linked on {other}")),
    }
}

/// The signatures of the COMDAT groups, by the sections that are in them.
pub(super) fn groups<'b>(file: &Elf<'b>) -> Result<HashMap<usize, &'b str>, String> {
    let mut groups = HashMap::new();
    for group in file
        .comdats()
        .filter(|group| group.kind() == ComdatKind::Any)
    {
        let signature = group.name().map_err(malformed)?;
        groups.extend(group.sections().map(|section| (section.0, signature)));
    }
    Ok(groups)
}

pub(super) fn malformed(error: object::Error) -> String {
    format!("it is malformed: {error}")
}

fn read_symbol(
    symbol: &Symbol<'_, '_>,
    groups: &HashMap<usize, &str>,
) -> Result<Option<NativeSymbol>, String> {
    let raw = symbol.elf_symbol();
    let name = symbol.name().map_err(malformed)?;
    if name.is_empty() || name == GOT {
        return Ok(None);
    }
    if name.len() > MAX_NAME_LEN {
        let length = name.len();
        return Err(format!(
            "it has a symbol of {length} bytes, the limit is {MAX_NAME_LEN}"
        ));
    }
    let in_group = symbol
        .section_index()
        .is_some_and(|section| groups.contains_key(&section.0));
    let defined = !symbol.is_undefined();
    let visibility = raw.st_visibility();
    let section = symbol.section_index();
    Ok(Some(NativeSymbol {
        index: symbol.index().0,
        name: name.to_owned(),
        linkage: linkage(symbol, in_group),
        defined,
        hidden: visibility == elf::STV_HIDDEN || visibility == elf::STV_INTERNAL,
        callable: match raw.st_type() {
            elf::STT_FUNC | elf::STT_GNU_IFUNC => Some(true),
            elf::STT_OBJECT | elf::STT_COMMON | elf::STT_TLS => Some(false),
            _ => None,
        },
        size: match raw.st_type() {
            elf::STT_OBJECT | elf::STT_COMMON => symbol.size(),
            _ => 0,
        },
        // The value of a tentative definition is its alignment.
        alignment: if symbol.is_common() {
            raw.st_value(LittleEndian)
        } else {
            0
        },
        position: section.map(|section| Position {
            section: section.0,
            offset: symbol.address(),
        }),
        is_ifunc: raw.st_type() == elf::STT_GNU_IFUNC,
        renamed: false,
        added: false,
    }))
}

/// How the symbol competes with others of its name. A COMDAT group says that any copy will do, and so does GCC's
/// binding "unique": compilers use both for what the language makes equal everywhere, and for nothing else. A weak
/// symbol outside a group is one that somebody wants replaceable.
fn linkage(symbol: &Symbol<'_, '_>, in_group: bool) -> Linkage {
    if symbol.is_undefined() {
        return if symbol.is_weak() {
            Linkage::ExternalWeak
        } else {
            Linkage::External
        };
    }
    if symbol.is_common() {
        return Linkage::Common;
    }
    match symbol.elf_symbol().st_bind() {
        elf::STB_GNU_UNIQUE => Linkage::LinkOnceODR,
        _ if in_group => Linkage::LinkOnceODR,
        elf::STB_WEAK => Linkage::WeakAny,
        _ => Linkage::External,
    }
}

/// What JITLink can't place or nobody would run.
fn obstacle(file: &Elf<'_>) -> Option<Obstacle> {
    const THREAD_LOCAL: &str = "has or uses thread-local storage in a way that only the system's linker can place; give it as bitcode (`clang -emit-llvm -c`)";
    let thread_local = file
        .symbols()
        .find(|symbol| symbol.kind() == SymbolKind::Tls);
    if let Some(symbol) = thread_local {
        return Some(Obstacle {
            symbol: symbol.name().unwrap_or_default().to_owned(),
            what: THREAD_LOCAL.to_owned(),
        });
    }
    let is_number = |symbol: &Symbol<'_, '_>| {
        symbol.is_global() && symbol.elf_symbol().st_shndx(LittleEndian) == elf::SHN_ABS
    };
    if let Some(symbol) = file.symbols().find(is_number) {
        return Some(Obstacle {
            symbol: symbol.name().unwrap_or_default().to_owned(),
            what: "defines it as a number instead of a place in one of its sections; define a variable that holds the number".to_owned(),
        });
    }
    let is_local_ifunc = |symbol: &Symbol<'_, '_>| {
        symbol.is_local() && symbol.elf_symbol().st_type() == elf::STT_GNU_IFUNC
    };
    if let Some(symbol) = file.symbols().find(is_local_ifunc) {
        return Some(Obstacle {
            symbol: symbol.name().unwrap_or_default().to_owned(),
            what: "has it as an ifunc that is `static`; give the file as bitcode (`clang -emit-llvm -c`)".to_owned(),
        });
    }
    for section in file.sections().filter(|section| section.size() > 0) {
        let name = section.name().unwrap_or_default();
        let is_thread_local = matches!(
            section.flags(),
            SectionFlags::Elf { sh_flags, .. } if sh_flags.contains(elf::SHF_TLS)
        );
        let what = match name {
            _ if is_thread_local => THREAD_LOCAL,
            ".init" | ".fini" => "has code of the system's own start files in that section",
            _ => continue,
        };
        return Some(Obstacle {
            symbol: name.to_owned(),
            what: what.to_owned(),
        });
    }
    None
}

/// The symbols that only the file itself sees, and where they are.
pub(super) fn locals(bytes: &[u8]) -> Vec<(String, Position)> {
    let Ok(file) = Elf::parse(bytes) else {
        return Vec::new();
    };
    let local = |symbol: Symbol<'_, '_>| {
        let kind = symbol.elf_symbol().st_type();
        let is_name = kind != elf::STT_SECTION && kind != elf::STT_FILE;
        let position = Position {
            section: symbol.section_index()?.0,
            offset: symbol.address(),
        };
        (is_name && symbol.is_local()).then_some((symbol.name().ok()?.to_owned(), position))
    };
    file.symbols().filter_map(local).collect()
}

/// A place in what the linker gives memory to and never joins with that of other files.
pub(super) fn first_contents(bytes: &[u8]) -> Option<Position> {
    let file = Elf::parse(bytes).ok()?;
    let has_contents = |section: &object::read::elf::ElfSection64<'_, '_, LittleEndian>| {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
            return false;
        };
        let is_plain = matches!(
            section.elf_section_header().sh_type(LittleEndian),
            elf::SHT_PROGBITS | elf::SHT_NOBITS
        );
        let wanted = sh_flags.contains(elf::SHF_ALLOC);
        let special = [elf::SHF_MERGE, elf::SHF_GROUP, elf::SHF_TLS];
        is_plain
            && wanted
            && section.size() > 0
            && section.name() != Ok(".eh_frame")
            && !special.into_iter().any(|flag| sh_flags.contains(flag))
    };
    let section = file.sections().find(has_contents)?;
    Some(Position {
        section: section.index().0,
        offset: 0,
    })
}

/// Whether the file has contents in a section of that name.
pub(super) fn has_section(bytes: &[u8], name: &str) -> bool {
    let file = Elf::parse(bytes);
    file.is_ok_and(|file| {
        let mut sections = file.sections();
        sections.any(|section| section.size() > 0 && section.name() == Ok(name))
    })
}

/// The names that an object file of whatever format and machine defines for others.
pub(crate) fn defined_names(bytes: &[u8]) -> Vec<String> {
    let Ok(file) = object::File::parse(bytes) else {
        return Vec::new();
    };
    let defined = file
        .symbols()
        .filter(|symbol| symbol.is_global() && (symbol.is_definition() || symbol.is_common()));
    defined
        .filter_map(|symbol| Some(symbol.name().ok()?.to_owned()))
        .collect()
}

/// Whether an object file has a definition of `symbol` that is neither weak nor tentative.
pub(crate) fn defines_strongly(bytes: &[u8], symbol: &str) -> bool {
    let Ok(file) = object::File::parse(bytes) else {
        return false;
    };
    file.symbols().any(|found| {
        found.is_global()
            && !found.is_undefined()
            && !found.is_common()
            && !found.is_weak()
            && found.name() == Ok(symbol)
    })
}
