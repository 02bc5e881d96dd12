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
use crate::object;
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

/// Compiles one version for all requests of `order`; those whose own transformation or pipeline is broken are answered and dropped, so
/// that they don't take the others down with them. When the fault is nobody's it may be that of an imported callee, which may
/// never be called: a unit without imports is tried before giving up.
pub(crate) fn compile_without_broken(
    engine: &Engine,
    numbers: &VersionNumbers,
    mut order: Order<'_>,
) -> Result<Ready, Error> {
    loop {
        match compile(engine, numbers, &mut order) {
            Ok(ready) => return Ok(ready),
            Err(Failure {
                culprit: Some(index),
                error,
            }) if order.requests.len() > 1 => {
                let request = order.requests.remove(index);
                if let Some(answer) = request.answer {
                    answer.give(Err(error));
                }
            }
            Err(Failure { culprit: None, .. }) if *order.imports != ImportBudget::NONE => {
                order.imports = &ImportBudget::NONE;
            }
            Err(Failure { error, .. }) => return Err(error),
        }
    }
}

/// Why a unit could not be compiled, and through which request if one is to blame.
struct Failure {
    culprit: Option<usize>,
    error: Error,
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            culprit: None,
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
    let version = numbers.next(engine, record)?;
    let body = tjit_mangle::body_name(record.symbol(), version, tjit_mangle::Tier::Optimized);
    let mut phases = PhaseTimes::new();

    let start = Instant::now();
    let (unit, home) = slice(engine, order, &body)?;
    phases.add(Phase::Slice, start.elapsed());

    let start = Instant::now();
    for (index, request) in order.requests.iter_mut().enumerate() {
        transform(record, &unit, &body, request).map_err(|error| Failure {
            culprit: Some(index),
            error,
        })?;
    }
    phases.add(Phase::Transform, start.elapsed());

    let start = Instant::now();
    let counts = facts::unit::fold(engine, order.unit, &unit, order.facts)?;
    phases.add(Phase::Fold, start.elapsed());

    let start = Instant::now();
    let (probe, counter) = instrument((engine, numbers), order, (&unit, &body))?;
    phases.add(Phase::Instrument, start.elapsed());

    if let Some(directory) = &engine.config.emit_ir {
        emit_ir::write(directory, &body, &unit)?;
    }
    // Of several pipelines the last one asked for wins.
    let requests = &order.requests;
    let chosen = requests
        .iter()
        .rposition(|request| request.pipeline.is_some());
    let asked_for = chosen.and_then(|index| requests[index].pipeline.clone());
    let options = ModuleOptions {
        pipeline: asked_for.or_else(|| pipeline_of(order)),
        values_folded: counts.values > 0,
        ..ModuleOptions::default()
    };
    let probed = probe.iter().flat_map(|probe| probe.names());
    let others = probed.chain(counter.as_deref());
    let bodies = std::slice::from_ref(&body);
    let emitted =
        object::emit(engine, (&unit, home), bodies, others, &options).map_err(|error| {
            let is_pipeline = error.is_pipeline();
            Failure {
                culprit: chosen.filter(|_| is_pipeline),
                error: failure(record, &error.to_string()),
            }
        })?;
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
