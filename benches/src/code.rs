//! Small programs in LLVM IR, compiled at the tier that the names of their bodies say.

use std::sync::Arc;

use tjit_compile_layer::{CompileLayer, Config, ModuleOptions};
use tjit_mangle::{Tier, Version, body_name};
use tjit_orc::{Dylib, EvaluatedSymbol, ExecutionSession, SymbolFlags, ThreadSafeContext};

/// A session in which modules see only the symbols they are given.
#[derive(Debug)]
pub struct Assembly {
    session: ExecutionSession,
    layer: Arc<CompileLayer>,
}

/// A linked module; its code lives as long as this and the [`Assembly`].
#[derive(Debug)]
pub struct Code {
    dylib: Dylib,
}

impl Default for Assembly {
    fn default() -> Self {
        Self::new()
    }
}

impl Assembly {
    /// A session for the host.
    ///
    /// # Panics
    /// If LLVM can't compile for the host; a benchmark has nobody to tell.
    #[must_use]
    pub fn new() -> Self {
        let session = ExecutionSession::new().expect("LLVM compiles for the host");
        let layer =
            CompileLayer::new(&session, Config::default()).expect("LLVM compiles for the host");
        Self { session, layer }
    }

    /// Compiles `ir` under a name of its own, with `symbols` (linker-level name, address) to bind to.
    ///
    /// # Panics
    /// If the IR is wrong or the name is taken.
    #[must_use]
    pub fn add(&self, name: &str, ir: &str, symbols: &[(&str, usize)]) -> Code {
        let dylib = self.session.create_dylib(name).expect("a fresh name");
        let symbols = symbols.iter().map(|&(symbol, address)| {
            let flags = SymbolFlags::FUNCTION;
            let address = address as u64;
            (symbol, EvaluatedSymbol { address, flags })
        });
        dylib.define_absolute(symbols).expect("fresh names");
        let module = ThreadSafeContext::new()
            .parse(name, ir.as_bytes())
            .unwrap_or_else(|error| panic!("{error}"));
        self.layer
            .add(&dylib.create_tracker(), module, ModuleOptions::default())
            .unwrap_or_else(|error| panic!("{error}"));
        Code { dylib }
    }
}

impl Code {
    /// The address of a function, compiled on the first look-up.
    ///
    /// # Panics
    /// If it does not compile or link.
    #[must_use]
    pub fn address(&self, symbol: &str) -> usize {
        let address = self
            .dylib
            .lookup(symbol)
            .unwrap_or_else(|error| panic!("{error}"));
        usize::try_from(address).expect("an address of this process")
    }
}

/// The name of a body of `symbol` that the compile layer compiles with O0.
#[must_use]
pub fn baseline(symbol: &str) -> String {
    body_name(symbol, Version::FIRST, Tier::Baseline)
}

/// The name of a body of `symbol` that the compile layer compiles with O3.
#[must_use]
pub fn optimized(symbol: &str) -> String {
    body_name(symbol, Version::FIRST, Tier::Optimized)
}
