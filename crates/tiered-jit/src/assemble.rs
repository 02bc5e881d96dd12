//! Puts an engine together.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, RwLock};

use crossbeam::channel::Receiver;
use tjit_compile_layer::{CompileLayer, ModuleOptions};
use tjit_link::Program;
use tjit_orc::{ExecutionSession, ThreadSafeContext};
use tjit_runtime::{Runtime, TierPolicy};
use tjit_stubs::StubManager;

use crate::Error;
use crate::baseline_names::BaselineNames;
use crate::bodiless::Bodiless;
use crate::canary::Canaries;
use crate::config::Builder;
use crate::counters::EntryCounters;
use crate::directives::Directives;
use crate::engine::Engine;
use crate::exit::{Exits, Handle};
use crate::facts::FactBase;
use crate::first_call::{FirstCall, FirstCalls, Resolver};
use crate::foreground::Foreground;
use crate::host::Host;
use crate::landing::Entry;
use crate::module::Modules;
use crate::recipe::Recipes;
use crate::reclaim::Reclaim;
use crate::support;
use crate::tiers;
use crate::trip::TripContext;
use crate::watcher::Watcher;

/// An engine with an empty program, and both ends of first calls: the receiver is for the thread that serves them.
pub(crate) struct Parts {
    pub(crate) engine: Engine,
    pub(crate) first_calls: Arc<FirstCalls>,
    pub(crate) receiver: Receiver<FirstCall>,
}

/// Builds what the configuration asks for; no thread runs yet.
pub(crate) fn engine(builder: Builder) -> Result<Parts, Error> {
    let config = builder.config();
    tiers::check_policy(&*config.policy)?;
    let directives = builder.rules()?;
    let host = Arc::new(Host::new(builder.definitions, &builder.libraries)?);
    let runtime = Arc::new(Runtime::new(config.policy.clone(), Arc::new(EntryCounters)));
    let (first_calls, receiver) = FirstCalls::new();
    let first_calls = Arc::new(first_calls);
    let bodiless = Arc::new(Bodiless::new(host.clone(), config.fatal.clone()));
    let resolver = Box::new(Resolver {
        fatal: config.fatal.clone(),
        tiering: config.tiering,
        first_calls: first_calls.clone(),
        runtime: runtime.clone(),
        bodiless: bodiless.clone(),
    });
    let stubs = Arc::new(StubManager::new(tjit_stubs::Config::default(), resolver)?);
    let trip_context = Box::new(TripContext {
        stubs: stubs.clone(),
        runtime: runtime.clone(),
        foreground: Foreground::new(config.foreground),
    });

    let session = ExecutionSession::new()?;
    let layer_config = tjit_compile_layer::Config {
        host_cpu: config.host_cpu,
        thread_sanitizer: config.thread_sanitizer,
        ..Default::default()
    };
    let layer = CompileLayer::new(&session, layer_config)?;
    check_pipelines(&layer, &*config.policy, &directives)?;
    let reclaim = Arc::new(Reclaim::new(&config));
    let hear = reclaim.clone();
    runtime.on_displaced(move |record, version| hear.displaced(record, version));
    let exits = Arc::new(Exits::new(reclaim.clone()));
    let support = support::compile(&session, &layer, &trip_context)?;
    bodiless.enter_through(Entry::catching(&support)?);
    let handle = support.get("__dso_handle").copied();
    let handle = handle.map(|address| Handle::of_program(&exits, address as usize));
    let dylib = session.create_dylib("program")?;
    dylib.add_generator(Box::new(support::generator(
        stubs.clone(),
        support.clone(),
        host.clone(),
    )));
    let engine = Engine {
        config,
        directives,
        dylib,
        layer,
        modules: Modules::default(),
        reclaim,
        exits,
        handle,
        has_removed: AtomicBool::new(false),
        removed: Mutex::default(),
        program: RwLock::new(program(&support, &host)),
        host,
        context: ThreadSafeContext::new(),
        stubs,
        runtime,
        bodiless,
        facts: FactBase::default(),
        numbers: Arc::default(),
        canaries: Canaries::default(),
        recipes: Recipes::default(),
        baseline_names: BaselineNames::default(),
        redefinitions: AtomicU64::new(0),
        watcher: Watcher::default(),
        support,
        trip_context,
    };
    Ok(Parts {
        engine,
        first_calls,
        receiver,
    })
}

/// A program of which nothing is there but what it may refer to.
fn program(support: &HashMap<String, u64>, host: &Arc<Host>) -> Program {
    Program::new(Arc::new(support::WithSupport {
        support: support.clone(),
        host: host.clone(),
    }))
}

/// Whether LLVM understands a pipeline: better known now than when the first function is to be optimised by it.
pub(crate) fn check_pipeline(layer: &CompileLayer, pipeline: &str) -> Result<(), Error> {
    let nothing = ThreadSafeContext::new().parse("nothing", b"; no functions\n")?;
    let options = ModuleOptions {
        pipeline: Some(pipeline.to_owned()),
        ..ModuleOptions::default()
    };
    let compiled = nothing.with_module(|module| layer.compile(module, &options));
    compiled.map(drop).map_err(|error| Error::Pipeline {
        pipeline: pipeline.to_owned(),
        reason: error.to_string(),
    })
}

/// Whether LLVM understands the pipelines of tiers and directives.
fn check_pipelines(
    layer: &CompileLayer,
    policy: &dyn TierPolicy,
    directives: &Directives,
) -> Result<(), Error> {
    let tiers = policy.tiers().iter();
    let of_tiers = tiers.filter_map(|tier| tier.pipeline.as_deref());
    let mut pipelines = of_tiers.chain(directives.pipelines());
    pipelines.try_for_each(|pipeline| check_pipeline(layer, pipeline))
}
