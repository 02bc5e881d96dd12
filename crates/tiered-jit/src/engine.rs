//! What the parts of a JIT share: the session, the program, the stubs, the runtime.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tjit_compile_layer::CompileLayer;
use tjit_link::{HostSymbols, Linked, Program};
use tjit_orc::{
    Dylib, EvaluatedSymbol, ExecutionSession, SymbolFlags, ThreadSafeContext, ThreadSafeModule,
};
use tjit_runtime::{FunctionId, FunctionInfo, FunctionRecord, Runtime};
use tjit_stubs::{CodePtr, StubId, StubManager, Target};

use crate::Error;
use crate::config::{Builder, Config};
use crate::counters::EntryCounters;
use crate::first_call::{self, FirstCall};
use crate::host::Host;
use crate::lifecycle;
use crate::request::Request;
use crate::trip::{self, TripContext};

/// The program's own trip function, if it has one of that name, must not be mistaken for ours.
const OWN_TRIP_FUNCTION: &str = "tjit.optimize_function";

pub(crate) struct Engine {
    pub(crate) config: Config,
    // Before everything that its code refers to: dropped first.
    pub(crate) dylib: Dylib,
    pub(crate) layer: Arc<CompileLayer>,
    program: RwLock<Program>,
    context: ThreadSafeContext,
    pub(crate) stubs: Arc<StubManager>,
    pub(crate) runtime: Arc<Runtime<Request>>,
    /// Addresses of what every program gets from us: the parts of libc that are linked statically, the trip function, and
    /// the one through which we call it.
    pub(crate) support: HashMap<String, u64>,
    // Its address is part of generated code.
    _trip_context: Box<TripContext>,
}

impl Engine {
    /// Also returns the receiving end of first calls, for the thread that serves them.
    pub(crate) fn new(
        builder: Builder,
    ) -> Result<(Self, crossbeam::channel::Receiver<FirstCall>), Error> {
        let config = builder.config();
        let host = Arc::new(Host::new(builder.definitions, &builder.libraries)?);
        let counters = EntryCounters::new(config.policy.clone());
        let runtime = Arc::new(Runtime::new(config.policy.clone(), Arc::new(counters)));
        let (first_calls, receiver) = crossbeam::channel::unbounded();
        let resolver = first_call::resolver(&config, first_calls, runtime.clone());
        let stubs = Arc::new(StubManager::new(tjit_stubs::Config::default(), resolver)?);
        let trip_context = Box::new(TripContext {
            stubs: stubs.clone(),
            runtime: runtime.clone(),
        });

        let session = ExecutionSession::new()?;
        let layer_config = tjit_compile_layer::Config {
            host_cpu: config.host_cpu,
            ..Default::default()
        };
        let layer = CompileLayer::new(&session, layer_config)?;
        let support = support(&session, &layer, &trip_context)?;
        let dylib = session.create_dylib("program")?;
        dylib.add_generator(Box::new(generator(
            stubs.clone(),
            support.clone(),
            host.clone(),
        )));
        let engine = Self {
            config,
            dylib,
            layer,
            program: RwLock::new(Program::new(Arc::new(WithSupport {
                support: support.clone(),
                host,
            }))),
            context: ThreadSafeContext::new(),
            stubs,
            runtime,
            support,
            _trip_context: trip_context,
        };
        Ok((engine, receiver))
    }

    /// The context that the program's modules live in.
    pub(crate) fn context(&self) -> &ThreadSafeContext {
        &self.context
    }

    /// The program, for reading.
    pub(crate) fn program(&self) -> RwLockReadGuard<'_, Program> {
        self.program.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Links modules into the program, all or none, and gives their functions stubs. Runs none of their code.
    pub(crate) fn link(&self, modules: Vec<ThreadSafeModule>) -> Result<Linked, Error> {
        // One writer at a time also keeps stub and function indices in step.
        let mut program = self.program.write().unwrap_or_else(PoisonError::into_inner);
        let mut linked = program.link(modules)?;
        let stubs = self.stubs.create_batch(
            linked
                .functions
                .iter()
                .map(|function| (function.symbol.as_str(), Target::Lazy)),
        )?;
        for (stub, function) in stubs.iter().zip(&linked.functions) {
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
        self.define_aliases(&linked)?;
        for data in std::mem::take(&mut linked.data) {
            let options = tjit_compile_layer::ModuleOptions::default();
            self.layer
                .add(&self.dylib.create_tracker(), data, options)?;
        }
        Ok(linked)
    }

    /// An alias of a function is the same stub under another name.
    fn define_aliases(&self, linked: &Linked) -> Result<(), Error> {
        let address = |target: &str| {
            self.stubs
                .find(target)
                .map(|stub| stub.address.addr() as u64)
        };
        let symbols: Vec<_> = linked
            .function_aliases
            .iter()
            .filter_map(|(alias, target)| Some((alias.as_str(), function_at(address(target)?))))
            .collect();
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

fn function_at(address: u64) -> EvaluatedSymbol {
    EvaluatedSymbol {
        address,
        flags: SymbolFlags::FUNCTION,
    }
}

/// Where code finds what no module of its own defines: functions of the program by their stubs, then our support
/// functions, then the host.
fn generator(
    stubs: Arc<StubManager>,
    support: HashMap<String, u64>,
    host: Arc<Host>,
) -> impl Fn(&str) -> Option<EvaluatedSymbol> + Send + Sync {
    move |name| {
        let stub = stubs.find(name).map(|stub| stub.address.addr() as u64);
        stub.or_else(|| support.get(name).copied())
            .or_else(|| host.find(name))
            .map(function_at)
    }
}

/// Compiles the support functions, each at once: their addresses are handed out by a generator, which must not look
/// anything up.
fn support(
    session: &ExecutionSession,
    layer: &Arc<CompileLayer>,
    trip_context: &TripContext,
) -> Result<HashMap<String, u64>, Error> {
    let dylib = session.create_dylib("support")?;
    let host = Host::new(HashMap::new(), &[])?;
    dylib.add_generator(Box::new(move |name| host.find(name).map(function_at)));
    let context = ThreadSafeContext::new();
    let ir = trip::support_ir(trip_context, OWN_TRIP_FUNCTION) + lifecycle::ENTER_IR;
    let mut names = vec![OWN_TRIP_FUNCTION.to_owned(), lifecycle::ENTER.to_owned()];
    let libc = tjit_link::support_module(&context)?;
    names.extend(libc.with_module(defined_names));
    let options = tjit_compile_layer::ModuleOptions::default;
    layer.add(
        &dylib.create_tracker(),
        context.parse("support", ir.as_bytes())?,
        options(),
    )?;
    layer.add(&dylib.create_tracker(), libc, options())?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut addresses = dylib.lookup_all(&names)?;
    if let Some(&trip) = addresses.get(OWN_TRIP_FUNCTION) {
        addresses.insert(tjit_instrument::TRIP_FUNCTION.to_owned(), trip);
    }
    Ok(addresses)
}

fn defined_names(module: &inkwell::module::Module<'_>) -> Vec<String> {
    let functions = module
        .get_functions()
        .filter(|function| function.count_basic_blocks() > 0);
    let functions = functions.map(|function| function.get_name().to_string_lossy().into_owned());
    let globals = module
        .get_globals()
        .filter(|global| global.get_initializer().is_some());
    let globals = globals.map(|global| global.get_name().to_string_lossy().into_owned());
    functions.chain(globals).collect()
}

/// What a program may bind to: our support functions before the host's of the same name.
struct WithSupport {
    support: HashMap<String, u64>,
    host: Arc<Host>,
}

impl HostSymbols for WithSupport {
    fn find(&self, linker_name: &str) -> Option<u64> {
        self.support
            .get(linker_name)
            .copied()
            .or_else(|| self.host.find(linker_name))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
