//! ARM64EC: the mark in a function's name that says "native code, not emulated x86-64".
//!
//! C names get `#` in front. MSVC's C++ names get `$$h` between the qualified name and the type. Source:
//! `getArm64ECMangledFunctionName` in LLVM's `Mangler.cpp`.

use alloc::{format, string::String};

use crate::msvc;

#[cfg(test)]
mod tests;

const C_MARK: char = '#';
const CPP_MARK: &str = "$$h";

/// `name` with the mark, or `None` if it has one or is a C++ name that cannot be read.
pub(crate) fn mangle(name: &str) -> Option<String> {
    if !name.starts_with('?') {
        return (!name.starts_with(C_MARK)).then(|| format!("{C_MARK}{name}"));
    }
    if name.contains(CPP_MARK) {
        return None;
    }
    let (qualified_name, rest) = name.split_at_checked(msvc::qualified_name_len(name)?)?;
    Some(format!("{qualified_name}{CPP_MARK}{rest}"))
}

/// `name` without the mark, or `None` if it has none.
pub(crate) fn unmangle(name: &str) -> Option<String> {
    if let Some(plain) = name.strip_prefix(C_MARK) {
        return Some(String::from(plain));
    }
    let (qualified_name, rest) = name
        .starts_with('?')
        .then(|| name.split_once(CPP_MARK))
        .flatten()?;
    (!rest.is_empty()).then(|| format!("{qualified_name}{rest}"))
}
