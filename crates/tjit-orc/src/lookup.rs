//! Lookups: from names to addresses that are ready to be called.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::mpsc::{Sender, channel};

use llvm_sys::error::LLVMErrorRef;
use llvm_sys::orc2::{
    LLVMOrcCJITDylibSearchOrderElement, LLVMOrcCLookupSetElement, LLVMOrcCSymbolMapPairs,
    LLVMOrcExecutionSessionLookup, LLVMOrcJITDylibLookupFlags, LLVMOrcLookupKind,
    LLVMOrcSymbolLookupFlags,
};

use crate::dylib::Dylib;
use crate::error::{Error, ErrorKind, take_message};
use crate::session::take_reports;
use crate::symbol::{SymbolString, entry_str};

type Answer = Result<HashMap<String, u64>, Failure>;

/// What ORC says of a lookup that failed.
struct Failure {
    /// To the lookup: which symbols are missing, or could not be materialized.
    answer: String,
    /// To the session, on the thread that met the failure and just before the answer: why.
    reports: Vec<String>,
}

/// How ORC begins when a symbol was there but what defines it failed.
const FAILED: &str = "Failed to materialize symbols";

extern "C" fn answer(
    error: LLVMErrorRef,
    pairs: LLVMOrcCSymbolMapPairs,
    num_pairs: usize,
    context: *mut c_void,
) {
    // SAFETY: `lookup` passes a boxed sender, and LLVM calls back exactly once, with the context also on failure
    // (OrcV2CBindings.cpp, though Orc.h promises it for success only).
    let sender = unsafe { Box::from_raw(context.cast::<Sender<Answer>>()) };
    let result = if error.is_null() {
        let address_of = |index| {
            // SAFETY: LLVM passes `num_pairs` elements that live during this call.
            let pair = unsafe { &*pairs.add(index) };
            (entry_str(pair.Name).to_owned(), pair.Sym.Address)
        };
        Ok((0..num_pairs).map(address_of).collect())
    } else {
        Err(Failure {
            answer: take_message(error),
            reports: take_reports(),
        })
    };
    // The receiver waits for this message, so it can't be gone.
    let _sent = sender.send(result);
}

impl Dylib {
    /// The address of one symbol; see [`Dylib::lookup_all`].
    ///
    /// # Errors
    /// As [`Dylib::lookup_all`].
    pub fn lookup(&self, name: &str) -> Result<u64, Error> {
        let found = self.lookup_all(&[name])?;
        found.into_values().next().ok_or_else(|| {
            Error::new(
                ErrorKind::Link,
                format!("looking up `{name}`"),
                "ORC answered without an address",
            )
        })
    }

    /// The addresses of `names` (mangled for the linker), materializing them on this thread where needed. Returns
    /// when all of them are ready: linked, finalized and with unwind tables registered.
    ///
    /// # Errors
    /// [`ErrorKind::Link`] with the names that are missing, or whatever error a materialization unit failed with.
    pub fn lookup_all(&self, names: &[&str]) -> Result<HashMap<String, u64>, Error> {
        let symbols: Vec<_> = names
            .iter()
            .map(|name| SymbolString::intern(self.session(), name))
            .collect::<Result<_, Error>>()?;
        let mut set: Vec<_> = symbols
            .iter()
            .map(|symbol| LLVMOrcCLookupSetElement {
                Name: symbol.to_raw(),
                LookupFlags: LLVMOrcSymbolLookupFlags::LLVMOrcSymbolLookupFlagsRequiredSymbol,
            })
            .collect();
        let mut order = [LLVMOrcCJITDylibSearchOrderElement {
            JD: self.raw(),
            JDLookupFlags: LLVMOrcJITDylibLookupFlags::LLVMOrcJITDylibLookupFlagsMatchAllSymbols,
        }];
        // What earlier lookups left behind is not about this one.
        drop(take_reports());
        let (sender, receiver) = channel::<Answer>();
        // SAFETY: all handles and arrays are live; LLVM takes the retained names; `answer` frees the context.
        unsafe {
            LLVMOrcExecutionSessionLookup(
                self.session().raw(),
                LLVMOrcLookupKind::LLVMOrcLookupKindStatic,
                order.as_mut_ptr(),
                order.len(),
                set.as_mut_ptr(),
                set.len(),
                answer,
                Box::into_raw(Box::new(sender)).cast(),
            );
        }
        // Another thread may be materializing what this lookup needs; its callback then comes from there.
        let answer = receiver.recv().unwrap_or_else(|_| {
            Err(Failure {
                answer: "the session ended during the lookup".to_owned(),
                reports: Vec::new(),
            })
        });
        answer.map_err(|failure| self.explain(names, &failure))
    }

    /// Why a lookup failed: what ORC reported while it linked, else the reason of the unit if it was one of ours, else
    /// ORC's answer, which only names symbols.
    fn explain(&self, names: &[&str], failure: &Failure) -> Error {
        let operation = match names {
            [name] => format!("looking up `{name}`"),
            _ => format!("looking up {} symbols", names.len()),
        };
        let (failed, told): (Vec<_>, Vec<_>) = failure
            .reports
            .iter()
            .chain([&failure.answer])
            .partition(|text| text.starts_with(FAILED));
        if !told.is_empty() {
            let told: Vec<_> = told.into_iter().map(String::as_str).collect();
            return Error::new(ErrorKind::Link, operation, told.join("; "));
        }
        // `… { (dylib, { f, g }) }`, of which the first report names the symbols that failed first.
        let symbols = failed
            .iter()
            .flat_map(|text| text[FAILED.len()..].split([' ', '{', '}', '(', ')', ',']))
            .filter(|word| !word.is_empty());
        let reason = self.session().failure(symbols);
        reason.unwrap_or_else(|| Error::new(ErrorKind::Link, operation, failure.answer.as_str()))
    }
}
