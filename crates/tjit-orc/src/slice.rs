//! Slices: chosen definitions of a module, cut out into a module of their own.

use std::collections::HashSet;
use std::ffi::c_char;

use llvm_sys::LLVMValueKind;
use llvm_sys::core::{
    LLVMGetNamedFunctionWithLength, LLVMGetNamedGlobalAlias, LLVMGetNamedGlobalIFunc,
    LLVMGetNamedGlobalWithLength, LLVMGetValueKind, LLVMIsDeclaration,
};
use llvm_sys::prelude::{LLVMModuleRef, LLVMValueRef};

use crate::error::{Error, ErrorKind};
use crate::module::{ThreadSafeModule, module_name};

/// One definition that a slice takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition<'a> {
    /// The name of a function, variable or alias that the source module defines.
    pub name: &'a str,
    /// For a function, the name of its body. Every reference to the function, also from its own body, is then to
    /// a declaration of `name`: the stub. Without it references are to the definition itself.
    pub body_name: Option<&'a str>,
    /// How the copy is linked.
    pub linkage: SliceLinkage,
}

/// How a copy in a slice is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SliceLinkage {
    /// The slice defines the symbol: strong, default visibility.
    External = 0,
    /// The symbol is defined elsewhere; the copy is there to be inlined or folded.
    AvailableExternally = 1,
    /// The copy is the slice's own, for constants whose address does not matter.
    Private = 2,
}

/// What a slice takes over from one module.
#[derive(Debug, Clone, Copy)]
pub struct SlicePart<'a> {
    /// The module that has the definitions.
    pub module: &'a ThreadSafeModule,
    /// The definitions to take over.
    pub definitions: &'a [Definition<'a>],
}

/// Mirrors `TjitSliceDefinition` in `shim/slice.cpp`.
#[repr(C)]
struct RawDefinition {
    source: LLVMValueRef,
    body_name: *const c_char,
    body_name_length: usize,
    linkage: SliceLinkage,
}

const _: () = assert!(size_of::<RawDefinition>() == 32);

unsafe extern "C" {
    fn tjit_slice(
        source: LLVMModuleRef,
        name: *const c_char,
        name_length: usize,
        items: *const RawDefinition,
        num_items: usize,
    ) -> LLVMModuleRef;
}

/// Slices modules of one context, which the caller has locked; the caller owns the result. Triple, data layout and
/// module flags are those of `first`.
pub(crate) fn slice(
    name: &str,
    first: LLVMModuleRef,
    parts: &[(LLVMModuleRef, &[Definition<'_>])],
) -> Result<LLVMModuleRef, Error> {
    let mut seen = HashSet::new();
    let mut items = Vec::new();
    for &(module, definitions) in parts {
        for definition in definitions {
            let fail = |message: &str| {
                let operation = format!(
                    "slicing `{}` out of `{}`",
                    definition.name,
                    module_name(module)
                );
                Err(Error::new(ErrorKind::Link, operation, message))
            };
            let Some(source) = find_definition(module, definition.name) else {
                return fail("the module does not define it");
            };
            // SAFETY: a live definition.
            if unsafe { LLVMGetValueKind(source) } == LLVMValueKind::LLVMGlobalIFuncValueKind {
                return fail("it is an ifunc, which has no body");
            }
            if !seen.insert(definition.body_name.unwrap_or(definition.name)) {
                return fail("it is named twice");
            }
            let body_name = definition.body_name.unwrap_or_default();
            items.push(RawDefinition {
                source,
                body_name: body_name.as_ptr().cast(),
                body_name_length: body_name.len(),
                linkage: definition.linkage,
            });
        }
    }
    // SAFETY: every pointer with its length is that of a live slice; each source is a definition of a module of the
    // context of `first`, which the shim requires; no name is defined twice. LLVM is built without exceptions, so
    // nothing unwinds.
    let slice = unsafe {
        tjit_slice(
            first,
            name.as_ptr().cast(),
            name.len(),
            items.as_ptr(),
            items.len(),
        )
    };
    if slice.is_null() {
        let message = "it refers to a label of a function that it does not take over";
        return Err(Error::new(
            ErrorKind::Link,
            format!("slicing `{name}`"),
            message,
        ));
    }
    Ok(slice)
}

pub(crate) fn find_definition(module: LLVMModuleRef, name: &str) -> Option<LLVMValueRef> {
    let (start, length) = (name.as_ptr().cast(), name.len());
    // SAFETY: the module is live and the name is a live slice.
    let function = unsafe { LLVMGetNamedFunctionWithLength(module, start, length) };
    // SAFETY: as above.
    let variable = unsafe { LLVMGetNamedGlobalWithLength(module, start, length) };
    // SAFETY: as above.
    let alias = unsafe { LLVMGetNamedGlobalAlias(module, start, length) };
    // SAFETY: as above.
    let ifunc = unsafe { LLVMGetNamedGlobalIFunc(module, start, length) };
    [function, variable, alias, ifunc]
        .into_iter()
        .find(|&value| {
            // SAFETY: a non-null result is a global value of the module.
            !value.is_null() && unsafe { LLVMIsDeclaration(value) } == 0
        })
}
