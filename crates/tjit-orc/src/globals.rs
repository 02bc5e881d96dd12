//! The global values of a module: what inkwell does not list.

use inkwell::module::{Linkage, Module};
use inkwell::values::GlobalValue;
use llvm_sys::core::{
    LLVMAddFunction, LLVMAddGlobal, LLVMAliasGetAliasee, LLVMAliasSetAliasee, LLVMGetFirstFunction,
    LLVMGetFirstGlobal, LLVMGetFirstGlobalAlias, LLVMGetFirstGlobalIFunc, LLVMGetModuleInlineAsm,
    LLVMGetNextFunction, LLVMGetNextGlobal, LLVMGetNextGlobalAlias, LLVMGetNextGlobalIFunc,
    LLVMGetThreadLocalMode, LLVMGetTypeKind, LLVMGetVisibility, LLVMGlobalGetValueType,
    LLVMIsDeclaration, LLVMReplaceAllUsesWith, LLVMSetLinkage, LLVMSetThreadLocalMode,
    LLVMSetValueName2,
};
use llvm_sys::prelude::{LLVMModuleRef, LLVMValueRef};
use llvm_sys::{LLVMLinkage, LLVMTypeKind, LLVMVisibility};

use crate::error::{Error, ErrorKind};
use crate::references::{name, references};
use crate::slice::find_definition;

/// What a global value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GlobalKind {
    /// A function with a body.
    Function,
    /// A variable with an initializer.
    Variable,
    /// Another name of a function or a variable.
    Alias,
    /// A function that is chosen when the program is loaded.
    IFunc,
}

/// A definition in a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Global {
    /// Its name in the IR; empty for values that have none.
    pub name: String,
    /// What it is.
    pub kind: GlobalKind,
    /// Whether it can be called: functions, ifuncs and aliases of functions.
    pub callable: bool,
    /// How it is linked.
    pub linkage: Linkage,
    /// Visible within the dylib only.
    pub hidden: bool,
}

impl Global {
    /// Whether the module alone can refer to it.
    pub fn is_local(&self) -> bool {
        matches!(self.linkage, Linkage::Internal | Linkage::Private)
    }
}

type First = unsafe extern "C" fn(LLVMModuleRef) -> LLVMValueRef;
type Next = unsafe extern "C" fn(LLVMValueRef) -> LLVMValueRef;

const LISTS: [(GlobalKind, First, Next); 4] = [
    (
        GlobalKind::Function,
        LLVMGetFirstFunction,
        LLVMGetNextFunction,
    ),
    (GlobalKind::Variable, LLVMGetFirstGlobal, LLVMGetNextGlobal),
    (
        GlobalKind::Alias,
        LLVMGetFirstGlobalAlias,
        LLVMGetNextGlobalAlias,
    ),
    (
        GlobalKind::IFunc,
        LLVMGetFirstGlobalIFunc,
        LLVMGetNextGlobalIFunc,
    ),
];

/// Visits every global value of a module. `visit` must not add or remove any.
pub(crate) fn each(module: LLVMModuleRef, mut visit: impl FnMut(GlobalKind, LLVMValueRef)) {
    for (kind, first, next) in LISTS {
        // SAFETY: the callers pass a live module.
        let mut value = unsafe { first(module) };
        while !value.is_null() {
            visit(kind, value);
            // SAFETY: a live value of the list that `next` walks.
            value = unsafe { next(value) };
        }
    }
}

/// The definitions of a module: functions, variables, aliases, ifuncs, each in the module's order.
pub fn definitions(module: &Module<'_>) -> Vec<Global> {
    let mut found = Vec::new();
    each(module.as_mut_ptr(), |kind, value| {
        // SAFETY: a live global value.
        if unsafe { LLVMIsDeclaration(value) } == 0 {
            found.push(describe(kind, value));
        }
    });
    found
}

fn describe(kind: GlobalKind, value: LLVMValueRef) -> Global {
    // SAFETY: a live global value.
    let visibility = unsafe { LLVMGetVisibility(value) };
    // SAFETY: a live global value; inkwell reads nothing of it here that not every kind has.
    let linkage = unsafe { GlobalValue::new(value) }.get_linkage();
    Global {
        name: name(value),
        kind,
        callable: is_callable(value),
        linkage,
        hidden: visibility != LLVMVisibility::LLVMDefaultVisibility,
    }
}

pub(crate) fn is_callable(value: LLVMValueRef) -> bool {
    // SAFETY: a live global value.
    let value_type = unsafe { LLVMGlobalGetValueType(value) };
    // SAFETY: a live type.
    let kind = unsafe { LLVMGetTypeKind(value_type) };
    kind == LLVMTypeKind::LLVMFunctionTypeKind
}

/// Names the values that have no name, so that they can be referred to: `prefix` and a number.
pub fn name_unnamed(module: &Module<'_>, prefix: &str) {
    let mut unnamed = Vec::new();
    each(module.as_mut_ptr(), |_, value| {
        if name(value).is_empty() {
            unnamed.push(value);
        }
    });
    for (index, value) in unnamed.into_iter().enumerate() {
        set_name(value, &format!("{prefix}{index}"));
    }
}

/// Gives a definition another name; references follow. Returns whether it was there and has the name now, which another value
/// of the module may have already: LLVM puts a number behind it then.
pub fn rename(module: &Module<'_>, from: &str, to: &str) -> bool {
    let found = find_definition(module.as_mut_ptr(), from);
    found.is_some_and(|value| {
        set_name(value, to);
        name(value) == to
    })
}

pub(crate) fn set_name(value: LLVMValueRef, name: &str) {
    // SAFETY: a live value, and the range is that of a live slice, which LLVM copies.
    unsafe { LLVMSetValueName2(value, name.as_ptr().cast(), name.len()) };
}

/// Turns a definition into one that others provide. A function or variable stays as a body to inline or a value to
/// fold; an alias becomes a declaration. Returns whether it was there.
///
/// # Errors
/// [`ErrorKind::Link`] for an ifunc, whose references have no other form, and for a variable that an alias points into.
pub fn demote(module: &Module<'_>, symbol: &str) -> Result<bool, Error> {
    let raw = module.as_mut_ptr();
    let mut found = None;
    each(raw, |kind, value| {
        // SAFETY: a live global value.
        if name(value) == symbol && unsafe { LLVMIsDeclaration(value) } == 0 {
            found = Some((kind, value));
        }
    });
    let fail = |message| {
        let operation = format!("leaving `{symbol}` to another module");
        Err(Error::new(ErrorKind::Link, operation, message))
    };
    match found {
        None => return Ok(false),
        Some((GlobalKind::Function | GlobalKind::Variable, value)) => {
            let aliases = aliases_of(raw, value);
            if aliases.iter().any(|&(_, exact)| !exact) {
                return fail("an alias points into it");
            }
            // What is not defined here can't be in a COMDAT (verifier).
            // SAFETY: a live function or variable; null takes it out of its COMDAT.
            unsafe { llvm_sys::comdat::LLVMSetComdat(value, std::ptr::null_mut()) };
            if aliases.is_empty() {
                // SAFETY: a live function or variable with a definition, as this linkage requires.
                unsafe { LLVMSetLinkage(value, LLVMLinkage::LLVMAvailableExternallyLinkage) };
            } else {
                // An alias stands for the definition beside it, whatever becomes of that one's name.
                replace_by_declaration(raw, value, symbol);
                for (alias, _) in aliases {
                    // SAFETY: a live alias, and a definition of its module that it pointed to before.
                    unsafe { LLVMAliasSetAliasee(alias, value) };
                }
            }
        }
        Some((GlobalKind::Alias, value)) => replace_by_declaration(raw, value, symbol),
        Some((GlobalKind::IFunc, _)) => return fail("it is an ifunc"),
    }
    Ok(true)
}

/// The aliases of a definition, each with whether it stands for its very address.
fn aliases_of(module: LLVMModuleRef, target: LLVMValueRef) -> Vec<(LLVMValueRef, bool)> {
    let mut aliases = Vec::new();
    each(module, |kind, value| {
        if kind == GlobalKind::Alias {
            // SAFETY: a live alias.
            let exact = unsafe { LLVMAliasGetAliasee(value) } == target;
            // SAFETY: a live alias; only its pointer is used.
            let references = references(unsafe { GlobalValue::new(value) });
            let named = name(target);
            if references.functions.contains(&named) || references.variables.contains(&named) {
                aliases.push((value, exact));
            }
        }
    });
    aliases
}

/// Makes all references to a definition references to a declaration that takes over its name. The definition stays,
/// private and without a name: llvm-c can't delete an alias, and passes delete what nothing refers to.
fn replace_by_declaration(module: LLVMModuleRef, definition: LLVMValueRef, symbol: &str) {
    // SAFETY: a live global value.
    let value_type = unsafe { LLVMGlobalGetValueType(definition) };
    let declaration = if is_callable(definition) {
        // SAFETY: a function type of the module's context; the name is taken over below.
        unsafe { LLVMAddFunction(module, c"".as_ptr(), value_type) }
    } else {
        // SAFETY: as above, with a type that a variable may have, since the definition had it.
        let variable = unsafe { LLVMAddGlobal(module, value_type, c"".as_ptr()) };
        // SAFETY: a live global value, which is asked for the mode of the variable it is or stands for.
        let mode = unsafe { LLVMGetThreadLocalMode(definition) };
        // SAFETY: the variable just made.
        unsafe { LLVMSetThreadLocalMode(variable, mode) };
        variable
    };
    // SAFETY: both are pointers to global values of one module.
    unsafe { LLVMReplaceAllUsesWith(definition, declaration) };
    set_name(definition, "");
    // SAFETY: a live definition.
    unsafe { LLVMSetLinkage(definition, LLVMLinkage::LLVMPrivateLinkage) };
    set_name(declaration, symbol);
}

/// The module-level inline assembly, empty if there is none.
pub fn inline_assembly(module: &Module<'_>) -> String {
    let mut length = 0;
    // SAFETY: a live module; the text lives as long as it is not changed.
    let text = unsafe { LLVMGetModuleInlineAsm(module.as_mut_ptr(), &mut length) };
    if text.is_null() {
        return String::new();
    }
    // SAFETY: LLVM returned a range of `length` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    String::from_utf8_lossy(bytes).into_owned()
}
