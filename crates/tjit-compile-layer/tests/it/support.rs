//! What the tests share.

use std::sync::{Arc, Mutex};

use tjit_compile_layer::{CompileLayer, CompileReport, Config};
use tjit_mangle::{Tier, Version, body_name};
use tjit_orc::{Dylib, ExecutionSession, ThreadSafeContext, ThreadSafeModule};

/// A session with one dylib and a layer that records its reports.
pub(crate) struct Jit {
    pub(crate) dylib: Dylib,
    pub(crate) layer: Arc<CompileLayer>,
    pub(crate) reports: Arc<Mutex<Vec<CompileReport>>>,
}

impl Jit {
    pub(crate) fn new() -> Self {
        Self::with_config(Config::default())
    }

    pub(crate) fn with_config(config: Config) -> Self {
        let session = ExecutionSession::new().expect("a session for the host");
        let dylib = session.create_dylib("program").expect("a fresh name");
        let reports = Arc::new(Mutex::new(Vec::new()));
        let sink = reports.clone();
        let config = Config {
            on_compiled: Some(Arc::new(move |report| {
                sink.lock().unwrap().push(report.clone())
            })),
            ..config
        };
        let layer = CompileLayer::new(&session, config).expect("a layer for the host");
        Self {
            dylib,
            layer,
            reports,
        }
    }

    pub(crate) fn add(&self, ir: &str) -> Result<(), tjit_compile_layer::Error> {
        let tracker = self.dylib.create_tracker();
        self.layer
            .add(&tracker, parse(ir), Default::default())
            .map(drop)
    }

    pub(crate) fn reports(&self) -> Vec<CompileReport> {
        self.reports.lock().unwrap().clone()
    }

    /// Makes symbols of this process visible to the code.
    pub(crate) fn see_process(&self) {
        self.dylib.add_generator(Box::new(process_symbol));
    }
}

fn process_symbol(name: &str) -> Option<tjit_orc::EvaluatedSymbol> {
    let c_name = std::ffi::CString::new(name).ok()?;
    // SAFETY: a NUL-terminated name; a null result means that there is no such symbol.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c_name.as_ptr()) };
    (!address.is_null()).then(|| tjit_orc::EvaluatedSymbol {
        address: address.addr() as u64,
        flags: tjit_orc::SymbolFlags::FUNCTION,
    })
}

/// A module in a context of its own.
pub(crate) fn parse(ir: &str) -> ThreadSafeModule {
    ThreadSafeContext::new()
        .parse("test.ll", ir.as_bytes())
        .unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn baseline(symbol: &str) -> String {
    body_name(symbol, Version::FIRST, Tier::Baseline)
}

pub(crate) fn optimized(symbol: &str) -> String {
    body_name(symbol, Version::FIRST, Tier::Optimized)
}

/// Declares a function type by which code at an address is called.
macro_rules! call {
    ($address:expr, fn($($type:ty),*) -> $result:ty, $($argument:expr),*) => {{
        let address: u64 = $address;
        let pointer = std::ptr::with_exposed_provenance::<()>(usize::try_from(address).unwrap());
        type Function = unsafe extern "C" fn($($type),*) -> $result;
        // SAFETY: the tests look up functions of this type.
        let function = unsafe { std::mem::transmute::<*const (), Function>(pointer) };
        // SAFETY: as above, and the code is alive as long as the session.
        unsafe { function($($argument),*) }
    }};
}
pub(crate) use call;
