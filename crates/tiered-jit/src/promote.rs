//! The optimising workers: from a job to a published version.

use std::sync::{Arc, Mutex, PoisonError};

use tjit_runtime::{Compiled, FunctionRecord, Job, JobOutcome, VersionInfo};

use crate::Error;
use crate::engine::Engine;
use crate::facts::unit::Use;
use crate::recipe::Recipe;
use crate::request::{Lapsed, Request};
use crate::unit::{Order, compile_without_broken, failure, reopen};
use crate::version_numbers::VersionNumbers;
use crate::{facts, fork};

/// Works until the runtime is shut down.
pub(crate) fn work(engine: &Engine, numbers: &VersionNumbers) -> Result<(), Error> {
    let mut worker = engine.runtime.worker()?;
    loop {
        // Requests own closures of others, which may panic when they are dropped: the panic hook tells of that, and the job, if
        // there was one, has failed.
        let next = tjit_orc::guard("taking a job", || {
            Ok(worker.next_job_inside(fork::enter, &Lapsed))
        });
        match next {
            Ok(Some((_inside, job))) => {
                let _served = tjit_orc::guard("promoting", || {
                    serve(engine, numbers, job);
                    Ok(())
                });
            }
            Ok(None) => return Ok(()),
            Err(_panic) => {}
        }
    }
}

/// Serves a job that has begun, and answers those who asked for it.
pub(crate) fn serve(engine: &Engine, numbers: &VersionNumbers, mut job: Job<'_, Request>) {
    let _promoting = tjit_failpoint::enter(tjit_failpoint::Phase::Promotion);
    let record = job.record();
    let requests = job.take_requests();
    let recipe = match requests.is_empty() {
        true => engine.recipes.of(record.id(), record.last_unit()),
        false => Arc::new(Mutex::new(requests)),
    };
    let mut requests = recipe.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = promote(engine, numbers, job, (&recipe, &mut requests));
    let promises = requests
        .iter_mut()
        .filter_map(|request| request.promise.take());
    let promises: Vec<_> = promises.collect();
    requests.retain(Request::changes_code);
    drop(requests);
    for promise in promises {
        // Whoever dropped the ticket does not want to know.
        promise.give(answer.clone());
    }
}

/// Compiles and publishes units until one is published whose facts still hold.
fn promote(
    engine: &Engine,
    numbers: &VersionNumbers,
    mut job: Job<'_, Request>,
    (recipe, requests): (&Recipe, &mut Vec<Request>),
) -> Result<Arc<VersionInfo>, Error> {
    let record = job.record();
    if let Err(error) = engine.reclaim.make_room(engine, record) {
        job.decline(&error.to_string());
        return Err(error);
    }
    let mut attempts = 0..facts::unit::ATTEMPTS;
    loop {
        let allowed = match attempts.next() {
            Some(_) => Use::All,
            None => Use::Lasting,
        };
        let unit = job.unit();
        engine.begin_unit(record.id(), unit, (recipe, requests));
        let answer = match attempt(engine, (numbers, allowed), job, requests) {
            Ok(JobOutcome::Stale(again)) => {
                engine.abandon_unit(record.id(), unit);
                reopen(requests);
                job = again;
                continue;
            }
            Ok(JobOutcome::Installed(version)) => Ok(version),
            Ok(JobOutcome::Withdrawn(reason)) => Err(withdrawn(record, &reason)),
            Err(error) => Err(error),
        };
        if answer.is_err() {
            engine.abandon_unit(record.id(), unit);
        }
        return answer;
    }
}

/// What requests hear that were overtaken.
pub(crate) fn withdrawn(record: &FunctionRecord, reason: &str) -> Error {
    Error::Withdrawn {
        function: record.symbol().to_string(),
        reason: reason.to_owned(),
    }
}

/// Compiles and publishes one unit.
fn attempt<'r>(
    engine: &Engine,
    how: (&VersionNumbers, Use),
    mut job: Job<'r, Request>,
    requests: &mut Vec<Request>,
) -> Result<JobOutcome<'r, Request>, Error> {
    let record = job.record();
    let unit = job.unit();
    match make(engine, how, &mut job, requests) {
        Ok(compiled) => {
            let outcome = job.publish(compiled, |address| engine.install(record, address));
            if !matches!(outcome, Ok(JobOutcome::Installed(_))) {
                engine.reclaim.discard(engine, unit);
            }
            outcome
        }
        Err(error) => {
            match error {
                // Nothing is wrong with the function.
                Error::Cancelled(_) | Error::Deadline(_) => job.withdraw(&error.to_string()),
                _ => job.fail(&error.to_string()),
            }
            Err(error)
        }
    }
}

/// Compiles the unit of a job, to be published or [discarded](crate::reclaim::Reclaim::discard).
pub(crate) fn make(
    engine: &Engine,
    (numbers, allowed): (&VersionNumbers, Use),
    job: &mut Job<'_, Request>,
    requests: &mut Vec<Request>,
) -> Result<Compiled, Error> {
    let record = job.record();
    let (unit, tier) = (job.unit(), job.tier());
    let made = tjit_orc::guard("compiling", || {
        let Some(spec) = engine.config.policy.spec(tier) else {
            return Ok(Err(failure(record, &format!("the policy has no {tier}"))));
        };
        let order = Order {
            record,
            unit,
            tier,
            spec,
            facts: allowed,
            imports: &engine.config.imports,
            requests,
            probe: None,
        };
        Ok(compile_without_broken(engine, numbers, order))
    });
    let ready = made.unwrap_or_else(|panic| Err(failure(record, &panic.to_string())))?;
    job.relies_on(ready.facts);
    let memory = (ready.code, ready.retained);
    engine.reclaim.linked(unit, record.id(), memory);
    Ok(ready.compiled)
}
