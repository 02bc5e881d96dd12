//! What every program gets from us, and where its code finds what no module of its own defines.

use std::collections::HashMap;
use std::sync::Arc;

use tjit_compile_layer::CompileLayer;
use tjit_link::{HostSymbols, ThreadLocalIndex};
use tjit_orc::{EvaluatedSymbol, ExecutionSession, SymbolFlags, ThreadSafeContext};
use tjit_runtime::Tier;
use tjit_stubs::StubManager;

use crate::host::Host;
use crate::trip::{self, TripContext, TripFunctions};
use crate::{Error, emulated_tls, exit, landing};

/// Where code finds what no module of its own defines: functions of the program by their stubs, then our support
/// functions, then the host.
pub(crate) fn generator(
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
pub(crate) fn compile(
    session: &ExecutionSession,
    layer: &Arc<CompileLayer>,
    trip_context: &TripContext,
) -> Result<HashMap<String, u64>, Error> {
    let dylib = session.create_dylib("support")?;
    let host = Host::new(HashMap::new(), &[])?;
    let own = exit::functions();
    dylib.add_generator(Box::new(move |name| {
        let own = own.iter().find(|(own, _)| *own == name);
        let address = own.map(|(_, address)| *address);
        address.or_else(|| host.find(name)).map(function_at)
    }));
    let context = ThreadSafeContext::new();
    let ir = trip::support_ir(trip_context) + &landing::support_ir();
    let trips = TripFunctions::all(trip_context.runtime.policy());
    let trips = trips.flat_map(|(_, functions)| [functions.calls, functions.loops]);
    let mut names: Vec<String> = trips.collect();
    names.extend(landing::NAMES.map(str::to_owned));
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
    let TripFunctions { calls, loops } = TripFunctions::own(Tier::BASELINE);
    for (own, usual) in [
        (calls, tjit_instrument::TRIP_FUNCTION),
        (loops, tjit_instrument::LOOP_FUNCTION),
    ] {
        if let Some(&address) = addresses.get(&own) {
            addresses.insert(usual.to_owned(), address);
        }
    }
    addresses.extend(own.map(|(name, address)| (name.to_owned(), address)));
    addresses.insert(emulated_tls::FUNCTION.to_owned(), emulated_tls::function());
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
pub(crate) struct WithSupport {
    pub(crate) support: HashMap<String, u64>,
    pub(crate) host: Arc<Host>,
}

impl HostSymbols for WithSupport {
    fn find(&self, linker_name: &str) -> Option<u64> {
        self.support
            .get(linker_name)
            .copied()
            .or_else(|| self.host.find(linker_name))
    }

    fn find_thread_local(&self, linker_name: &str) -> Option<ThreadLocalIndex> {
        self.host.find_thread_local(linker_name)
    }
}

pub(crate) fn function_at(address: u64) -> EvaluatedSymbol {
    EvaluatedSymbol {
        address,
        flags: SymbolFlags::FUNCTION,
    }
}
