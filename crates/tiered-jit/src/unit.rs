//! Compiling one unit: slice, transformations, facts, pipeline, object.

use std::sync::Arc;
use std::time::Instant;

use tjit_compile_layer::ModuleOptions;
use tjit_link::ImportBudget;
use tjit_mangle::Tier;
use tjit_runtime::{Compiled, FactCounts, FunctionRecord, Phase, PhaseTimes, UnitId};

use crate::Error;
use crate::code::Code;
use crate::emit_ir;
use crate::engine::Engine;
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
}

/// Compiles one version for all `requests`; those whose own transformation or pipeline is broken are answered and dropped, so
/// that they don't take the others down with them. When the fault is nobody's it may be that of an imported callee, which may
/// never be called: a unit without imports is tried before giving up.
pub(crate) fn compile_without_broken(
    engine: &Engine,
    (numbers, facts): (&VersionNumbers, (UnitId, Use)),
    record: &FunctionRecord,
    requests: &mut Vec<Request>,
) -> Result<Ready, Error> {
    let mut imports = &engine.config.imports;
    loop {
        match compile(engine, (numbers, facts), record, (requests, imports)) {
            Ok(ready) => return Ok(ready),
            Err(Failure {
                culprit: Some(index),
                error,
            }) if requests.len() > 1 => {
                let request = requests.remove(index);
                if let Some(answer) = request.answer {
                    answer.give(Err(error));
                }
            }
            Err(Failure { culprit: None, .. }) if *imports != ImportBudget::NONE => {
                imports = &ImportBudget::NONE;
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
    (numbers, (fact_unit, allowed)): (&VersionNumbers, (UnitId, Use)),
    record: &FunctionRecord,
    (requests, imports): (&mut [Request], &ImportBudget),
) -> Result<Ready, Failure> {
    let version = numbers.next(engine, record)?;
    let body = tjit_mangle::body_name(record.symbol(), version, Tier::Optimized);
    let mut phases = PhaseTimes::new();

    let start = Instant::now();
    let unit = engine
        .program()
        .unit_slice(record.symbol(), &body, imports)?;
    phases.add(Phase::Slice, start.elapsed());

    let start = Instant::now();
    for (index, request) in requests.iter_mut().enumerate() {
        transform(record, &unit, &body, request).map_err(|error| Failure {
            culprit: Some(index),
            error,
        })?;
    }
    phases.add(Phase::Transform, start.elapsed());

    let start = Instant::now();
    let counts = facts::unit::fold(engine, fact_unit, &unit, allowed)?;
    phases.add(Phase::Fold, start.elapsed());

    if let Some(directory) = &engine.config.emit_ir {
        emit_ir::write(directory, &body, &unit)?;
    }
    // Of several pipelines the last one asked for wins.
    let chosen = requests
        .iter()
        .rposition(|request| request.pipeline.is_some());
    let options = ModuleOptions {
        pipeline: chosen.and_then(|index| requests[index].pipeline.clone()),
        values_folded: counts.values > 0,
    };
    let emitted = object::emit(engine, &unit, std::slice::from_ref(&body), [], &options).map_err(
        |error| {
            let is_pipeline = error.is_pipeline();
            Failure {
                culprit: chosen.filter(|_| is_pipeline),
                error: failure(record, &error.to_string()),
            }
        },
    )?;
    phases += &emitted.phases;
    let compiled = Compiled {
        address: emitted.address(&body)?,
        size: emitted.size(&body),
        body: Arc::from(body),
        phases,
    };
    Ok(Ready {
        compiled,
        facts: counts,
        code: emitted.code,
    })
}

pub(crate) fn failure(record: &FunctionRecord, reason: &str) -> Error {
    Error::Compile {
        function: record.symbol().to_string(),
        reason: reason.to_owned(),
    }
}
