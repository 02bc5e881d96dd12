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

type Answer = Result<HashMap<String, u64>, String>;

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
        Err(take_message(error))
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
        let answer = receiver
            .recv()
            .unwrap_or_else(|_| Err("the session ended during the lookup".to_owned()));
        answer.map_err(|message| self.explain(names, message))
    }

    /// Why a lookup failed: the reason of the unit if it was one of ours, else what ORC reported while it linked, else ORC's
    /// answer, which names no more than the symbols that are missing.
    fn explain(&self, names: &[&str], answer: String) -> Error {
        let reported = take_reports();
        if let Some(reason) = self.session().take_failure(names.iter().copied()) {
            return reason;
        }
        let operation = match names {
            [name] => format!("looking up `{name}`"),
            _ => format!("looking up {} symbols", names.len()),
        };
        let message = if reported.is_empty() {
            answer
        } else {
            reported.join("; ")
        };
        Error::new(ErrorKind::Link, operation, message)
    }
}
