//! Custom materialization units and the responsibility to define what they promised.

use std::ffi::c_void;
use std::fmt;

use llvm_sys::orc2::{
    LLVMOrcCSymbolFlagsMapPair, LLVMOrcCreateCustomMaterializationUnit,
    LLVMOrcDisposeCSymbolFlagsMap, LLVMOrcDisposeMaterializationResponsibility, LLVMOrcJITDylibRef,
    LLVMOrcMaterializationResponsibilityDefineMaterializing,
    LLVMOrcMaterializationResponsibilityDelegate,
    LLVMOrcMaterializationResponsibilityFailMaterialization,
    LLVMOrcMaterializationResponsibilityGetSymbols, LLVMOrcMaterializationResponsibilityRef,
    LLVMOrcMaterializationUnitRef, LLVMOrcSymbolStringPoolEntryRef,
};

use crate::callback::guard;
use crate::error::{Error, ErrorKind, check};
use crate::names::c_name;
use crate::session::{ExecutionSession, WeakSession};
use crate::symbol::{SymbolFlags, SymbolString, entry_str};

/// Something that can define symbols when they are needed.
///
/// Materialized on the thread of the lookup that needs it first, under none of the session's locks.
pub trait MaterializationUnit: Send {
    /// For messages.
    fn name(&self) -> &str;

    /// The symbols it promises to define.
    fn symbols(&self) -> Vec<(String, SymbolFlags)>;

    /// Defines them, by handing `responsibility` to a layer further down or by failing it.
    fn materialize(self: Box<Self>, responsibility: Responsibility);

    /// `symbol` has been overridden by a stronger definition and must not be defined.
    fn discard(&mut self, symbol: &str);
}

struct State {
    session: WeakSession,
    // Taken by `materialize`, which is called at most once.
    unit: Option<Box<dyn MaterializationUnit>>,
}

/// A unit that owns `unit`; owned by the caller.
pub(crate) fn into_raw(
    session: &ExecutionSession,
    unit: Box<dyn MaterializationUnit>,
) -> Result<LLVMOrcMaterializationUnitRef, Error> {
    let name = c_name(unit.name(), "a materialization unit")?;
    let symbols: Vec<_> = unit
        .symbols()
        .into_iter()
        .map(|(name, flags)| Ok((SymbolString::intern(session, &name)?, flags)))
        .collect::<Result<_, Error>>()?;
    // Why an earlier definition of the name failed is not why this one will.
    session.forget_failures(symbols.iter().map(|(name, _)| name.as_str()));
    let mut pairs: Vec<_> = symbols
        .iter()
        .map(|(name, flags)| LLVMOrcCSymbolFlagsMapPair {
            Name: name.to_raw(),
            Flags: flags.to_raw(),
        })
        .collect();
    let state = Box::new(State {
        session: session.downgrade(),
        unit: Some(unit),
    });
    // SAFETY: the name and the array live during the call, which takes the retained symbol names; there is no
    // initializer symbol; the context is a `State`, as the callbacks expect.
    Ok(unsafe {
        LLVMOrcCreateCustomMaterializationUnit(
            name.as_ptr(),
            Box::into_raw(state).cast(),
            pairs.as_mut_ptr(),
            pairs.len(),
            std::ptr::null_mut(),
            materialize,
            discard,
            destroy,
        )
    })
}

extern "C" fn materialize(context: *mut c_void, raw: LLVMOrcMaterializationResponsibilityRef) {
    // SAFETY: made by `into_raw`. LLVM materializes a unit once and then no longer owns its context (the C
    // wrapper forgets it), so it is ours to free.
    let mut state = unsafe { Box::from_raw(context.cast::<State>()) };
    let (Some(session), Some(unit)) = (state.session.upgrade(), state.unit.take()) else {
        fail_raw(raw);
        return;
    };
    let responsibility = Responsibility {
        raw: Some(raw),
        session: session.clone(),
    };
    let symbols = responsibility.symbols();
    // A panic drops the responsibility, which fails it; what is left is to say why.
    if let Err(error) = guard(&format!("materializing `{}`", unit.name()), || {
        unit.materialize(responsibility);
        Ok(())
    }) {
        for (symbol, _) in symbols {
            session.record_failure(symbol.as_str(), &error);
        }
    }
}

extern "C" fn discard(
    context: *mut c_void,
    _dylib: LLVMOrcJITDylibRef,
    symbol: LLVMOrcSymbolStringPoolEntryRef,
) {
    // SAFETY: made by `into_raw`; LLVM serialises calls to one unit.
    let state = unsafe { &mut *context.cast::<State>() };
    if let Some(unit) = &mut state.unit {
        // There is nobody to report a panic to; the symbol is overridden all the same.
        let _reported = guard("discarding a symbol", || {
            unit.discard(entry_str(symbol));
            Ok(())
        });
    }
}

extern "C" fn destroy(context: *mut c_void) {
    // SAFETY: made by `into_raw`; called instead of `materialize` when the unit is dropped unused.
    drop(unsafe { Box::from_raw(context.cast::<State>()) });
}

/// The duty to define symbols that somebody is waiting for.
///
/// Ends in one of two ways: a layer takes it over, or it fails. Dropping it unfinished fails it, so that no lookup
/// waits for ever.
pub struct Responsibility {
    raw: Option<LLVMOrcMaterializationResponsibilityRef>,
    session: ExecutionSession,
}

// SAFETY: a responsibility is tied to no thread (ORC hands them to other threads itself).
unsafe impl Send for Responsibility {}

impl Responsibility {
    /// The symbols to define.
    pub fn symbols(&self) -> Vec<(SymbolString, SymbolFlags)> {
        let Some(raw) = self.raw else {
            return Vec::new();
        };
        let mut length = 0;
        // SAFETY: the responsibility is live; the array is owned by us, its names are lent.
        let pairs = unsafe { LLVMOrcMaterializationResponsibilityGetSymbols(raw, &mut length) };
        if pairs.is_null() {
            return Vec::new();
        }
        // SAFETY: LLVM returned `length` elements.
        let symbols = unsafe { std::slice::from_raw_parts(pairs, length) }
            .iter()
            .map(|pair| {
                (
                    SymbolString::retain(&self.session, pair.Name),
                    flags_from_raw(pair.Flags.GenericFlags),
                )
            })
            .collect();
        // SAFETY: allocated by the call above and not used again.
        unsafe { LLVMOrcDisposeCSymbolFlagsMap(pairs) };
        symbols
    }

    /// Splits off the duty to define `symbols`, so that two objects can share the work.
    ///
    /// # Errors
    /// [`ErrorKind::Link`] if a symbol is not part of this responsibility or the session is ending.
    pub fn delegate(&mut self, symbols: &[SymbolString]) -> Result<Self, Error> {
        let operation = || "delegating symbols".to_owned();
        let Some(raw) = self.raw else {
            return Err(Error::new(
                ErrorKind::Link,
                operation(),
                "the responsibility has ended",
            ));
        };
        let own = self.symbols();
        if let Some(other) = symbols
            .iter()
            .find(|symbol| !own.iter().any(|(name, _)| name == *symbol))
        {
            // LLVM does not check this.
            let message = format!("`{}` is not part of the responsibility", other.as_str());
            return Err(Error::new(ErrorKind::Link, operation(), message));
        }
        let mut names: Vec<_> = symbols.iter().map(SymbolString::to_raw).collect();
        let mut result = std::ptr::null_mut();
        // SAFETY: the responsibility is live; LLVM takes the retained names, and the array is ours.
        let error = unsafe {
            LLVMOrcMaterializationResponsibilityDelegate(
                raw,
                names.as_mut_ptr(),
                names.len(),
                &mut result,
            )
        };
        check(error, ErrorKind::Link, operation)?;
        Ok(Self {
            raw: Some(result),
            session: self.session.clone(),
        })
    }

    /// Takes on the duty to define further symbols, which only came up while the others were being compiled. A weak
    /// one that is defined elsewhere already is left out.
    ///
    /// # Errors
    /// [`ErrorKind::Link`] if a strong one is defined already, [`ErrorKind::Name`] for a name with a NUL byte.
    pub fn define_further(&mut self, symbols: &[(String, SymbolFlags)]) -> Result<(), Error> {
        let operation = || "taking on further symbols".to_owned();
        let Some(raw) = self.raw else {
            return Err(Error::new(
                ErrorKind::Link,
                operation(),
                "the responsibility has ended",
            ));
        };
        let names: Vec<_> = symbols
            .iter()
            .map(|(name, flags)| Ok((SymbolString::intern(&self.session, name)?, *flags)))
            .collect::<Result<_, Error>>()?;
        let mut pairs: Vec<_> = names
            .iter()
            .map(|(name, flags)| LLVMOrcCSymbolFlagsMapPair {
                Name: name.to_raw(),
                Flags: flags.to_raw(),
            })
            .collect();
        // SAFETY: the responsibility is live; LLVM takes the retained names, and the array is ours.
        let error = unsafe {
            LLVMOrcMaterializationResponsibilityDefineMaterializing(
                raw,
                pairs.as_mut_ptr(),
                pairs.len(),
            )
        };
        check(error, ErrorKind::Link, operation)
    }

    /// Fails every symbol; the lookups that wait for them get `error`.
    pub fn fail(self, error: &Error) {
        for (symbol, _) in self.symbols() {
            self.session.record_failure(symbol.as_str(), error);
        }
        // The drop does the rest.
    }

    /// The session it belongs to.
    pub fn session(&self) -> &ExecutionSession {
        &self.session
    }

    pub(crate) fn into_raw(mut self) -> LLVMOrcMaterializationResponsibilityRef {
        self.raw.take().unwrap_or(std::ptr::null_mut())
    }
}

impl Drop for Responsibility {
    fn drop(&mut self) {
        if let Some(raw) = self.raw.take() {
            fail_raw(raw);
        }
    }
}

fn fail_raw(raw: LLVMOrcMaterializationResponsibilityRef) {
    // SAFETY: the callers own a live, unfinished responsibility.
    unsafe { LLVMOrcMaterializationResponsibilityFailMaterialization(raw) };
    // SAFETY: it has failed, which is one of the two states in which Orc.h allows disposal.
    unsafe { LLVMOrcDisposeMaterializationResponsibility(raw) };
}

fn flags_from_raw(bits: u8) -> SymbolFlags {
    use llvm_sys::orc2::LLVMJITSymbolGenericFlags as Flag;
    let has = |flag: Flag| bits & flag as u8 != 0;
    SymbolFlags {
        exported: has(Flag::LLVMJITSymbolGenericFlagsExported),
        weak: has(Flag::LLVMJITSymbolGenericFlagsWeak),
        callable: has(Flag::LLVMJITSymbolGenericFlagsCallable),
    }
}

impl fmt::Debug for Responsibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responsibility")
            .field("symbols", &self.symbols())
            .finish()
    }
}
