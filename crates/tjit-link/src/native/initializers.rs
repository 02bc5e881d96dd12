//! The functions that an object file wants called: `.init_array`, `.fini_array` and what was there before them.

use std::collections::HashMap;

use object::{
    Object, ObjectSection, ObjectSymbol, RelocationKind, RelocationTarget, SymbolSection,
};

use crate::called;

use super::read::{Elf, malformed};
use super::{Entry, EntryFunction, Position};

/// Bytes of an entry.
const ENTRY: u64 = 8;

/// Constructors and destructors in the order of the file, in which both run from first to last for equal priorities when
/// destructors of the whole program are walked backwards.
pub(super) fn read(
    file: &Elf<'_>,
    groups: &HashMap<usize, &str>,
) -> Result<(Vec<Entry>, Vec<Entry>), String> {
    let (mut constructors, mut destructors) = (Vec::new(), Vec::new());
    for section in file.sections() {
        let name = section.name().map_err(malformed)?;
        let called = called::section(name).map_err(|what| format!("`{name}`: {what}"))?;
        let Some(table) = called else {
            continue;
        };
        let group = groups
            .get(&section.index().0)
            .map(|name| (*name).to_owned());
        let functions = functions(file, &section, name)?;
        let entries = functions.into_iter().map(|function| Entry {
            order: table.order,
            function,
            group: group.clone(),
        });
        let list = if table.at_end {
            &mut destructors
        } else {
            &mut constructors
        };
        if table.reversed {
            list.extend(entries.rev());
        } else {
            list.extend(entries);
        }
    }
    Ok((constructors, destructors))
}

/// The entries of a table: each is a relocation, or is empty.
fn functions<'b>(
    file: &Elf<'b>,
    section: &impl ObjectSection<'b>,
    name: &str,
) -> Result<Vec<EntryFunction>, String> {
    let mut relocations: Vec<_> = section.relocations().collect();
    relocations.sort_by_key(|(offset, _)| *offset);
    let mut found = Vec::new();
    for (offset, relocation) in &relocations {
        let (RelocationKind::Absolute, 64, RelocationTarget::Symbol(symbol)) =
            (relocation.kind(), relocation.size(), relocation.target())
        else {
            return Err(format!(
                "an entry of `{name}` is not the address of a function"
            ));
        };
        if offset % ENTRY != 0 {
            return Err(format!("an entry of `{name}` is not aligned"));
        }
        let symbol = file.symbol_by_index(symbol).map_err(malformed)?;
        let addend = relocation.addend();
        found.push(if symbol.is_global() && addend == 0 {
            EntryFunction::Symbol(symbol.name().map_err(malformed)?.to_owned())
        } else if let SymbolSection::Section(target) = symbol.section() {
            let offset = symbol.address().wrapping_add_signed(addend);
            EntryFunction::At(Position {
                section: target.0,
                offset,
            })
        } else {
            return Err(format!(
                "an entry of `{name}` is not the address of a function"
            ));
        });
    }
    let data = section.data().map_err(malformed)?;
    let is_relocated = |index: u64| {
        relocations
            .iter()
            .any(|(offset, _)| *offset == index * ENTRY)
    };
    // Start files mark the ends of the old tables with 0 and -1.
    let is_mark = |entry: &[u8]| entry.iter().all(|b| *b == 0) || entry.iter().all(|b| *b == 0xFF);
    let stray = (0..)
        .zip(data.chunks(ENTRY as usize))
        .find(|&(index, entry)| !is_relocated(index) && !is_mark(entry));
    match stray {
        Some(_) => Err(format!("an entry of `{name}` is a number")),
        None => Ok(found),
    }
}
