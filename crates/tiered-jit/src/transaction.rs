//! Functions that change together: all of them, or none.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tjit_runtime::{
    Cause, Change, Changed, Committed, FunctionId, FunctionRecord, Job, UnitId, VersionInfo,
};

use crate::engine::Engine;
use crate::facts::unit::{ATTEMPTS, Use};
use crate::owner::COMPILE_STACK;
use crate::promise::Promise;
use crate::recipe::Recipe;
use crate::reoptimize::Reoptimize;
use crate::request::Request;
use crate::unit::{failure, reopen};
use crate::versions::withdraw;
use crate::{Error, TieredJit, fork, promote};

/// How often it is tried again to begin while somebody else compiles one of the functions, which takes milliseconds.
const INTERVAL: Duration = Duration::from_millis(1);

/// What is to become of several functions, being put together in [`TieredJit::transaction`].
pub struct Transaction<'j> {
    jit: &'j TieredJit,
    /// In the order in which the functions were named first.
    members: Vec<(FunctionId, Member)>,
}

/// What is to become of one function.
enum Member {
    Reoptimize(Request, Option<Instant>),
    RollBack(usize),
}

impl Transaction<'_> {
    /// The function is to be recompiled as [`TieredJit::reoptimize`] would: `request` adds what is wanted of the version. Asked for
    /// again in the same transaction, the wishes are merged as those of [requests that meet](Reoptimize); after a rollback of the
    /// function that is forgotten.
    ///
    /// A [deadline](Reoptimize::deadline) is one for the whole transaction, from now on.
    ///
    /// # Errors
    /// As [`TieredJit::reoptimize`], and what is wrong with the request.
    pub fn reoptimize(
        &mut self,
        name: &str,
        request: impl FnOnce(Reoptimize) -> Reoptimize,
    ) -> Result<(), Error> {
        let asked = request(self.jit.reoptimize(name)?);
        let function = asked.function();
        let deadline = asked.deadline_from_now();
        let request = asked.into_request()?;
        match self.member(function) {
            Some(Member::Reoptimize(before, until)) => {
                before.merge(request);
                *until = until.iter().copied().chain(deadline).min();
            }
            Some(member) => *member = Member::Reoptimize(request, deadline),
            None => {
                let member = Member::Reoptimize(request, deadline);
                self.members.push((function, member));
            }
        }
        Ok(())
    }

    /// The function is to be rolled back, as [`TieredJit::rollback`] does. It forgets what was wanted of the function so far.
    ///
    /// # Errors
    /// As [`TieredJit::versions`]; whether the version can run is seen when all others can.
    pub fn rollback(&mut self, name: &str, version: usize) -> Result<(), Error> {
        let function = self.jit.find(name)?.id();
        let new = Member::RollBack(version);
        match self.member(function) {
            Some(member) => *member = new,
            None => self.members.push((function, new)),
        }
        Ok(())
    }

    fn member(&mut self, function: FunctionId) -> Option<&mut Member> {
        let mut members = self.members.iter_mut();
        let found = members.find(|(id, _)| *id == function);
        found.map(|(_, member)| member)
    }
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = self.members.iter().map(|(id, member)| match member {
            Member::Reoptimize(..) => (id, "reoptimize"),
            Member::RollBack(_) => (id, "rollback"),
        });
        f.debug_map().entries(members).finish()
    }
}

impl TieredJit {
    /// Changes several functions, all or none: `body` says what is to become of each, then new versions are compiled, on a thread of
    /// their own, while the old ones run on, and when all can be had they are published together. Returns the versions that run
    /// then, in the order in which `body` named the functions first.
    ///
    /// Each function switches at a moment of its own, one right after the other: a call that begins meanwhile may find the new
    /// version of one and the old one of another. All calls that begin after this has returned find the new ones. Nobody else
    /// compiles the functions from when the first is begun until that; requests for them wait and are served afterwards.
    ///
    /// # Errors
    /// Those of `body`, when nothing has happened. Otherwise the error that a request or rollback of the function would have had by
    /// itself, which names it: [`Error::Transform`], [`Error::Compile`], [`Error::Version`] and so on; [`Error::Withdrawn`] if one of
    /// the functions was rolled back meanwhile. All functions run then what they did before, and may be promoted as ever.
    /// [`Error::Inside`] in a transformation, where nobody may wait for others to be compiled.
    pub fn transaction(
        &self,
        body: impl FnOnce(&mut Transaction<'_>) -> Result<(), Error>,
    ) -> Result<Vec<Arc<VersionInfo>>, Error> {
        if fork::is_inside() {
            return Err(Error::Inside);
        }
        let mut transaction = Transaction {
            jit: self,
            members: Vec::new(),
        };
        body(&mut transaction)?;
        let members = transaction.members;
        let engine = self.engine();
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("tjit-transaction".to_owned())
                .stack_size(COMPILE_STACK)
                .spawn_scoped(scope, move || run(engine, members))
                .map_err(|error| Error::Thread(error.to_string()))?;
            let panicked = |_| Error::Thread("it panicked in a transaction".to_owned());
            thread.join().map_err(panicked)?
        })
    }
}

/// What a function of a transaction needs to be changed.
enum Planned<'e> {
    Make(&'e FunctionRecord, Recipe),
    RollBack(FunctionId, usize),
}

/// Sees to all of it.
fn run(
    engine: &Engine,
    members: Vec<(FunctionId, Member)>,
) -> Result<Vec<Arc<VersionInfo>>, Error> {
    let planned = plan(engine, members)?;
    let to_make = planned.iter().filter_map(|planned| match planned {
        Planned::Make(record, _) => Some(record.id()),
        Planned::RollBack(..) => None,
    });
    let to_make: Vec<_> = to_make.collect();
    loop {
        {
            let _inside = fork::enter();
            if let Some(jobs) = engine.runtime.try_claim_all(&to_make, Cause::Request)? {
                return carry_out(engine, &planned, jobs);
            }
        }
        // Not inside: who compiles one of them may have to wait for a fork.
        std::thread::park_timeout(INTERVAL);
    }
}

fn plan(engine: &Engine, members: Vec<(FunctionId, Member)>) -> Result<Vec<Planned<'_>>, Error> {
    let deadlines = members.iter().filter_map(|(_, member)| match member {
        Member::Reoptimize(_, deadline) => *deadline,
        Member::RollBack(_) => None,
    });
    let deadline = deadlines.min();
    let plan = |(id, member)| match member {
        Member::Reoptimize(mut request, _) => {
            let record = engine.runtime.table().get(id);
            let record = record.ok_or(tjit_runtime::Error::UnknownFunction(id))?;
            // Nobody waits for it, but who makes the version asks it whether the deadline has passed.
            let promise = Promise::new(record.symbol().clone());
            if let Some(deadline) = deadline {
                promise.shared().set_deadline(deadline);
            }
            request.promise = Some(promise);
            let recipe = Arc::new(Mutex::new(vec![request]));
            Ok(Planned::Make(record, recipe))
        }
        Member::RollBack(number) => Ok(Planned::RollBack(id, number)),
    };
    members.into_iter().map(plan).collect()
}

fn carry_out<'e>(
    engine: &'e Engine,
    planned: &[Planned<'e>],
    jobs: Vec<Job<'e, Request>>,
) -> Result<Vec<Arc<VersionInfo>>, Error> {
    let mut making = Making::new(engine, planned);
    let changed = making
        .all(planned, jobs)
        .and_then(|changes| making.publish(changes));
    making.end(changed.is_ok());
    let versions = changed?.into_iter().map(|changed| {
        if let Some(record) = engine.runtime.table().get(changed.function) {
            withdraw(record, &changed.version, changed.withdrawn);
        }
        changed.version
    });
    Ok(versions.collect())
}

/// Versions that are being made.
struct Making<'e, 'm> {
    engine: &'e Engine,
    units: HashMap<FunctionId, Unit<'m>>,
    attempts: Range<usize>,
}

/// A version that is being made.
struct Unit<'m> {
    recipe: &'m Recipe,
    requests: MutexGuard<'m, Vec<Request>>,
    /// What was begun last, and is to be published or given up.
    unit: Option<UnitId>,
}

impl<'e, 'm> Making<'e, 'm> {
    fn new(engine: &'e Engine, planned: &'m [Planned<'e>]) -> Self {
        let units = planned.iter().filter_map(|planned| match planned {
            Planned::Make(record, recipe) => {
                let unit = Unit {
                    recipe,
                    requests: recipe.lock().unwrap_or_else(PoisonError::into_inner),
                    unit: None,
                };
                Some((record.id(), unit))
            }
            Planned::RollBack(..) => None,
        });
        Self {
            engine,
            units: units.collect(),
            attempts: 0..ATTEMPTS,
        }
    }

    /// Makes all of them. On an error their jobs have ended.
    fn all(
        &mut self,
        planned: &[Planned<'_>],
        jobs: Vec<Job<'e, Request>>,
    ) -> Result<Vec<Change<'e, Request>>, Error> {
        let allowed = self.allowed();
        let mut jobs = jobs.into_iter();
        let mut changes = Vec::with_capacity(planned.len());
        for planned in planned {
            let change = match planned {
                Planned::RollBack(id, number) => Some(Change::RollBack(*id, *number)),
                Planned::Make(..) => match jobs.next().map(|job| self.one(job, allowed)) {
                    Some(Ok(change)) => Some(change),
                    Some(Err(error)) => {
                        give_up(changes, jobs, &error);
                        return Err(error);
                    }
                    None => None,
                },
            };
            changes.extend(change);
        }
        Ok(changes)
    }

    /// Which facts may be used: when some of them went a few times, only those that can't.
    fn allowed(&mut self) -> Use {
        match self.attempts.next() {
            Some(_) => Use::All,
            None => Use::Lasting,
        }
    }

    /// Compiles for one job, which has ended on an error.
    fn one(
        &mut self,
        mut job: Job<'e, Request>,
        allowed: Use,
    ) -> Result<Change<'e, Request>, Error> {
        let (engine, record) = (self.engine, job.record());
        let made = match self.units.get_mut(&record.id()) {
            None => Err(failure(record, "it is not part of the transaction")),
            Some(unit) => engine.reclaim.make_room(engine, record).and_then(|()| {
                engine.begin_unit(record.id(), job.unit(), (unit.recipe, &unit.requests));
                unit.unit = Some(job.unit());
                let how = (&*engine.numbers, allowed);
                promote::make(engine, how, &mut job, &mut unit.requests)
            }),
        };
        match made {
            Ok(compiled) => Ok(Change::Publish(job, Box::new(compiled))),
            Err(error) => {
                job.withdraw(&error.to_string());
                Err(error)
            }
        }
    }

    /// Publishes them together, those anew whose facts have gone.
    fn publish(
        &mut self,
        mut changes: Vec<Change<'e, Request>>,
    ) -> Result<Vec<Changed<Request>>, Error> {
        loop {
            let install = |addresses: &[_]| self.engine.install_all(addresses);
            match self.engine.runtime.commit(changes, install)? {
                Committed::Done(changed) => return Ok(changed),
                Committed::Stale(stale) => changes = self.again(stale)?,
            }
        }
    }

    /// Makes those anew that have another unit now.
    fn again(
        &mut self,
        stale: Vec<Change<'e, Request>>,
    ) -> Result<Vec<Change<'e, Request>>, Error> {
        let allowed = self.allowed();
        let mut changes = Vec::with_capacity(stale.len());
        let mut left = stale.into_iter();
        while let Some(change) = left.next() {
            let change = match change {
                Change::Publish(job, _) if self.is_stale(&job) => {
                    self.discard(job.record().id());
                    self.one(job, allowed)
                }
                other => Ok(other),
            };
            match change {
                Ok(change) => changes.push(change),
                Err(error) => {
                    changes.extend(left);
                    give_up(changes, std::iter::empty(), &error);
                    return Err(error);
                }
            }
        }
        Ok(changes)
    }

    fn is_stale(&self, job: &Job<'_, Request>) -> bool {
        let unit = self.units.get(&job.record().id());
        unit.is_some_and(|unit| unit.unit != Some(job.unit()))
    }

    /// What was made of a function last is not published.
    fn discard(&mut self, function: FunctionId) {
        let Some(found) = self.units.get_mut(&function) else {
            return;
        };
        reopen(&found.requests);
        if let Some(unit) = found.unit.take() {
            self.engine.abandon_unit(function, unit);
            self.engine.reclaim.discard(self.engine, unit);
        }
    }

    /// All were published, or none.
    fn end(mut self, published: bool) {
        let functions: Vec<_> = self.units.keys().copied().collect();
        if !published {
            functions.into_iter().for_each(|id| self.discard(id));
            return;
        }
        for unit in self.units.values_mut() {
            for request in unit.requests.iter_mut() {
                request.promise = None;
            }
            unit.requests.retain(Request::changes_code);
        }
    }
}

/// The functions stay what they are.
fn give_up<'e>(
    changes: Vec<Change<'e, Request>>,
    jobs: impl Iterator<Item = Job<'e, Request>>,
    error: &Error,
) {
    let reason = error.to_string();
    let made = changes.into_iter().filter_map(|change| match change {
        Change::Publish(job, _) => Some(job),
        Change::RollBack(..) => None,
    });
    made.chain(jobs).for_each(|job| job.withdraw(&reason));
}
