//! Names by which any module can refer to any symbol of the program.

use std::fmt::Write;

use std::collections::HashSet;

use inkwell::module::{Linkage, Module};
use inkwell::values::GlobalValue;
use tjit_mangle::{MAX_NAME_LEN, Mangler, Symbol};
use tjit_orc::{SurveyedGlobal, name_unnamed, rename, survey};

use crate::inventory::Global;
use crate::{LinkError, NativeObject};

#[cfg(test)]
mod tests;

/// What LLVM keeps for itself: intrinsics, and variables with a meaning such as `llvm.global_ctors`.
pub(crate) const RESERVED: &str = "llvm.";

/// In front of the number that a value without a name gets.
const UNNAMED: &str = "unnamed.";

/// Bytes of a module's hash that go into the names of its locals: 128 bits, so that names never meet by accident.
const HASH_BYTES: usize = 16;

/// What tells a module from modules of other contents, from a hash of these.
pub(crate) fn hash(contents: &[u8; 32]) -> String {
    let mut text = String::with_capacity(2 * HASH_BYTES);
    for byte in &contents[..HASH_BYTES] {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
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
/// `suffix`, and names that are escaped from mangling lose the escape where mangling would not change them. Returns the
/// globals under these names; what aliases stand for is named as before.
///
/// The module's assembly goes along: what is local to it and used in the IR gets `suffix` too, and what it uses of the
/// IR's locals is renamed there.
pub(crate) fn settle(
    module: &Module<'_>,
    module_name: &str,
    mangler: Mangler,
    suffix: &str,
    assembly: Option<&mut NativeObject>,
) -> Result<Vec<Global>, LinkError> {
    name_unnamed(module, UNNAMED);
    let surveyed = survey(module);
    let of_assembly = match assembly {
        Some(object) => connect(object, &surveyed, suffix),
        None => HashSet::new(),
    };
    let mut globals = Vec::with_capacity(surveyed.len());
    for mut facts in surveyed {
        let old = checked(std::mem::take(&mut facts.name), module_name)?;
        let new = if of_assembly.contains(&old) {
            Some(format!("{old}{suffix}"))
        } else {
            settled(&facts, &old, mangler, suffix, module_name)?
        };
        let name = match new {
            None => old,
            Some(new) => {
                give_name(module, &facts, &old, &new, module_name)?;
                new
            }
        };
        globals.push(Global {
            name,
            facts,
            untyped: false,
        });
    }
    Ok(globals)
}

fn give_name(
    module: &Module<'_>,
    global: &SurveyedGlobal,
    old: &str,
    new: &str,
    module_name: &str,
) -> Result<(), LinkError> {
    let is_given = if global.defined {
        rename(module, old, new)
    } else {
        declaration(module, old).is_some_and(|declaration| {
            declaration.set_name(new);
            declaration.get_name().to_bytes() == new.as_bytes()
        })
    };
    if is_given {
        return Ok(());
    }
    let reason = match old.strip_prefix('\u{1}') {
        Some(_) => "another symbol of the module differs from it by the `\\01` escape only",
        None => "it would get a name that is taken",
    };
    Err(bad_name(module_name, old, reason))
}

/// Makes the module's assembly and its IR see each other's locals. Returns the names of those of the assembly that the IR
/// declares.
fn connect(
    assembly: &mut NativeObject,
    globals: &[SurveyedGlobal],
    suffix: &str,
) -> HashSet<String> {
    let name = |global: &SurveyedGlobal| String::from_utf8_lossy(&global.name).into_owned();
    let (defined, declared): (Vec<_>, Vec<_>) = globals.iter().partition(|global| global.defined);
    let locals = defined
        .into_iter()
        .filter(|global| is_local(global.linkage));
    assembly.rename_undefined(&locals.map(name).collect(), suffix);
    assembly.export_locals(&declared.into_iter().map(name).collect(), suffix)
}

fn declaration<'m>(module: &Module<'m>, name: &str) -> Option<GlobalValue<'m>> {
    let function = module
        .get_function(name)
        .map(|function| function.as_global_value());
    function.or_else(|| module.get_global(name))
}

/// The name that the global gets; `None` if it has it already.
fn settled(
    global: &SurveyedGlobal,
    name: &str,
    mangler: Mangler,
    suffix: &str,
    module_name: &str,
) -> Result<Option<String>, LinkError> {
    if name.starts_with(RESERVED) {
        return Ok(None);
    }
    if is_local(global.linkage) || name.starts_with(UNNAMED) {
        return Ok(Some(format!(
            "{}{suffix}",
            name.trim_start_matches('\u{1}')
        )));
    }
    let symbol = if global.callable {
        Symbol::FUNCTION
    } else {
        Symbol::DATA
    };
    let refused = |error: tjit_mangle::Error| bad_name(module_name, name, &error.to_string());
    let linker_name = mangler.mangle(name, &symbol).map_err(refused)?;
    let new = mangler.unmangle(&linker_name).map_err(refused)?;
    Ok((new != name).then(|| new.into_owned()))
}

/// The name as text, if every tool on its way will take it whole.
fn checked(name: Vec<u8>, module_name: &str) -> Result<String, LinkError> {
    let name = String::from_utf8(name).map_err(|error| {
        let lossy = String::from_utf8_lossy(error.as_bytes());
        bad_name(module_name, &lossy, "it is not UTF-8")
    })?;
    if let Some(offset) = name.bytes().position(|byte| byte == 0) {
        let reason = format!("NUL byte at offset {offset}");
        return Err(bad_name(module_name, &name, &reason));
    }
    if name.len() > MAX_NAME_LEN {
        let reason = format!("{} bytes, the limit is {MAX_NAME_LEN}", name.len());
        return Err(bad_name(module_name, &name, &reason));
    }
    if name == "\u{1}" {
        let reason = "there is nothing behind the `\\01` escape";
        return Err(bad_name(module_name, &name, reason));
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
