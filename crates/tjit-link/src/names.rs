//! Names by which any module can refer to any symbol of the program.

use std::collections::HashSet;

use inkwell::module::{Linkage, Module};
use inkwell::values::GlobalValue;
use tjit_mangle::{MAX_NAME_LEN, Mangler, Symbol};
use tjit_orc::{SurveyedGlobal, name_unnamed, rename, survey};

use crate::LinkError;

#[cfg(test)]
mod tests;

/// What LLVM keeps for itself: intrinsics, and variables with a meaning such as `llvm.global_ctors`.
pub(crate) const RESERVED: &str = "llvm.";

/// In front of the number that a value without a name gets.
const UNNAMED: &str = "unnamed.";

/// Bytes of a module's hash that go into the names of its locals: 128 bits, so that names never meet by accident.
const HASH_BYTES: usize = 16;

/// What tells a module from modules of other contents.
pub(crate) fn hash(bitcode: &[u8]) -> String {
    blake3::hash(bitcode).to_hex()[..2 * HASH_BYTES].to_owned()
}

/// What is put behind the names of a module's locals. `copy` counts the modules of the program with these contents, from 0.
pub(crate) fn suffix(hash: &str, copy: u32) -> String {
    match copy {
        0 => format!(".{hash}"),
        copy => format!(".{hash}.{}", copy + 1),
    }
}

/// What a promoted local was called before, or `None` if `symbol` is not one.
pub(crate) fn unpromoted(symbol: &str) -> Option<&str> {
    let split = |text| str::rsplit_once(text, '.');
    let (mut rest, mut last) = split(symbol)?;
    if last.len() != 2 * HASH_BYTES && last.bytes().all(|b| b.is_ascii_digit()) {
        (rest, last) = split(rest)?;
    }
    let is_hash = last.len() == 2 * HASH_BYTES
        && last
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_hash && !rest.is_empty()).then_some(rest)
}

pub(crate) fn is_local(linkage: Linkage) -> bool {
    matches!(
        linkage,
        Linkage::Internal | Linkage::Private | Linkage::LinkerPrivate | Linkage::LinkerPrivateWeak
    )
}

/// Gives every global value of the module a name of its own in the program: locals and values without a name get
/// `suffix`, and names that are escaped from mangling lose the escape where mangling would not change them.
pub(crate) fn settle(
    module: &Module<'_>,
    module_name: &str,
    mangler: Mangler,
    suffix: &str,
) -> Result<(), LinkError> {
    name_unnamed(module, UNNAMED);
    let globals = survey(module);
    let mut names = HashSet::with_capacity(globals.len());
    for global in &globals {
        names.insert(checked(global, module_name)?);
    }
    for global in &globals {
        let old = checked(global, module_name)?;
        let new = settled(global, old, mangler, suffix, module_name)?;
        if new == old {
            continue;
        }
        if names.contains(new.as_str()) {
            let reason = match old.strip_prefix('\u{1}') {
                Some(_) => "another symbol of the module differs from it by the `\\01` escape only",
                None => "it would get a name that is taken",
            };
            return Err(bad_name(module_name, old, reason));
        }
        if global.defined {
            rename(module, old, &new);
        } else if let Some(declaration) = declaration(module, old) {
            declaration.set_name(&new);
        }
    }
    Ok(())
}

fn declaration<'m>(module: &Module<'m>, name: &str) -> Option<GlobalValue<'m>> {
    let function = module
        .get_function(name)
        .map(|function| function.as_global_value());
    function.or_else(|| module.get_global(name))
}

fn settled(
    global: &SurveyedGlobal,
    name: &str,
    mangler: Mangler,
    suffix: &str,
    module_name: &str,
) -> Result<String, LinkError> {
    if name.starts_with(RESERVED) {
        return Ok(name.to_owned());
    }
    if is_local(global.linkage) || name.starts_with(UNNAMED) {
        return Ok(format!("{}{suffix}", name.trim_start_matches('\u{1}')));
    }
    let symbol = if global.callable {
        Symbol::FUNCTION
    } else {
        Symbol::DATA
    };
    let refused = |error: tjit_mangle::Error| bad_name(module_name, name, &error.to_string());
    let linker_name = mangler.mangle(name, &symbol).map_err(refused)?;
    Ok(mangler
        .unmangle(&linker_name)
        .map_err(refused)?
        .into_owned())
}

/// The name as text, if every tool on its way will take it whole.
fn checked<'g>(global: &'g SurveyedGlobal, module_name: &str) -> Result<&'g str, LinkError> {
    let lossy = || String::from_utf8_lossy(&global.name).into_owned();
    let Ok(name) = std::str::from_utf8(&global.name) else {
        return Err(bad_name(module_name, &lossy(), "it is not UTF-8"));
    };
    if let Some(offset) = name.bytes().position(|byte| byte == 0) {
        let reason = format!("NUL byte at offset {offset}");
        return Err(bad_name(module_name, name, &reason));
    }
    if name.len() > MAX_NAME_LEN {
        let reason = format!("{} bytes, the limit is {MAX_NAME_LEN}", name.len());
        return Err(bad_name(module_name, name, &reason));
    }
    if name == "\u{1}" {
        return Err(bad_name(
            module_name,
            name,
            "there is nothing behind the `\\01` escape",
        ));
    }
    Ok(name)
}

pub(crate) fn bad_name(module: &str, name: &str, reason: &str) -> LinkError {
    // A message is one line, whatever the name holds.
    const SHOWN: usize = 60;
    let mut shown: String = name
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    if name.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    LinkError::Name {
        module: module.to_owned(),
        name: shown,
        reason: reason.to_owned(),
    }
}
