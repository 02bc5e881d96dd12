//! Several functions that change together, or not at all.

use crate::primitive::lock;
use crate::record::{Locked, RolledBack, Switched};
use crate::version::{Cause, Compiled, Phase, VersionInfo};
use crate::word::Word;
use crate::{Error, FunctionId, FunctionRecord, Job, Runtime, UnitId};
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

/// What is to become of one function.
#[derive(Debug)]
pub enum Change<'r, R> {
    /// What a job has made runs.
    Publish(Job<'r, R>, Box<Compiled>),
    /// A version runs that ran before, as with [`Runtime::roll_back`].
    RollBack(FunctionId, usize),
}

impl<R> Change<'_, R> {
    /// The function.
    #[must_use]
    pub fn function(&self) -> FunctionId {
        match self {
            Self::Publish(job, _) => job.record().id(),
            Self::RollBack(id, _) => *id,
        }
    }
}

/// What became of changes that belong together.
#[derive(Debug)]
pub enum Committed<'r, R> {
    /// All were made, here in the order in which they were given.
    Done(Vec<Changed<R>>),
    /// None was made, because something that one of the new versions relied on no longer holds. The jobs of those have another
    /// [unit](Job::unit), for which they are to be compiled; what the others have made is as good as it was.
    Stale(Vec<Change<'r, R>>),
}

/// A function that was changed.
#[derive(Debug)]
#[non_exhaustive]
pub struct Changed<R> {
    /// The function.
    pub function: FunctionId,
    /// The version that runs now.
    pub version: Arc<VersionInfo>,
    /// The payloads of requests that a rollback has overtaken, oldest first: they will not be served.
    pub withdrawn: Vec<R>,
}

/// A change, and where it was among those that were given.
type Placed<'r, R> = (usize, Change<'r, R>);

/// What was done, or why not, when the locks are released.
enum Applied<'r, R> {
    Done(Vec<Done<'r, R>>),
    Stale(Vec<(usize, UnitId, Arc<str>)>),
}

/// A change that was made, and nobody was told of.
enum Done<'r, R> {
    Published(usize, Job<'r, R>, (Word, Switched)),
    RolledBack(usize, &'r FunctionRecord, RolledBack, Vec<R>),
}

/// What is to run: `None` for what a job has made.
type Target = Option<Arc<VersionInfo>>;

impl<R> Runtime<R> {
    /// Begins a job for each of these functions outside of the queue, in the order in which they are given, or for none: `None` while
    /// somebody compiles one of them. If that is a job that lasts, it hears of it ([`Job::must_end`]).
    ///
    /// # Errors
    /// As [`Runtime::claim`], and [`Error::Twice`].
    pub fn try_claim_all(
        &self,
        ids: &[FunctionId],
        cause: Cause,
    ) -> Result<Option<Vec<Job<'_, R>>>, Error> {
        let records = ids.iter().map(|&id| self.core.record(id));
        let records: Vec<_> = records.collect::<Result<_, _>>()?;
        if let Some(first) = records.first().filter(|_| self.queue.is_stopped()) {
            return Err(Error::Stopped(first.symbol().clone()));
        }
        let mut sorted = records.clone();
        sorted.sort_by_key(|record| record.id());
        let Some(claimed) = self.claim_locked(&sorted)? else {
            return Ok(None);
        };
        let claimed: HashMap<_, _> = claimed.into_iter().collect();
        let begin = |record: &'_ FunctionRecord| {
            let (unit, word) = claimed[&record.id()];
            let tier = self.core.policy.target(record, word.tier(), cause);
            (unit, tier)
        };
        let jobs = records.into_iter().map(|record| {
            let (unit, tier) = begin(record);
            Job::new(self, record, (unit, tier, cause, Vec::new()))
        });
        Ok(Some(jobs.collect()))
    }

    /// Claims functions that are in the order of their ids. The words are those before.
    fn claim_locked(&self, records: &[&FunctionRecord]) -> Result<Option<Vec<Claimed>>, Error> {
        let mut locked = lock_all(records)?;
        let free = locked.iter_mut().map(Locked::is_free);
        // All are asked, so that all hear of it.
        let free: Vec<bool> = free.collect::<Result<_, _>>()?;
        if free.contains(&false) {
            return Ok(None);
        }
        let claim = |locked: &mut Locked<'_>| {
            let unit = self.next_unit();
            let word = locked.claim(unit)?;
            Ok(word.map(|word| (locked.record().id(), (unit, word))))
        };
        locked.iter_mut().map(claim).collect()
    }

    /// Makes all of these changes, or none: `install` gets the addresses and stores them into the slots, all or none. It runs under
    /// the locks that order the publications of these functions, so that none of them changes otherwise meanwhile. Slots change
    /// one after the other: a call may find the new version of one function while another call still finds the old one of another.
    /// After it has returned all calls find the new ones.
    ///
    /// A rollback has the effects of [`Runtime::roll_back`], a publication those of [`Job::publish`].
    ///
    /// # Errors
    /// [`Error::Withdrawn`] if one of the functions was rolled back since its job began; those of [`Runtime::roll_back`];
    /// [`Error::Twice`] if a function is among the changes more than once; and the error of `install`. Nothing has changed then, and
    /// the jobs have ended as if they had not begun.
    pub fn commit<'r, E: From<Error> + Display>(
        &'r self,
        changes: Vec<Change<'r, R>>,
        install: impl FnOnce(&[(FunctionId, usize)]) -> Result<(), E>,
    ) -> Result<Committed<'r, R>, E> {
        let mut changes: Vec<_> = changes.into_iter().enumerate().collect();
        changes.sort_by_key(|(_, change)| change.function());
        match self.apply(&mut changes, install) {
            Ok(Applied::Done(done)) => Ok(Committed::Done(self.tell(done))),
            Ok(Applied::Stale(stale)) => {
                for (index, unit, reason) in stale {
                    if let (_, Change::Publish(job, _)) = &mut changes[index] {
                        job.restart(unit, reason);
                    }
                }
                Ok(Committed::Stale(in_order(changes)))
            }
            Err(error) => {
                let reason = error.to_string();
                for (_, change) in changes {
                    if let Change::Publish(job, _) = change {
                        job.withdraw(&reason);
                    }
                }
                Err(error)
            }
        }
    }

    /// Takes the changes out if they are made.
    fn apply<'r, E: From<Error>>(
        &'r self,
        changes: &mut Vec<Placed<'r, R>>,
        install: impl FnOnce(&[(FunctionId, usize)]) -> Result<(), E>,
    ) -> Result<Applied<'r, R>, E> {
        let record = |(_, change): &Placed<'r, R>| self.core.record(change.function());
        let records: Vec<_> = changes.iter().map(record).collect::<Result<_, _>>()?;
        let mut pending = lock(&self.pending);
        let mut locked = lock_all(&records)?;
        let targets = targets(changes, &locked)?;
        let stale = self.restart_stale(&mut locked);
        if !stale.is_empty() {
            return Ok(Applied::Stale(stale));
        }
        install_all((changes, &targets), &mut locked, install)?;
        let now = self.core.now();
        let mut done = Vec::with_capacity(changes.len());
        let all = changes.drain(..).zip(&mut locked).zip(targets);
        for (((place, change), locked), target) in all {
            done.push(match (change, target) {
                (Change::Publish(job, compiled), _) => {
                    let made = job.made();
                    let switched = locked.run_new((*compiled, made), now);
                    Done::Published(place, job, switched)
                }
                (Change::RollBack(id, _), Some(version)) => {
                    let rolled_back = locked.run_old(&version, now);
                    let payloads = pending.as_mut().and_then(|payloads| payloads.remove(&id));
                    if payloads.is_some() {
                        self.queue.drop_request(id);
                    }
                    let payloads = payloads.unwrap_or_default();
                    Done::RolledBack(place, locked.record(), rolled_back, payloads)
                }
                (Change::RollBack(..), None) => continue,
            });
        }
        Ok(Applied::Done(done))
    }

    /// Gives the jobs another unit that need one; where they are, with the reasons.
    fn restart_stale(&self, locked: &mut [Locked<'_>]) -> Vec<(usize, UnitId, Arc<str>)> {
        let restarted = locked.iter_mut().enumerate().filter_map(|(index, locked)| {
            let (unit, reason) = locked.restart_stale(|| self.next_unit())?;
            Some((index, unit, reason))
        });
        restarted.collect()
    }

    /// Tells everybody of changes that were made.
    fn tell(&self, done: Vec<Done<'_, R>>) -> Vec<Changed<R>> {
        let told = done.into_iter().map(|done| match done {
            Done::Published(place, job, switched) => {
                let function = job.record().id();
                let version = job.finish(switched);
                let withdrawn = Vec::new();
                (place, (function, version, withdrawn))
            }
            Done::RolledBack(place, record, rolled_back, withdrawn) => {
                let version = self.core.rolled_back(record, rolled_back);
                (place, (record.id(), version, withdrawn))
            }
        });
        let told = in_order(told.collect());
        let changed = |(function, version, withdrawn)| Changed {
            function,
            version,
            withdrawn,
        };
        told.into_iter().map(changed).collect()
    }
}

/// The unit and the word before, of a function.
type Claimed = (FunctionId, (UnitId, Word));

/// Locks functions that are in the order of their ids.
fn lock_all<'r>(records: &[&'r FunctionRecord]) -> Result<Vec<Locked<'r>>, Error> {
    let twice = records.windows(2).find(|pair| pair[0].id() == pair[1].id());
    match twice {
        Some(pair) => Err(Error::Twice(pair[0].symbol().clone())),
        None => Ok(records.iter().map(|record| record.lock()).collect()),
    }
}

/// Finds what is to run, and whether it may.
fn targets<R>(changes: &[Placed<'_, R>], locked: &[Locked<'_>]) -> Result<Vec<Target>, Error> {
    let target = |((_, change), locked): (&Placed<'_, R>, &Locked<'_>)| match change {
        Change::Publish(job, _) => match locked.withdrawn() {
            Some(reason) => Err(Error::Withdrawn {
                symbol: job.record().symbol().clone(),
                reason,
            }),
            None => Ok(None),
        },
        Change::RollBack(_, number) => locked.runnable(*number).map(Some),
    };
    changes.iter().zip(locked).map(target).collect()
}

/// Stores the addresses; on an error nothing has changed.
fn install_all<R, E>(
    (changes, targets): (&mut [Placed<'_, R>], &[Target]),
    locked: &mut [Locked<'_>],
    install: impl FnOnce(&[(FunctionId, usize)]) -> Result<(), E>,
) -> Result<(), E> {
    let start = Instant::now();
    let mut addresses = Vec::with_capacity(changes.len());
    for (((_, change), target), locked) in changes.iter().zip(targets).zip(&mut *locked) {
        let (address, counter) = match (change, target) {
            (Change::Publish(_, compiled), _) => (compiled.address, compiled.counter),
            (_, Some(version)) => (version.address, version.counter),
            (_, None) => continue,
        };
        // Before the code can be entered, and trip.
        locked.count_in(counter);
        addresses.push((change.function(), address));
    }
    if let Err(error) = install(&addresses) {
        locked.iter_mut().for_each(Locked::count_as_before);
        return Err(error);
    }
    for (_, change) in changes {
        if let Change::Publish(_, compiled) = change {
            compiled.phases.add(Phase::Publish, start.elapsed());
        }
    }
    Ok(())
}

fn in_order<T>(mut placed: Vec<(usize, T)>) -> Vec<T> {
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, thing)| thing).collect()
}
