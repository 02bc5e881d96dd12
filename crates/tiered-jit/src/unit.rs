//! Compiling one unit: slice, transformations, facts, pipeline, object.

use std::sync::Arc;
use std::time::Instant;

use tjit_compile_layer::ModuleOptions;
use tjit_link::{ImportBudget, ModuleId};
use tjit_orc::ThreadSafeModule;
use tjit_runtime::{
    Compiled, FactCounts, FunctionRecord, Phase, PhaseTimes, Tier, TierSpec, UnitId,
};

use crate::Error;
use crate::canary::{Inserted, Probe, Probed};
use crate::code::Code;
use crate::counting::Counting;
use crate::emit_ir;
use crate::engine::Engine;
use crate::facts::dependencies::Source;
use crate::facts::{self, unit::Use};
use crate::limits::{self, Limits};
use crate::object;
use crate::promise::Promise;
use crate::request::Request;
use crate::transform::transform;
use crate::version_numbers::VersionNumbers;

/// A unit that is linked and can be published.
pub(crate) struct Ready {
    pub(crate) compiled: Compiled,
    /// How much it relies on.
    pub(crate) facts: FactCounts,
    /// The memory it is in.
    pub(crate) code: Code,
    /// What somebody may have an address of in it.
    pub(crate) retained: Option<Arc<str>>,
    /// What is measured in it, if something was to be.
    pub(crate) probed: Option<Probed>,
}

/// What a unit is to be made of.
pub(crate) struct Order<'o> {
    pub(crate) record: &'o FunctionRecord,
    /// Under which facts are recorded.
    pub(crate) unit: UnitId,
    /// The tier it is compiled for.
    pub(crate) tier: Tier,
    /// What the policy says of that tier.
    pub(crate) spec: &'o TierSpec,
    /// Which facts it may rely on.
    pub(crate) facts: Use,
    pub(crate) imports: &'o ImportBudget,
    /// Those it serves, with their transformations and options.
    pub(crate) requests: &'o mut Vec<Request>,
    /// What is to be measured in it.
    pub(crate) probe: Option<&'o Probe>,
}

/// Compiles one version for all requests of `order` and commits itself to their answers; those whose own transformation or
/// options are broken, or that nobody waits for any more, are answered and dropped, so that they don't take the others down with
/// them. When the fault is nobody's it may be that of an imported callee, which may never be called: a unit without imports is
/// tried before giving up.
pub(crate) fn compile_without_broken(
    engine: &Engine,
    numbers: &VersionNumbers,
    mut order: Order<'_>,
) -> Result<Ready, Error> {
    // Without the requests it is still to be compiled then.
    let has_tripped = order.requests.iter().any(Request::raised);
    loop {
        match compile(engine, numbers, &mut order) {
            Ok(ready) => match commit(order.requests) {
                Ok(()) => return Ok(ready),
                Err((index, error)) => {
                    discard(engine, ready.code);
                    drop_broken(order.requests, (index, error), has_tripped)?;
                }
            },
            Err(Failure {
                blame: Blame::Request(index),
                error,
            }) => drop_broken(order.requests, (index, error), has_tripped)?,
            Err(Failure {
                blame: Blame::Unit, ..
            }) if *order.imports != ImportBudget::NONE => order.imports = &ImportBudget::NONE,
            Err(Failure { error, .. }) => return Err(error),
        }
    }
}

/// Answers one request, and goes on with the others; if there is none, and nothing else wants the unit, that is it.
fn drop_broken(
    requests: &mut Vec<Request>,
    (index, error): (usize, Error),
    has_tripped: bool,
) -> Result<(), Error> {
    if requests.len() == 1 && !has_tripped {
        return Err(error);
    }
    requests.remove(index).answer(Err(error));
    Ok(())
}

/// From now on the requests are answered by who compiled the unit; or none is, because one is not wanted any more.
fn commit(requests: &[Request]) -> Result<(), (usize, Error)> {
    for (index, request) in requests.iter().enumerate() {
        let Some(promise) = &request.promise else {
            continue;
        };
        if !promise.commit() {
            reopen(&requests[..index]);
            let symbol = promise.shared().symbol().to_string();
            let error = request.unwanted().unwrap_or(Error::Cancelled(symbol));
            return Err((index, error));
        }
    }
    Ok(())
}

/// The unit that was committed to has come to nothing, and another is tried.
pub(crate) fn reopen(requests: &[Request]) {
    let promises = requests
        .iter()
        .filter_map(|request| request.promise.as_ref());
    promises.for_each(Promise::reopen);
}

/// Frees what was linked and not published.
fn discard(engine: &Engine, code: Code) {
    if let Some(tracker) = engine.modules.take(code) {
        // What can't be freed is not used: nobody minds it.
        // SAFETY: nobody but this thread has had its address, and it was not stored.
        let _freed = unsafe { tracker.remove() };
    }
}

/// Why a unit could not be compiled, and what is to blame.
struct Failure {
    blame: Blame,
    error: Error,
}

#[derive(Debug, Clone, Copy)]
enum Blame {
    /// One of the requests.
    Request(usize),
    /// Something in the unit.
    Unit,
    /// It was given up, and would be again.
    Limit,
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            blame: Blame::Unit,
            error: error.into(),
        }
    }
}

fn compile(
    engine: &Engine,
    numbers: &VersionNumbers,
    order: &mut Order<'_>,
) -> Result<Ready, Failure> {
    let record = order.record;
    let limits = Limits::new(&engine.config, order);
    let version = numbers.next(engine, record)?;
    let body = tjit_mangle::body_name(record.symbol(), version, tjit_mangle::Tier::Optimized);
    let mut phases = PhaseTimes::new();

    let start = Instant::now();
    let (unit, home) = slice(engine, order, &body)?;
    limits.check_size(&unit).map_err(|reason| Failure {
        blame: match *order.imports == ImportBudget::NONE {
            true => Blame::Limit,
            false => Blame::Unit,
        },
        error: failure(record, &reason),
    })?;
    phases.add(Phase::Slice, start.elapsed());

    let start = Instant::now();
    transform_for_all(engine, (&unit, &body), order)?;
    phases.add(Phase::Transform, start.elapsed());

    let start = Instant::now();
    let mut counts = facts::unit::fold(engine, order.unit, &unit, order.facts)?;
    counts.arguments = order.requests.iter().map(Request::arguments).sum();
    phases.add(Phase::Fold, start.elapsed());

    let start = Instant::now();
    let (probe, counter) = instrument((engine, numbers), order, (&unit, &body))?;
    phases.add(Phase::Instrument, start.elapsed());

    if let Some(directory) = &engine.config.emit_ir {
        emit_ir::write(directory, &body, &unit)?;
    }
    let chosen = Chosen::of(order.requests);
    let options = ModuleOptions {
        values_folded: counts.values > 0,
        stop: limits.stop(),
        ..chosen.options(order)
    };
    let probed = probe.iter().flat_map(|probe| probe.names());
    let others = probed.chain(counter.as_deref());
    let emitted = object::emit(
        engine,
        (&unit, home),
        std::slice::from_ref(&body),
        others,
        &options,
    )
    .map_err(|error| blame(order, (&chosen, &limits), &error))?;
    phases += &emitted.phases;
    let probed = probe.map(|probe| probe.linked(&emitted)).transpose()?;
    let compiled = Compiled {
        address: emitted.address(&body)?,
        size: emitted.size(&body),
        counter: counter.map(|name| emitted.address(&name)).transpose()?,
        body: Arc::from(body),
        phases,
    };
    Ok(Ready {
        compiled,
        facts: counts,
        code: emitted.code,
        retained: emitted.retained.map(Arc::from),
        probed,
    })
}

/// Adds what is measured, or else the counters of the tier: what is measured is not to be promoted.
fn instrument(
    (engine, numbers): (&Engine, &VersionNumbers),
    order: &Order<'_>,
    (unit, body): (&ThreadSafeModule, &str),
) -> Result<(Option<Inserted>, Option<String>), Error> {
    if let Some(probe) = order.probe {
        let inserted = probe.insert((engine, numbers), order.record, (unit, body))?;
        return Ok((Some(inserted), None));
    }
    let counting = Counting::at(engine, order.tier);
    let counter = unit.with_module(|module| counting.instrument(module, body, order.record))?;
    Ok((None, counter))
}

/// The root and what is worth inlining into it, and the module that it is to be freed with.
fn slice(
    engine: &Engine,
    order: &Order<'_>,
    body: &str,
) -> Result<(ThreadSafeModule, Option<ModuleId>), Error> {
    let program = engine.program();
    let symbol = order.record.symbol();
    let slice = program.unit(symbol, body, order.imports)?;
    // While the program is what it is: who redefines one of these functions finds this unit, or this unit the new body.
    let dependencies = &mut engine.facts.state().dependencies;
    for function in slice.bodies.iter().chain([symbol]) {
        dependencies.record(order.unit, function, Some(Source::Body));
    }
    Ok((slice.module, program.module_of(symbol)))
}

/// Has every request do to the unit what it wants done.
fn transform_for_all(
    engine: &Engine,
    unit: (&ThreadSafeModule, &str),
    order: &mut Order<'_>,
) -> Result<(), Failure> {
    for index in 0..order.requests.len() {
        let request = &mut order.requests[index];
        transform(engine, order.record, unit, request).map_err(|error| Failure {
            blame: Blame::Request(index),
            error,
        })?;
        // A transformation may take its time.
        if let Some((index, error)) = limits::unwanted(order.requests) {
            let blame = Blame::Request(index);
            return Err(Failure { blame, error });
        }
    }
    Ok(())
}

/// What is to blame for an error of compiler or linker.
fn blame(order: &Order<'_>, (chosen, limits): (&Chosen, &Limits), error: &Error) -> Failure {
    if error.is_stop() {
        return match limits::unwanted(order.requests) {
            Some((index, error)) => Failure {
                blame: Blame::Request(index),
                error,
            },
            None => Failure {
                blame: Blame::Limit,
                error: failure(order.record, &limits.reason()),
            },
        };
    }
    let culprit = chosen.how.filter(|_| error.is_pipeline());
    Failure {
        blame: culprit.map_or(Blame::Unit, Blame::Request),
        error: failure(order.record, &error.to_string()),
    }
}

/// Whose options hold: of several requests the last that says anything of the matter.
struct Chosen {
    /// Who says how much is optimised: by level, pipeline, or both.
    how: Option<usize>,
    features: Option<usize>,
}

impl Chosen {
    fn of(requests: &[Request]) -> Self {
        let last = |says: fn(&Request) -> bool| requests.iter().rposition(says);
        Self {
            how: last(|request| request.options.say_how()),
            features: last(|request| request.options.features.is_some()),
        }
    }

    fn options(&self, order: &Order<'_>) -> ModuleOptions {
        let of = |index: Option<usize>| index.map(|index| &order.requests[index].options);
        let (pipeline, level) = match of(self.how) {
            Some(how) => (how.pipeline.clone(), how.level),
            None => (pipeline_of(order), None),
        };
        ModuleOptions {
            pipeline,
            level,
            features: of(self.features).and_then(|options| options.features.clone()),
            ..ModuleOptions::default()
        }
    }
}

/// The pipeline of the function, or else of the tier, if either has one.
fn pipeline_of(order: &Order<'_>) -> Option<String> {
    let directed = order.record.directive().pipeline;
    let directed = directed.map(|pipeline| pipeline.to_string());
    directed.or_else(|| order.spec.pipeline.clone())
}

pub(crate) fn failure(record: &FunctionRecord, reason: &str) -> Error {
    Error::Compile {
        function: record.symbol().to_string(),
        reason: reason.to_owned(),
    }
}
