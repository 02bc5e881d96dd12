//! What the parts of a JIT share: the session, the program, the stubs, the runtime.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tjit_compile_layer::CompileLayer;
use tjit_link::{FunctionKind, Linked, LinkedFunction, Program};
use tjit_orc::{Dylib, ThreadSafeContext, ThreadSafeModule};
use tjit_runtime::{FunctionId, FunctionInfo, FunctionRecord, Runtime};
use tjit_stubs::{CodePtr, StubId, StubManager, Target};

use crate::Error;
use crate::bodiless::Bodiless;
use crate::config::Config;
use crate::request::Request;
use crate::support::{OWN_TRIP_FUNCTION, function_at};
use crate::trip::TripContext;

pub(crate) struct Engine {
    pub(crate) config: Config,
    // Before everything that its code refers to: dropped first.
    pub(crate) dylib: Dylib,
    pub(crate) layer: Arc<CompileLayer>,
    pub(crate) program: RwLock<Program>,
    /// The context that the program's modules live in.
    pub(crate) context: ThreadSafeContext,
    pub(crate) stubs: Arc<StubManager>,
    pub(crate) runtime: Arc<Runtime<Request>>,
    pub(crate) bodiless: Arc<Bodiless>,
    /// Addresses of what every program gets from us: the parts of libc that are linked statically, the trip function, and
    /// the one through which we call it.
    pub(crate) support: HashMap<String, u64>,
    // Its address is part of generated code.
    pub(crate) trip_context: Box<TripContext>,
}

impl Engine {
    /// The program, for reading.
    pub(crate) fn program(&self) -> RwLockReadGuard<'_, Program> {
        self.program.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Links modules into the program, all or none, and gives their functions stubs. Runs none of their code.
    pub(crate) fn link(&self, modules: Vec<ThreadSafeModule>) -> Result<Linked, Error> {
        // One writer at a time also keeps stub and function indices in step.
        let mut program = self.program.write().unwrap_or_else(PoisonError::into_inner);
        let mut linked = program.link(modules)?;
        self.define_functions(&linked)?;
        self.define_aliases(&linked)?;
        self.define_handles(&linked)?;
        for data in std::mem::take(&mut linked.data) {
            let options = tjit_compile_layer::ModuleOptions::default();
            self.layer
                .add(&self.dylib.create_tracker(), data.ir, options)?;
        }
        Ok(linked)
    }

    /// Each function has a stub and a record of one number; those that were undefined so far have them already.
    fn define_functions(&self, linked: &Linked) -> Result<(), Error> {
        let (known, new): (Vec<_>, Vec<_>) = linked
            .functions
            .iter()
            .partition(|function| function.was_undefined);
        let stubs = self.stubs.create_batch(
            new.iter()
                .map(|function| (function.symbol.as_str(), Target::Lazy)),
        )?;
        for (stub, function) in stubs.iter().zip(&new) {
            let id = self.runtime.register(FunctionInfo::new(
                function.symbol.as_str(),
                stub.address.addr(),
            ))?;
            debug_assert_eq!(
                id.index(),
                stub.id.index(),
                "stubs and functions are numbered alike"
            );
        }
        for function in known {
            if let Some(stub) = self.stubs.find(&function.symbol) {
                self.bodiless.remove(FunctionId::new(stub.id.index()));
                self.stubs.reset_lazy(stub.id)?;
            }
        }
        linked
            .functions
            .iter()
            .try_for_each(|function| self.note_bodiless(function))
    }

    /// Remembers what stands behind the stub of a function without a body.
    fn note_bodiless(&self, function: &LinkedFunction) -> Result<(), Error> {
        let id = |symbol| {
            let record = self.record(symbol);
            record.ok_or_else(|| Error::NoEntry(function.symbol.clone()))
        };
        match &function.kind {
            FunctionKind::Body => {}
            FunctionKind::Undefined => self.bodiless.add_undefined(id(&function.symbol)?.id()),
            FunctionKind::IFunc { resolver } => {
                let resolver = id(resolver)?.stub();
                self.bodiless
                    .add_ifunc(id(&function.symbol)?.id(), resolver);
            }
        }
        Ok(())
    }

    /// Runs the resolvers of the ifuncs among newly linked functions, on this thread, and leads their stubs where they say.
    ///
    /// # Safety
    /// The modules' code must be free of undefined behaviour.
    pub(crate) unsafe fn choose_ifuncs(&self, linked: &Linked) -> Result<(), Error> {
        for function in &linked.functions {
            if let FunctionKind::IFunc { .. } = function.kind
                && let Some(record) = self.record(&function.symbol)
            {
                let code = self.bodiless.choose(record)?;
                self.install(record, code.addr())?;
            }
        }
        Ok(())
    }

    /// The program has one handle under all modules' names for theirs.
    fn define_handles(&self, linked: &Linked) -> Result<(), Error> {
        let Some(&handle) = self.support.get("__dso_handle") else {
            return Ok(());
        };
        let names = linked.handles.iter().map(|(_, name)| name.as_str());
        Ok(self
            .dylib
            .define_absolute(names.map(|name| (name, function_at(handle))))?)
    }

    /// An alias of a function is the same stub under another name. One that was undefined so far has a stub of its own, which
    /// leads to that one.
    fn define_aliases(&self, linked: &Linked) -> Result<(), Error> {
        let mut symbols = Vec::new();
        for (alias, target) in &linked.function_aliases {
            let Some(stub) = self.stubs.find(target) else {
                continue;
            };
            match self.stubs.find(alias) {
                Some(known) => {
                    self.bodiless.remove(FunctionId::new(known.id.index()));
                    self.stubs.update(known.id, stub.address)?;
                }
                None => symbols.push((alias.as_str(), function_at(stub.address.addr() as u64))),
            }
        }
        if !symbols.is_empty() {
            self.dylib.define_absolute(symbols)?;
        }
        Ok(())
    }

    /// The record of the function with this linker-level name.
    pub(crate) fn record(&self, symbol: &str) -> Option<&FunctionRecord> {
        let stub = self.stubs.find(symbol)?;
        self.runtime.table().get(FunctionId::new(stub.id.index()))
    }

    /// Makes the stub of `function` lead to `address`.
    pub(crate) fn install(&self, function: &FunctionRecord, address: usize) -> Result<(), Error> {
        let id = StubId::from_index(function.id().index());
        let Some(code) = CodePtr::new(address) else {
            let reason = "the linker placed it at address zero".to_owned();
            return Err(Error::Compile {
                function: function.symbol().to_string(),
                reason,
            });
        };
        Ok(self.stubs.update(id, code)?)
    }

    /// The name under which counters call the trip function.
    pub(crate) fn trip_function(&self) -> &'static str {
        match self.stubs.find(tjit_instrument::TRIP_FUNCTION) {
            Some(_) => OWN_TRIP_FUNCTION,
            None => tjit_instrument::TRIP_FUNCTION,
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
