//! What the tests share.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use tjit_orc::{
    CodeGenLevel, Dylib, ExecutionSession, MaterializationUnit, MemoryBuffer, Responsibility,
    SymbolFlags, TargetMachine, TargetOptions, ThreadSafeContext, ThreadSafeModule,
};

pub(crate) fn session() -> ExecutionSession {
    ExecutionSession::new().expect("a session for the host")
}

pub(crate) fn dylib() -> Dylib {
    session().create_dylib("program").expect("a fresh name")
}

pub(crate) fn parse(ir: &str) -> ThreadSafeModule {
    ThreadSafeContext::new()
        .parse("test.ll", ir.as_bytes())
        .unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn machine() -> TargetMachine {
    TargetMachine::host(&TargetOptions {
        level: CodeGenLevel::None,
        host_cpu: false,
    })
    .expect("a machine for the host")
}

/// An object file with the definitions of some IR.
pub(crate) fn object(ir: &str) -> MemoryBuffer {
    let module = parse(ir);
    module.verify().unwrap_or_else(|error| panic!("{error}"));
    module
        .with_module(|module| machine().emit_object(module))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Adds an object file with the definitions of some IR.
pub(crate) fn define(dylib: &Dylib, ir: &str) {
    dylib
        .session()
        .object_layer()
        .add(&dylib.create_tracker(), object(ir))
        .unwrap_or_else(|error| panic!("{error}"));
}

/// IR of a function without parameters.
pub(crate) fn constant(name: &str, value: i32) -> String {
    format!("define i32 @{name}() {{ ret i32 {value} }}")
}

/// Calls a function without parameters.
pub(crate) fn run(address: u64) -> i32 {
    type Function = unsafe extern "C" fn() -> i32;
    let pointer = std::ptr::with_exposed_provenance(usize::try_from(address).unwrap());
    // SAFETY: the tests look up functions of this type.
    let function = unsafe { std::mem::transmute::<*const (), Function>(pointer) };
    // SAFETY: as above, and the code is alive as long as the session.
    unsafe { function() }
}

type Materialize = Box<dyn FnOnce(Responsibility) + Send>;

/// A unit that does as it is told, and tells what happens to it.
pub(crate) struct TestUnit {
    symbols: Vec<(String, SymbolFlags)>,
    materialize: Materialize,
    pub(crate) events: Events,
}

/// What happened to a unit, in order: `materialize`, `discard x`, `drop`.
#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    fn push(&self, event: &str) {
        self.0.lock().unwrap().push(event.to_owned());
    }

    pub(crate) fn list(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl TestUnit {
    pub(crate) fn new(
        symbols: &[&str],
        materialize: impl FnOnce(Responsibility) + Send + 'static,
    ) -> Box<Self> {
        let flagged = symbols
            .iter()
            .map(|&symbol| (symbol.to_owned(), SymbolFlags::FUNCTION))
            .collect();
        Self::with_flags(flagged, materialize)
    }

    pub(crate) fn with_flags(
        symbols: Vec<(String, SymbolFlags)>,
        materialize: impl FnOnce(Responsibility) + Send + 'static,
    ) -> Box<Self> {
        Box::new(Self {
            symbols,
            materialize: Box::new(materialize),
            events: Events::default(),
        })
    }

    /// A unit that compiles some IR.
    pub(crate) fn compiling(symbols: &[&str], ir: String) -> Box<Self> {
        Self::new(symbols, move |responsibility| emit(responsibility, &ir))
    }
}

/// Fulfils a responsibility with the definitions of some IR.
pub(crate) fn emit(responsibility: Responsibility, ir: &str) {
    let layer = responsibility.session().object_layer();
    layer.emit(responsibility, object(ir));
}

impl MaterializationUnit for TestUnit {
    fn name(&self) -> &str {
        "test unit"
    }

    fn symbols(&self) -> Vec<(String, SymbolFlags)> {
        self.symbols.clone()
    }

    fn materialize(mut self: Box<Self>, responsibility: Responsibility) {
        self.events.push("materialize");
        let materialize = std::mem::replace(&mut self.materialize, Box::new(|_| ()));
        materialize(responsibility);
    }

    fn discard(&mut self, symbol: &str) {
        self.events.push(&format!("discard {symbol}"));
    }
}

impl Drop for TestUnit {
    fn drop(&mut self) {
        self.events.push("drop");
    }
}

/// A channel on which a unit tells how far it is.
pub(crate) fn progress<T: Send + 'static>() -> (Sender<T>, std::sync::mpsc::Receiver<T>) {
    channel()
}
