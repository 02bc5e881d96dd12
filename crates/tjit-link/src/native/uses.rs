//! How an object file uses what it does not define.

use std::collections::HashSet;

use object::elf;
use object::{Object, ObjectSection, RelocationFlags, RelocationTarget, SectionFlags, SymbolIndex};

use super::NativeSymbol;
use super::read::Elf;

/// Tells functions from data among undefined symbols, as far as that can be told. The file does not say what they are, so that
/// only those are known to be functions that every reference calls: what takes an address may want data.
pub(super) fn note(file: &Elf<'_>, symbols: &mut [NativeSymbol]) {
    let mut addressed: HashSet<usize> = HashSet::new();
    for section in file.sections() {
        let is_loaded = matches!(
            section.flags(),
            SectionFlags::Elf { sh_flags, .. } if sh_flags.contains(elf::SHF_ALLOC)
        );
        if !is_loaded {
            continue;
        }
        for (_, relocation) in section.relocations() {
            let target = relocation.target();
            if let (RelocationTarget::Symbol(SymbolIndex(index)), false) =
                (target, is_call(relocation.flags()))
            {
                addressed.insert(index);
            }
        }
    }
    let undefined = symbols.iter_mut().filter(|symbol| !symbol.defined);
    for symbol in undefined.filter(|symbol| symbol.callable.is_none()) {
        if !addressed.contains(&symbol.index) {
            symbol.callable = Some(true);
        }
    }
}

/// Whether the place is the operand of a call or a jump (System V ABI supplements of both architectures).
fn is_call(flags: RelocationFlags) -> bool {
    match flags {
        RelocationFlags::Elf { r_type } if cfg!(target_arch = "x86_64") => {
            r_type == elf::R_X86_64_PLT32
        }
        RelocationFlags::Elf { r_type } => {
            r_type == elf::R_AARCH64_CALL26 || r_type == elf::R_AARCH64_JUMP26
        }
        _ => false,
    }
}
