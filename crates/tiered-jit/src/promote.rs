//! The optimising workers: from a job to a published version.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tjit_compile_layer::ModuleOptions;
use tjit_link::ImportBudget;
use tjit_mangle::{Tier, Version};
use tjit_orc::ThreadSafeModule;
use tjit_runtime::{
    Compiled, FactCounts, FunctionId, FunctionRecord, Job, JobOutcome, Phase, PhaseTimes, UnitId,
    VersionInfo,
};

use crate::Error;
use crate::emit_ir;
use crate::engine::Engine;
use crate::facts::unit::Use;
use crate::object;
use crate::request::Request;
use crate::{facts, fork};

/// Which version number comes next, also counting versions that failed: their names are used up.
#[derive(Debug, Default)]
pub(crate) struct VersionNumbers(Mutex<HashMap<FunctionId, Version>>);

impl VersionNumbers {
    fn next(&self, engine: &Engine, function: &FunctionRecord) -> Result<Version, Error> {
        let mut numbers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match numbers.get(&function.id()) {
            None => Some(Version::FIRST),
            Some(last) => last.next(),
        };
        let next = next.ok_or_else(|| failure(function, "it has run out of version numbers"))?;
        let next = engine
            .program()
            .free_version(function.symbol(), next, Tier::Optimized)?;
        numbers.insert(function.id(), next);
        Ok(next)
    }
}

/// Works until the runtime is shut down.
pub(crate) fn work(engine: &Engine, numbers: &VersionNumbers) -> Result<(), Error> {
    let mut worker = engine.runtime.worker()?;
    while let Some((_inside, job)) = worker.next_job_inside(fork::enter) {
        serve(engine, numbers, job);
    }
    Ok(())
}

fn serve(engine: &Engine, numbers: &VersionNumbers, mut job: Job<'_, Request>) {
    let recipe = engine.recipes.of(job.record().id());
    let mut recipe = recipe.lock().unwrap_or_else(PoisonError::into_inner);
    let mut requests = job.take_requests();
    let was_asked_for = !requests.is_empty();
    if !was_asked_for {
        requests = std::mem::take(&mut *recipe);
    }
    let answer = promote(engine, numbers, job, &mut requests);
    let answers = requests
        .iter_mut()
        .filter_map(|request| request.answer.take());
    let answers: Vec<_> = answers.collect();
    if answer.is_ok() || !was_asked_for {
        requests.retain(Request::changes_code);
        *recipe = requests;
    }
    drop(recipe);
    for waiting in answers {
        // Whoever dropped the ticket does not want to know.
        waiting.give(answer.clone());
    }
}

/// Compiles and publishes units until one is published whose facts still hold.
fn promote(
    engine: &Engine,
    numbers: &VersionNumbers,
    mut job: Job<'_, Request>,
    requests: &mut Vec<Request>,
) -> Result<Arc<VersionInfo>, Error> {
    let function = job.record().id();
    let mut attempts = 0..facts::unit::ATTEMPTS;
    loop {
        let allowed = match attempts.next() {
            Some(_) => Use::All,
            None => Use::Lasting,
        };
        let unit = job.unit();
        engine.facts.state().dependencies.begin(unit, function);
        let outcome = attempt(engine, (numbers, allowed), job, requests);
        let dependencies = &mut engine.facts.state().dependencies;
        match outcome {
            Ok(JobOutcome::Installed(version)) => {
                dependencies.published(unit, function);
                return Ok(version);
            }
            Ok(JobOutcome::Stale(again)) => job = again,
            Err(error) => {
                dependencies.abandon(unit, function);
                return Err(error);
            }
        }
    }
}

/// Compiles and publishes one unit.
fn attempt<'r>(
    engine: &Engine,
    (numbers, allowed): (&VersionNumbers, Use),
    mut job: Job<'r, Request>,
    requests: &mut Vec<Request>,
) -> Result<JobOutcome<'r, Request>, Error> {
    let record = job.record();
    let facts = (job.unit(), allowed);
    let outcome = tjit_orc::guard("compiling", || {
        Ok(compile_without_broken(
            engine,
            (numbers, facts),
            record,
            requests,
        ))
    })
    .unwrap_or_else(|panic| Err(failure(record, &panic.to_string())));
    match outcome {
        Ok((compiled, counts)) => {
            job.relies_on(counts);
            job.publish(compiled, |address| engine.install(record, address))
        }
        Err(error) => {
            job.fail(&error.to_string());
            Err(error)
        }
    }
}

fn failure(record: &FunctionRecord, reason: &str) -> Error {
    Error::Compile {
        function: record.symbol().to_string(),
        reason: reason.to_owned(),
    }
}

/// Compiles one version for all `requests`; those whose own transformation or pipeline is broken are answered and dropped, so
/// that they don't take the others down with them. When the fault is nobody's it may be that of an imported callee, which may
/// never be called: a unit without imports is tried before giving up.
fn compile_without_broken(
    engine: &Engine,
    (numbers, facts): (&VersionNumbers, (UnitId, Use)),
    record: &FunctionRecord,
    requests: &mut Vec<Request>,
) -> Result<(Compiled, FactCounts), Error> {
    let mut imports = &engine.config.imports;
    loop {
        match compile(engine, (numbers, facts), record, (requests, imports)) {
            Ok(compiled) => return Ok(compiled),
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
) -> Result<(Compiled, FactCounts), Failure> {
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
    Ok((compiled, counts))
}

/// Runs the transformations of one request and checks what they left behind.
fn transform(
    record: &FunctionRecord,
    unit: &ThreadSafeModule,
    body: &str,
    request: &mut Request,
) -> Result<(), Error> {
    if request.transforms.is_empty() {
        return Ok(());
    }
    let fail = |reason: String| Error::Transform {
        function: record.symbol().to_string(),
        reason,
    };
    let run = || unit.with_module(|module| apply(module, body, request));
    tjit_orc::guard("the transformation", run).map_err(|error| fail(error.message().to_owned()))?;
    unit.verify()
        .map_err(|error| fail(format!("it left a broken module: {}", error.message())))
}

fn apply(
    module: &inkwell::module::Module<'_>,
    body: &str,
    request: &mut Request,
) -> Result<(), tjit_orc::Error> {
    let refuse = |reason: &str| {
        Err(tjit_orc::Error::new(
            tjit_orc::ErrorKind::Passes,
            "the transformation",
            reason,
        ))
    };
    for transform in &mut request.transforms {
        let Some(function) = module.get_function(body) else {
            return refuse(&format!("it removed or renamed `{body}`"));
        };
        let signature = function.get_type();
        if let Err(error) = transform(module, function) {
            return refuse(&error.to_string());
        }
        match module.get_function(body) {
            Some(after) if after.count_basic_blocks() > 0 && after.get_type() == signature => {}
            Some(_) => {
                return refuse(&format!(
                    "it changed the type of `{body}` or dropped its blocks"
                ));
            }
            None => return refuse(&format!("it removed or renamed `{body}`")),
        }
    }
    Ok(())
}
