//! What the source says of globals to tools: `__attribute__((annotate("…")))`.

use inkwell::module::Module;
use inkwell::values::AsValueRef;
use llvm_sys::core::{
    LLVMGetAsString, LLVMGetInitializer, LLVMIsAGlobalValue, LLVMIsAGlobalVariable,
    LLVMIsConstantString,
};
use llvm_sys::prelude::LLVMValueRef;

use crate::survey::{name_bytes, operands};

/// An entry of `llvm.global.annotations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The function or variable.
    pub global: String,
    /// What is said of it.
    pub text: String,
}

/// The entries of `llvm.global.annotations`, in the module's order. Entries of another form than clang's are left out.
pub fn annotations(module: &Module<'_>) -> Vec<Annotation> {
    let Some(list) = module.get_global("llvm.global.annotations") else {
        return Vec::new();
    };
    let Some(list) = initializer(list.as_value_ref()) else {
        return Vec::new();
    };
    operands(list).into_iter().filter_map(annotation).collect()
}

/// `{ the global, the text, the file, the line, arguments }`: the last is new since LLVM 13 and of no use here.
fn annotation(entry: LLVMValueRef) -> Option<Annotation> {
    let [global, text, ..] = operands(entry)[..] else {
        return None;
    };
    // SAFETY: a live value.
    let global = unsafe { LLVMIsAGlobalValue(global) };
    // SAFETY: a live value.
    let text = unsafe { LLVMIsAGlobalVariable(text) };
    if global.is_null() || text.is_null() {
        return None;
    }
    Some(Annotation {
        global: String::from_utf8_lossy(&name_bytes(global)).into_owned(),
        text: string(initializer(text)?)?,
    })
}

fn initializer(variable: LLVMValueRef) -> Option<LLVMValueRef> {
    // SAFETY: the callers pass a live variable; null when it is a declaration.
    let initializer = unsafe { LLVMGetInitializer(variable) };
    (!initializer.is_null()).then_some(initializer)
}

/// The text of an array of bytes, up to the first that is zero.
fn string(array: LLVMValueRef) -> Option<String> {
    // SAFETY: a live constant; false for all but data.
    if unsafe { LLVMIsConstantString(array) } == 0 {
        return None;
    }
    let mut length = 0;
    // SAFETY: constant data whose elements are bytes, as was just asked.
    let start = unsafe { LLVMGetAsString(array, &raw mut length) };
    // SAFETY: LLVM returned a range of `length` bytes, which lives as long as the constant.
    let bytes = unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) };
    let text = bytes.split(|&byte| byte == 0).next()?;
    Some(String::from_utf8_lossy(text).into_owned())
}
