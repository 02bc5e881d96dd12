//! Aliases, taken apart from what they stand for.

use std::collections::HashMap;
use std::ffi::c_char;

use inkwell::module::Module;
use inkwell::values::GlobalValue;
use llvm_sys::LLVMValueKind;
use llvm_sys::core::{
    LLVMAliasGetAliasee, LLVMGetNamedGlobalAlias, LLVMGetValueKind, LLVMReplaceAllUsesWith,
};
use llvm_sys::prelude::{LLVMModuleRef, LLVMValueRef};

use crate::globals::{GlobalKind, each};
use crate::references::{name, references};
use crate::slice::find_definition;

unsafe extern "C" {
    fn tjit_flatten_aliases(module: LLVMModuleRef);
    fn tjit_split(definition: LLVMValueRef, name: *const c_char, name_length: usize);
}

/// Makes every alias stand for a function, a variable or an ifunc, and every resolver of an ifunc be a function, where they
/// were other aliases: what those stand for in their module, whichever definition of their names prevails. The module
/// must be valid.
pub fn flatten_aliases(module: &Module<'_>) {
    // SAFETY: a live module, whose aliases have no cycles (verifier). LLVM is built without exceptions, so nothing unwinds.
    unsafe { tjit_flatten_aliases(module.as_mut_ptr()) };
}

/// Gives the definition `name` the name `to` and internal linkage, for its aliases and the ifuncs that it resolves to go on to
/// refer to. Everything else that refers to it refers to a declaration of `name` from then on, also the definition itself;
/// addresses of its labels stay its own. Returns whether the module has such a function, variable or ifunc.
pub fn split_definition(module: &Module<'_>, name: &str, to: &str) -> bool {
    let found = find_definition(module.as_mut_ptr(), name).filter(|&definition| {
        // SAFETY: a live definition of the module.
        let kind = unsafe { LLVMGetValueKind(definition) };
        kind != LLVMValueKind::LLVMGlobalAliasValueKind
    });
    if let Some(definition) = found {
        // SAFETY: a live definition of a module that the caller holds, and no alias; the range is that of a live slice. LLVM is
        // built without exceptions, so nothing unwinds.
        unsafe { tjit_split(definition, to.as_ptr().cast(), to.len()) };
    }
    found.is_some()
}

/// Makes every use of an alias in its module a use of what it stands for, so that an optimiser that sees both names in a slice
/// does not take them for different addresses. The alias itself stays. Returns whether it was there.
pub fn replace_alias_uses(module: &Module<'_>, alias: &str) -> bool {
    let (start, length) = (alias.as_ptr().cast(), alias.len());
    // SAFETY: a live module, and the range is that of a live slice.
    let value = unsafe { LLVMGetNamedGlobalAlias(module.as_mut_ptr(), start, length) };
    if value.is_null() {
        return false;
    }
    // SAFETY: a live alias always has an aliasee.
    let target = unsafe { LLVMAliasGetAliasee(value) };
    // SAFETY: both are pointers of one address space (verifier), and the target is not made of the alias (no cycles).
    unsafe { LLVMReplaceAllUsesWith(value, target) };
    true
}

/// An alias that stands for itself, through others or not. LLVM's verifier finds cycles too, but not those that go through
/// constant expressions: it follows them until the stack is used up.
pub(crate) fn find_cycle(module: LLVMModuleRef) -> Option<String> {
    let mut targets = HashMap::new();
    each(module, |kind, value| {
        if kind == GlobalKind::Alias {
            // SAFETY: a live alias; only its pointer is used.
            let references = references(unsafe { GlobalValue::new(value) });
            targets.insert(name(value), references.aliases);
        }
    });
    // Takes away what stands for nothing that is left, until nothing is left or nothing can go.
    let mut users: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut open: HashMap<&str, usize> = HashMap::new();
    for (alias, targets_of) in &targets {
        let aliases = targets_of
            .iter()
            .filter(|target| targets.contains_key(*target));
        for target in aliases {
            users.entry(target).or_default().push(alias);
            *open.entry(alias).or_default() += 1;
        }
    }
    let mut settled: Vec<&str> = targets
        .keys()
        .map(String::as_str)
        .filter(|alias| !open.contains_key(alias))
        .collect();
    while let Some(alias) = settled.pop() {
        for user in users.remove(alias).unwrap_or_default() {
            let left = open.entry(user).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                open.remove(user);
                settled.push(user);
            }
        }
    }
    open.into_keys().min().map(str::to_owned)
}
