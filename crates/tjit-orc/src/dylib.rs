//! Dylibs: symbol tables with materialization units and generators behind them.

use std::fmt;

use llvm_sys::error::LLVMErrorRef;
use llvm_sys::orc2::{
    LLVMJITEvaluatedSymbol, LLVMOrcAbsoluteSymbols, LLVMOrcCSymbolMapPair,
    LLVMOrcDisposeMaterializationUnit, LLVMOrcJITDylibAddGenerator,
    LLVMOrcJITDylibCreateResourceTracker, LLVMOrcJITDylibDefine, LLVMOrcJITDylibRef,
    LLVMOrcMaterializationUnitRef, LLVMOrcSymbolStringPoolEntryRef,
};

use crate::error::{Error, ErrorKind, check};
use crate::generator::{self, Generate};
use crate::session::ExecutionSession;
use crate::symbol::{SymbolFlags, SymbolString};
use crate::tracker::ResourceTracker;
use crate::unit::{self, MaterializationUnit};

unsafe extern "C" {
    fn tjit_undefine(
        dylib: LLVMOrcJITDylibRef,
        name: LLVMOrcSymbolStringPoolEntryRef,
    ) -> LLVMErrorRef;
}

/// A symbol table of a session; clones are the same dylib.
#[derive(Clone)]
pub struct Dylib {
    session: ExecutionSession,
    raw: LLVMOrcJITDylibRef,
    name: std::sync::Arc<str>,
}

// SAFETY: dylibs lock their session (ORCv2.rst) and live as long as it.
unsafe impl Send for Dylib {}
// SAFETY: as for Send.
unsafe impl Sync for Dylib {}

/// An address with what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvaluatedSymbol {
    /// The address in this process.
    pub address: u64,
    /// Its flags.
    pub flags: SymbolFlags,
}

impl Dylib {
    pub(crate) fn new(session: ExecutionSession, raw: LLVMOrcJITDylibRef, name: &str) -> Self {
        Self {
            session,
            raw,
            name: name.into(),
        }
    }

    /// The session the dylib belongs to.
    pub fn session(&self) -> &ExecutionSession {
        &self.session
    }

    /// The name given when it was created.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn raw(&self) -> LLVMOrcJITDylibRef {
        self.raw
    }

    /// A tracker for code and data that shall be removable together.
    pub fn create_tracker(&self) -> ResourceTracker {
        // SAFETY: the dylib is live; the tracker is owned by us.
        let raw = unsafe { LLVMOrcJITDylibCreateResourceTracker(self.raw) };
        ResourceTracker::new(self.clone(), raw)
    }

    /// Defines symbols at addresses that exist already, all of them or none.
    ///
    /// # Errors
    /// [`ErrorKind::Link`] if one of them is defined already, [`ErrorKind::Name`] for a name with a NUL byte.
    pub fn define_absolute<'a>(
        &self,
        symbols: impl IntoIterator<Item = (&'a str, EvaluatedSymbol)>,
    ) -> Result<(), Error> {
        let names: Vec<_> = symbols
            .into_iter()
            .map(|(name, symbol)| Ok((SymbolString::intern(&self.session, name)?, symbol)))
            .collect::<Result<_, Error>>()?;
        let unit = absolute_symbols(names.iter().map(|(name, symbol)| (name, *symbol)));
        self.define_raw(unit, "absolute symbols")
    }

    /// Defines the symbols of `unit`, which is materialized when one of them is first looked up.
    ///
    /// # Errors
    /// [`ErrorKind::Link`] if one of them is defined already; the unit is dropped then.
    pub fn define(&self, unit: Box<dyn MaterializationUnit>) -> Result<(), Error> {
        let name = unit.name().to_owned();
        let raw = unit::into_raw(&self.session, unit)?;
        self.define_raw(raw, &name)
    }

    fn define_raw(&self, unit: LLVMOrcMaterializationUnitRef, what: &str) -> Result<(), Error> {
        // SAFETY: both handles are live; the unit is taken on success only (Orc.h).
        let error = unsafe { LLVMOrcJITDylibDefine(self.raw, unit) };
        check(error, ErrorKind::Link, || {
            format!("defining `{what}` in dylib `{}`", self.name)
        })
        .inspect_err(|_| {
            // SAFETY: the definition failed, so the unit is still ours.
            unsafe { LLVMOrcDisposeMaterializationUnit(unit) };
        })
    }

    /// Takes symbols out of the table, those of them that are in it. What they were defined by stays where it is; a later
    /// definition, or a generator, may say where they are then.
    ///
    /// # Errors
    /// [`ErrorKind::Link`] if one is being looked up and its address not yet known, [`ErrorKind::Name`] for a name with a NUL
    /// byte. Those before it are out.
    pub fn undefine<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
        for name in names {
            let symbol = SymbolString::intern(&self.session, name)?;
            // SAFETY: both handles are live; the name is borrowed.
            let error = unsafe { tjit_undefine(self.raw, symbol.raw()) };
            check(error, ErrorKind::Link, || {
                format!("removing `{name}` from dylib `{}`", self.name)
            })?;
        }
        Ok(())
    }

    /// Asks `generate` for symbols that the dylib does not define when they are looked up.
    ///
    /// `generate` runs on the thread of the lookup, under none of the session's locks but holding up other
    /// lookups of this dylib that need it; it must not look anything up itself.
    pub fn add_generator(&self, generate: Box<Generate>) {
        let generator = generator::into_raw(&self.session, generate);
        // SAFETY: both handles are live; the dylib takes ownership of the generator.
        unsafe { LLVMOrcJITDylibAddGenerator(self.raw, generator) };
    }
}

/// A unit that maps `symbols` to their addresses; owned by the caller.
pub(crate) fn absolute_symbols<'a>(
    symbols: impl Iterator<Item = (&'a SymbolString, EvaluatedSymbol)>,
) -> LLVMOrcMaterializationUnitRef {
    let mut pairs: Vec<_> = symbols
        .map(|(name, symbol)| LLVMOrcCSymbolMapPair {
            Name: name.to_raw(),
            Sym: LLVMJITEvaluatedSymbol {
                Address: symbol.address,
                Flags: symbol.flags.to_raw(),
            },
        })
        .collect();
    // SAFETY: pointer and length are those of a live vector; LLVM takes the retained names, not the array.
    unsafe { LLVMOrcAbsoluteSymbols(pairs.as_mut_ptr(), pairs.len()) }
}

impl fmt::Debug for Dylib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dylib({:?})", self.name)
    }
}
