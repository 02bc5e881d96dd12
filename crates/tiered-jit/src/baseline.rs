//! Baseline compilation: a function and what it can reach, as one object.

use std::collections::{HashSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use tjit_compile_layer::ModuleOptions;
use tjit_link::ModuleId;
use tjit_orc::ThreadSafeModule;
use tjit_runtime::{
    Baseline, BaselineGuard, BaselineTicket, Compiled, FunctionId, FunctionRecord, Phase,
    PhaseTimes, Tier,
};

use crate::Error;
use crate::counting::Counting;
use crate::emit_ir;
use crate::engine::Engine;
use crate::object::{self, Emitted};

/// Compiles the baseline of `function`, unless it has one, and returns its address and the functions that were compiled with it.
pub(crate) fn compile(
    engine: &Engine,
    function: FunctionId,
) -> Result<(usize, Vec<FunctionId>), Error> {
    let _compiling = tjit_failpoint::enter(tjit_failpoint::Phase::Baseline);
    loop {
        let root = match engine.runtime.baseline(function).map_err(failed_before)? {
            Baseline::Ready(address) => return Ok((address, Vec::new())),
            Baseline::Mine(guard) => guard,
        };
        // A baseline that was taken away before it was published is none: once more, with what is right now.
        if let Some(compiled) = compile_group(engine, root)? {
            return Ok(compiled);
        }
    }
}

/// Compiles and publishes the baseline of a function and of others with it. Returns its address, if it has one then, and those.
fn compile_group(
    engine: &Engine,
    root: BaselineGuard<'_>,
) -> Result<Option<(usize, Vec<FunctionId>)>, Error> {
    let record = root.record();
    let mut group = Group::gather(engine, root, engine.config.group.into());
    let mut result = group.compile(engine);
    if result.is_err() && group.guards.len() > 1 {
        // A callee may be what can't be compiled, and it may never be called.
        group.release_callees();
        result = group.compile(engine);
    }
    let functions = group.functions();
    match result {
        Ok(emitted) => group.publish(engine, emitted)?,
        Err(error) => {
            group.fail(&error.to_string());
            return Err(named(&error, record.symbol()));
        }
    }
    Ok(record.code().map(|address| (address, functions)))
}

/// Compiles the baseline of a function that nobody has called, if it has none, and of some that it calls; returns which. On an
/// error they are what they were, and whoever calls one of them tries again.
pub(crate) fn compile_ahead(
    engine: &Engine,
    function: FunctionId,
    limit: Limit,
) -> Result<Vec<FunctionId>, Error> {
    let _compiling = tjit_failpoint::enter(tjit_failpoint::Phase::Baseline);
    let Ok(BaselineTicket::Mine(root)) = engine.runtime.begin_baseline(function) else {
        return Ok(Vec::new());
    };
    let group = Group::gather(engine, root, limit);
    let compiled = tjit_orc::guard("compiling a baseline", || Ok(group.compile(engine)));
    match compiled.unwrap_or_else(|panic| Err(Error::Llvm(panic))) {
        Ok(compiled) => {
            let functions = group.functions();
            group.publish(engine, compiled)?;
            Ok(functions)
        }
        Err(error) => {
            group.release();
            Err(error)
        }
    }
}

/// How many functions a group has at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(usize);

impl Limit {
    /// The smaller of both, but at least one.
    pub(crate) fn new(limit: NonZeroUsize, other: usize) -> Self {
        Self(limit.get().min(other).max(1))
    }
}

impl From<NonZeroUsize> for Limit {
    fn from(limit: NonZeroUsize) -> Self {
        Self(limit.get())
    }
}

/// The error of the first attempt, for whoever calls the function again.
fn failed_before(error: tjit_runtime::Error) -> Error {
    match error {
        tjit_runtime::Error::BaselineFailed { symbol, reason } => Error::Compile {
            function: symbol.to_string(),
            reason: reason.to_string(),
        },
        other => other.into(),
    }
}

fn named(error: &Error, symbol: &str) -> Error {
    Error::Compile {
        function: symbol.to_owned(),
        reason: error.to_string(),
    }
}

/// The functions compiled together: the one that was called comes first.
struct Group<'r> {
    guards: Vec<BaselineGuard<'r>>,
}

/// One compiled group, before its functions are published.
pub(crate) struct CompiledGroup {
    bodies: Vec<String>,
    emitted: Emitted,
    counters: Vec<Option<String>>,
    phases: PhaseTimes,
}

impl<'r> Group<'r> {
    /// Breadth first from `root` through functions that have no code yet.
    fn gather(engine: &'r Engine, root: BaselineGuard<'r>, limit: Limit) -> Self {
        let program = engine.program();
        // An object is freed with its module.
        let home = program.module_of(root.record().symbol());
        let mut seen = HashSet::from([root.record().id()]);
        let mut queue = VecDeque::from([root.record().symbol().clone()]);
        let mut guards = vec![root];
        while let Some(symbol) = queue.pop_front() {
            for callee in program.callees(&symbol).iter() {
                if guards.len() >= limit.0 {
                    return Self { guards };
                }
                let Some(record) = engine.record(callee) else {
                    continue;
                };
                let is_apart = program.module_of(callee) != home;
                let is_left_out = is_apart || record.is_eager();
                if !seen.insert(record.id()) || is_left_out || engine.bodiless.contains(record.id())
                {
                    continue;
                }
                if let Ok(BaselineTicket::Mine(guard)) = engine.runtime.begin_baseline(record.id())
                {
                    queue.push_back(record.symbol().clone());
                    guards.push(guard);
                }
            }
        }
        Self { guards }
    }

    fn symbols(&self) -> Vec<&str> {
        self.guards
            .iter()
            .map(|guard| &**guard.record().symbol())
            .collect()
    }

    fn functions(&self) -> Vec<FunctionId> {
        self.guards
            .iter()
            .map(|guard| guard.record().id())
            .collect()
    }

    fn release(self) {
        self.guards.into_iter().for_each(BaselineGuard::release);
    }

    fn release_callees(&mut self) {
        for guard in self.guards.drain(1..) {
            guard.release();
        }
    }

    fn fail(self, reason: &str) {
        for guard in self.guards {
            guard.fail(reason);
        }
    }

    fn compile(&self, engine: &Engine) -> Result<CompiledGroup, Error> {
        let records: Vec<_> = self.guards.iter().map(BaselineGuard::record).collect();
        let bodies = engine.baseline_names.take(&engine.program(), &records)?;
        let result = self.compile_as(engine, &bodies);
        if result.is_err() {
            engine.baseline_names.give_back(&records, &bodies);
        }
        result
    }

    fn compile_as(&self, engine: &Engine, bodies: &[String]) -> Result<CompiledGroup, Error> {
        let start = Instant::now();
        let (slice, home) = self.slice(engine, bodies)?;
        let slicing = start.elapsed();
        let records: Vec<_> = self.guards.iter().map(BaselineGuard::record).collect();
        let mut group = compile_slice(engine, (&slice, home), &records, bodies)?;
        group.phases.add(Phase::Slice, slicing);
        Ok(group)
    }

    /// The bodies, and the module that they are to be freed with.
    fn slice(
        &self,
        engine: &Engine,
        bodies: &[String],
    ) -> Result<(ThreadSafeModule, Option<ModuleId>), Error> {
        let program = engine.program();
        let symbols = self.symbols();
        let home = symbols.first().and_then(|symbol| program.module_of(symbol));
        let bodies = bodies.iter().map(String::as_str);
        let named: Vec<_> = symbols.into_iter().zip(bodies).collect();
        let slice = program.baseline_slice_as(&named)?;
        // While the program is what it is: who redefines one of these functions finds this group, or this group the new body.
        let functions = self.guards.iter().map(|guard| guard.record().id());
        let dependencies = &mut engine.facts.state().dependencies;
        dependencies.record_baselines(functions, &slice.bodies);
        Ok((slice.module, home))
    }

    fn publish(self, engine: &Engine, group: CompiledGroup) -> Result<(), Error> {
        let share = group.share();
        for (index, guard) in self.guards.into_iter().enumerate() {
            let record = guard.record();
            let compiled = group.body(index, share)?;
            // One that was taken away meanwhile is compiled again when it is called again.
            let _published = guard.publish(compiled, |address| engine.install(record, address))?;
        }
        Ok(())
    }
}

impl CompiledGroup {
    /// What it took per body.
    fn share(&self) -> PhaseTimes {
        let among = u32::try_from(self.bodies.len()).unwrap_or(u32::MAX);
        divided(&self.phases, among)
    }

    fn body(&self, index: usize, phases: PhaseTimes) -> Result<Compiled, Error> {
        let body = &self.bodies[index];
        let counter = self.counters[index].as_ref();
        let counter = counter.map(|name| self.emitted.address(name));
        Ok(Compiled {
            counter: counter.transpose()?,
            body: Arc::from(body.as_str()),
            address: self.emitted.address(body)?,
            size: self.emitted.size(body),
            phases,
        })
    }

    /// The first, of a group of one.
    pub(crate) fn only(&self) -> Result<Compiled, Error> {
        self.body(0, self.phases)
    }
}

/// Compiles bodies of functions that were sliced under these names.
pub(crate) fn compile_slice(
    engine: &Engine,
    (slice, home): (&ThreadSafeModule, Option<ModuleId>),
    records: &[&FunctionRecord],
    bodies: &[String],
) -> Result<CompiledGroup, Error> {
    let mut phases = PhaseTimes::new();

    let start = Instant::now();
    let counters = instrument(engine, slice, records, bodies)?;
    phases.add(Phase::Instrument, start.elapsed());

    if let Some(directory) = &engine.config.emit_ir {
        emit_ir::write(directory, &bodies[0], slice)?;
    }
    let extra = counters.iter().flatten().map(String::as_str);
    let options = ModuleOptions::default();
    let emitted = object::emit(engine, (slice, home), bodies, extra, &options)?;
    phases += &emitted.phases;
    Ok(CompiledGroup {
        bodies: bodies.to_vec(),
        emitted,
        counters,
        phases,
    })
}

/// The counter's name for each function that got one.
fn instrument(
    engine: &Engine,
    slice: &ThreadSafeModule,
    records: &[&FunctionRecord],
    bodies: &[String],
) -> Result<Vec<Option<String>>, Error> {
    let counting = Counting::at(engine, Tier::BASELINE);
    slice.with_module(|module| {
        let functions = records.iter().zip(bodies);
        let instrument =
            |(record, body): (&&FunctionRecord, &String)| counting.instrument(module, body, record);
        functions.map(instrument).collect()
    })
}

/// An even share of the time that a group took, so that the shares add up.
fn divided(phases: &PhaseTimes, among: u32) -> PhaseTimes {
    let mut share = PhaseTimes::new();
    for (phase, time) in phases.iter() {
        share.add(phase, time / among.max(1));
    }
    share
}
