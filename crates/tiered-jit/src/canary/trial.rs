//! A trial from its beginning to its end, on a thread of its own.
//!
//! The job of the function stays under way meanwhile, so that nobody else compiles it: requests wait, and so do trips in case it
//! comes to nothing. What ends it early the runtime tells (`Job::must_end`); that calls don't get the candidate any more when one
//! of its facts ends it sees to at once. The gate of `fork` is entered for each step and left in between, so that a trial holds
//! nobody up.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tjit_runtime::{Cause, FunctionRecord, Job, TrialError, UnitId};
use tjit_stubs::{CodePtr, StubId};

use super::figures::CanaryTimes;
use super::live::Entered;
use super::probe::{Probe, Probed};
use super::splitter::{self, Targets};
use super::{Calls, Canary, CanaryFigures, CanaryOutcome, Measure, RollBackReason};
use crate::engine::Engine;
use crate::facts::unit::Use;
use crate::promise::Promise;
use crate::request::Request;
use crate::unit::{Order, compile_without_broken, failure};
use crate::{Error, fork, promote};

/// How often a trial looks at its figures. Reading them takes microseconds.
const INTERVAL: Duration = Duration::from_millis(2);

/// Tries what `request` asks for, and answers.
pub(super) fn run(entered: &Entered<'_>, request: Request, canary: &Canary) {
    let Some(record) = entered.record() else {
        return;
    };
    let trial = Trial {
        entered,
        engine: entered.engine,
        record,
        canary,
    };
    let outcome = trial.run(request);
    let _inside = fork::enter();
    entered.live.give(outcome);
}

struct Trial<'e> {
    entered: &'e Entered<'e>,
    engine: &'e Engine,
    record: &'e FunctionRecord,
    canary: &'e Canary,
}

/// What was compiled for a trial.
struct Set {
    candidate: Made,
    control: Made,
    splitter: splitter::Splitter,
}

/// One unit of it.
struct Made {
    unit: UnitId,
    body: Arc<str>,
    probed: Probed,
}

/// Why a trial has not begun.
enum Unbegun {
    Ended(RollBackReason),
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Unbegun {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl<'e> Trial<'e> {
    fn run(&self, request: Request) -> Result<CanaryOutcome, Error> {
        let none = CanaryFigures::default();
        let mut job = match self.claim()? {
            Ok(job) => job,
            Err(reason) => return Ok(self.rolled_back(reason, none)),
        };
        let mut requests = vec![request];
        let begun = {
            let _inside = fork::enter();
            self.begin(&mut job, &mut requests)
        };
        let set = match begun {
            Ok(set) => set,
            Err(unbegun) => {
                let _inside = fork::enter();
                return match unbegun {
                    Unbegun::Ended(reason) => {
                        job.withdraw(&reason.to_string());
                        Ok(self.rolled_back(reason, none))
                    }
                    Unbegun::Failed(error) => {
                        job.withdraw(&error.to_string());
                        Err(error)
                    }
                };
            }
        };
        let (decision, figures) = self.watch(&job, &set);
        let _inside = fork::enter();
        let outcome = match decision {
            Ok(()) => self.commit(job, requests, figures),
            Err(reason) => {
                job.end_trial();
                job.withdraw(&reason.to_string());
                Ok(self.rolled_back(reason, figures))
            }
        };
        self.retire(&set);
        outcome
    }

    /// Waits until nobody compiles the function; the job lasts from then on.
    fn claim(&self) -> Result<Result<Job<'e, Request>, RollBackReason>, Error> {
        loop {
            if let Some(reason) = self.entered.live.told() {
                return Ok(Err(reason));
            }
            let claimed = {
                let _inside = fork::enter();
                let runtime = &self.engine.runtime;
                runtime.try_claim(self.record.id(), Cause::Canary)?
            };
            match claimed {
                Some(job) => return Ok(Ok(job)),
                None => self.entered.live.wait(INTERVAL),
            }
        }
    }

    /// Compiles both versions and the splitter, and gives that the slot.
    fn begin(
        &self,
        job: &mut Job<'e, Request>,
        requests: &mut Vec<Request>,
    ) -> Result<Set, Unbegun> {
        let recipe = self
            .engine
            .recipes
            .of(self.record.id(), self.record.last_unit());
        let mut recipe = recipe.lock().unwrap_or_else(PoisonError::into_inner);
        let probe = match self.canary.compare.0 {
            Measure::Time { .. } => Probe::Timing,
            Measure::Result { assumed } => Probe::Control { assumed },
        };
        let control = self.compile(job, &mut recipe, &probe)?;
        drop(recipe);
        let probe = match self.canary.compare.0 {
            Measure::Time { .. } => Probe::Timing,
            Measure::Result { assumed } => Probe::Shadow {
                control: control.body.clone(),
                assumed,
            },
        };
        let candidate = self
            .compile(job, requests, &probe)
            .inspect_err(|_| self.forget(control.unit))?;
        let targets = Targets {
            candidate: candidate.probed.entry,
            control: control.probed.entry,
        };
        let number = self.entered.live.number;
        let calls = &self.canary.calls;
        if let Calls::Threads(threads) = calls {
            self.engine.canaries.keep_table(threads.table());
        }
        let unit = job.add_unit();
        let names = (&candidate.body, &control.body);
        let split = splitter::link(self.engine, (self.record, unit), number, (calls, targets))
            .map_err(Unbegun::from)
            .and_then(|splitter| self.install(job, names, &splitter).map(|()| splitter));
        match split {
            Ok(splitter) => Ok(Set {
                candidate,
                control,
                splitter,
            }),
            Err(unbegun) => {
                for unit in [unit, candidate.unit, control.unit] {
                    self.forget(unit);
                }
                Err(unbegun)
            }
        }
    }

    fn install(
        &self,
        job: &mut Job<'e, Request>,
        names: (&Arc<str>, &Arc<str>),
        splitter: &splitter::Splitter,
    ) -> Result<(), Unbegun> {
        let install = || self.engine.install(self.record, splitter.address);
        let (stubs, id) = (
            self.engine.stubs.clone(),
            StubId::from_index(self.record.id().index()),
        );
        let restore = Box::new(move |address: Option<usize>| {
            // A stub that was removed leads nowhere.
            let _restored = match address.and_then(CodePtr::new) {
                Some(code) => stubs.update(id, code),
                None => stubs.reset_lazy(id),
            };
        });
        let begun = job.begin_trial(names, install, restore);
        begun.map_err(|error| match error {
            TrialError::Install(error) => Unbegun::Failed(error),
            TrialError::Stale(reason) => Unbegun::Ended(RollBackReason::Overtaken(reason)),
            _ => Unbegun::Ended(RollBackReason::Overtaken(Arc::from("the slot is taken"))),
        })
    }

    /// Compiles one of the two, with a probe in it.
    fn compile(
        &self,
        job: &mut Job<'e, Request>,
        requests: &mut Vec<Request>,
        probe: &Probe,
    ) -> Result<Made, Error> {
        let unit = job.add_unit();
        let (engine, record) = (self.engine, self.record);
        let mut state = engine.facts.state();
        state.dependencies.begin_trial(unit, record.id());
        drop(state);
        let made = tjit_orc::guard("compiling", || {
            let Some(spec) = engine.config.policy.spec(job.tier()) else {
                let reason = format!("the policy has no {}", job.tier());
                return Ok(Err(failure(record, &reason)));
            };
            let order = Order {
                record,
                unit,
                tier: job.tier(),
                spec,
                facts: Use::All,
                imports: &engine.config.imports,
                requests,
                probe: Some(probe),
            };
            Ok(compile_without_broken(engine, &engine.numbers, order))
        })
        .unwrap_or_else(|panic| Err(failure(record, &panic.to_string())))
        .and_then(|ready| {
            let memory = (ready.code, ready.retained);
            engine.reclaim.linked(unit, record.id(), memory);
            let probed = ready.probed;
            let probed = probed.ok_or_else(|| failure(record, "it has no probe"))?;
            Ok(Made {
                unit,
                body: ready.compiled.body,
                probed,
            })
        });
        if made.is_err() {
            self.forget(unit);
        }
        made
    }

    /// Looks at the figures until they decide, or something else does.
    fn watch(
        &self,
        job: &Job<'e, Request>,
        set: &Set,
    ) -> (Result<(), RollBackReason>, CanaryFigures) {
        let deadline = Instant::now().checked_add(self.canary.deadline);
        loop {
            {
                let _inside = fork::enter();
                let (decision, figures) = self.judge(set);
                let overtaken = || job.must_end().map(RollBackReason::Overtaken);
                if let Some(reason) = self.entered.live.told().or_else(overtaken) {
                    return (Err(reason), figures);
                }
                if let Some(decision) = decision {
                    return (decision, figures);
                }
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return (Err(RollBackReason::Deadline), figures);
                }
            }
            self.entered.live.wait(INTERVAL);
        }
    }

    /// What the figures say; `None` while there are too few.
    fn judge(&self, set: &Set) -> (Option<Result<(), RollBackReason>>, CanaryFigures) {
        let (candidate, control) = (set.candidate.probed.measured, set.control.probed.measured);
        let max_ratio = match self.canary.compare.0 {
            Measure::Time { max_ratio } => max_ratio,
            Measure::Result { .. } => {
                // SAFETY: it is freed by `retire`, later.
                let compared = unsafe { candidate.compared() };
                let enough = compared.calls >= self.canary.samples;
                let figures = CanaryFigures {
                    compared: compared.calls,
                    ..CanaryFigures::default()
                };
                let differs = compared
                    .difference
                    .map(|(old, new)| Err(RollBackReason::Differs { old, new }));
                return (differs.or(enough.then_some(Ok(()))), figures);
            }
        };
        // SAFETY: they are freed by `retire`, later.
        let candidate = unsafe { candidate.times() };
        // SAFETY: as above.
        let control = unsafe { control.times() };
        let figures = CanaryFigures {
            candidate: CanaryTimes::of(&candidate),
            control: CanaryTimes::of(&control),
            compared: 0,
        };
        let fewer = figures.candidate.samples.min(figures.control.samples);
        let enough = fewer >= self.canary.samples;
        let is_good = figures.ratio().is_some_and(|ratio| ratio <= max_ratio);
        let decision = is_good.then_some(()).ok_or(RollBackReason::Slower);
        (enough.then_some(decision), figures)
    }

    /// Publishes the version as any other that was asked for.
    fn commit(
        &self,
        mut job: Job<'e, Request>,
        requests: Vec<Request>,
        figures: CanaryFigures,
    ) -> Result<CanaryOutcome, Error> {
        let promise = Promise::new(self.record.symbol().clone());
        let waiting = promise.shared().clone();
        let mut promise = Some(promise);
        for mut request in requests {
            request.promise = promise.take();
            job.add_request(request);
        }
        promote::serve(self.engine, &self.engine.numbers, job);
        let symbol = self.record.symbol();
        drop(promise);
        let version = waiting
            .wait(None)
            .flatten()
            .unwrap_or_else(|| Err(Error::ShutDown(symbol.to_string())))?;
        self.decided(true, &figures.to_string());
        Ok(CanaryOutcome::Committed { version, figures })
    }

    fn rolled_back(&self, reason: RollBackReason, figures: CanaryFigures) -> CanaryOutcome {
        self.decided(false, &format!("{reason}; {figures}"));
        CanaryOutcome::RolledBack { reason, figures }
    }

    fn decided(&self, committed: bool, reason: &str) {
        let id = self.record.id();
        let _known = self.engine.runtime.trial_decided(id, committed, reason);
    }

    /// What was compiled for a trial that does not begin: nobody has been in it.
    fn forget(&self, unit: UnitId) {
        let mut state = self.engine.facts.state();
        state.dependencies.end_trial(unit);
        drop(state);
        self.engine.reclaim.discard(self.engine, unit);
    }

    /// The trial is over: no new call enters what was compiled for it, but calls may still be in it.
    fn retire(&self, set: &Set) {
        for unit in [set.splitter.unit, set.candidate.unit, set.control.unit] {
            let mut state = self.engine.facts.state();
            state.dependencies.end_trial(unit);
            drop(state);
            self.engine.reclaim.retire_tried(self.record.id(), unit);
        }
    }
}
