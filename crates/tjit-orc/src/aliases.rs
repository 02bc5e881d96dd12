//! Aliases, taken apart from what they stand for.

use std::ffi::c_char;

use inkwell::module::Module;
use llvm_sys::LLVMValueKind;
use llvm_sys::core::{
    LLVMAliasGetAliasee, LLVMGetNamedGlobalAlias, LLVMGetValueKind, LLVMReplaceAllUsesWith,
};
use llvm_sys::prelude::{LLVMModuleRef, LLVMValueRef};

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
