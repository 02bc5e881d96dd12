//! Definition generators: symbols that come into being when they are first asked for.

use std::ffi::c_void;

use llvm_sys::error::LLVMErrorRef;
use llvm_sys::orc2::{
    LLVMOrcCLookupSet, LLVMOrcCreateCustomCAPIDefinitionGenerator, LLVMOrcDefinitionGeneratorRef,
    LLVMOrcDisposeMaterializationUnit, LLVMOrcJITDylibDefine, LLVMOrcJITDylibLookupFlags,
    LLVMOrcJITDylibRef, LLVMOrcLookupKind, LLVMOrcLookupStateRef,
};

use crate::callback::guard_llvm;
use crate::dylib::{EvaluatedSymbol, absolute_symbols};
use crate::error::{Error, ErrorKind, check};
use crate::session::{ExecutionSession, WeakSession};
use crate::symbol::{SymbolString, entry_str};

/// Answers where a symbol is, or that it does not know it.
pub type Generate = dyn Fn(&str) -> Option<EvaluatedSymbol> + Send + Sync;

struct State {
    session: WeakSession,
    generate: Box<Generate>,
}

/// A generator that owns `generate`.
pub(crate) fn into_raw(
    session: &ExecutionSession,
    generate: Box<Generate>,
) -> LLVMOrcDefinitionGeneratorRef {
    let state = Box::new(State {
        session: session.downgrade(),
        generate,
    });
    // SAFETY: the context is a `State`, as the callbacks expect, and `dispose` frees it once.
    unsafe {
        LLVMOrcCreateCustomCAPIDefinitionGenerator(
            try_to_generate,
            Box::into_raw(state).cast(),
            dispose,
        )
    }
}

extern "C" fn dispose(context: *mut c_void) {
    // SAFETY: made by `into_raw`; LLVM calls this once, when the generator is destroyed.
    drop(unsafe { Box::from_raw(context.cast::<State>()) });
}

extern "C" fn try_to_generate(
    _generator: LLVMOrcDefinitionGeneratorRef,
    context: *mut c_void,
    _lookup: *mut LLVMOrcLookupStateRef,
    _kind: LLVMOrcLookupKind,
    dylib: LLVMOrcJITDylibRef,
    _flags: LLVMOrcJITDylibLookupFlags,
    symbols: LLVMOrcCLookupSet,
    num_symbols: usize,
) -> LLVMErrorRef {
    guard_llvm("generating definitions", || {
        // SAFETY: made by `into_raw` and alive until `dispose`.
        let state = unsafe { &*context.cast::<State>() };
        let Some(session) = state.session.upgrade() else {
            return Ok(());
        };
        // A null set with length zero is not a valid slice.
        let symbols = if num_symbols == 0 {
            &[]
        } else {
            // SAFETY: LLVM passes `num_symbols` elements that live during this call.
            unsafe { std::slice::from_raw_parts(symbols, num_symbols) }
        };
        let found: Vec<_> = symbols
            .iter()
            .filter_map(|symbol| {
                let found = (state.generate)(entry_str(symbol.Name))?;
                Some((SymbolString::retain(&session, symbol.Name), found))
            })
            .collect();
        define(dylib, &found)
    })
}

fn define(
    dylib: LLVMOrcJITDylibRef,
    found: &[(SymbolString, EvaluatedSymbol)],
) -> Result<(), Error> {
    if found.is_empty() {
        return Ok(());
    }
    let unit = absolute_symbols(found.iter().map(|(name, symbol)| (name, *symbol)));
    // SAFETY: both handles are live; the unit is taken on success only (Orc.h).
    let error = unsafe { LLVMOrcJITDylibDefine(dylib, unit) };
    check(error, ErrorKind::Link, || {
        "defining generated symbols".to_owned()
    })
    .inspect_err(|_| {
        // SAFETY: the definition failed, so the unit is still ours.
        unsafe { LLVMOrcDisposeMaterializationUnit(unit) };
    })
}
