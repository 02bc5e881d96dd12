//! What changes a function under its lock: code that comes, goes, or is given up.

use super::cold::Cold;
use super::history::{History, Made, Switched};
use super::trial::JobUnit;
use crate::error::Unrunnable;
use crate::primitive::{MutexGuard, lock, wait};
use crate::version::{Compiled, FactCounts, Phase, Published, VersionInfo, VersionStatus};
use crate::word::{BaselineEnd, JobEnd, Word};
use crate::{Cause, Error, FunctionRecord, Tier, UnitId};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What publishing did; the word is the one after.
pub(crate) enum PublishedUnit {
    Installed(Word, Switched),
    /// Something it relied on no longer holds, for this reason. The job has its next unit.
    Stale(UnitId, Arc<str>),
    /// The function was rolled back, for which this is the reason: the job has ended.
    Withdrawn(Word, Arc<str>),
}

/// What invalidating did; the word is the one after.
pub(crate) enum InvalidatedUnit {
    Running(Word, Arc<VersionInfo>),
    Kept,
    Job,
    Gone,
}

/// What rolling back did.
pub(crate) struct RolledBack {
    pub(crate) version: Arc<VersionInfo>,
    /// The one that ran before; `None` if it was the same.
    pub(crate) displaced: Option<Arc<VersionInfo>>,
}

impl FunctionRecord {
    /// Forgets all versions. Returns whether there were any.
    pub(crate) fn forget(&self) -> bool {
        let mut cold = lock(&self.cold);
        // Under the same name there may be another body later.
        let bases = cold.bases + 1;
        let cold = std::mem::replace(
            &mut *cold,
            Cold {
                bases,
                ..Cold::default()
            },
        );
        // Release as wherever they are stored; there is nothing to be seen behind a zero.
        self.code.store(0, Ordering::Release);
        self.counter.store(0, Ordering::Release);
        self.forget_declined();
        self.reset_turns();
        !cold.history.versions().is_empty()
    }

    /// A caller takes the compilation of the baseline on itself. Returns what to publish it under; the error is the word.
    pub(crate) fn begin_baseline(&self) -> Result<u64, Word> {
        // Whoever takes the baseline away does so under the lock too.
        let cold = lock(&self.cold);
        self.word.update(Word::begin_baseline)?;
        Ok(cold.bases)
    }

    /// Publishes the baseline, unless something better runs already. On an error of `install` nothing has changed. `None` if it
    /// was taken away since it was begun under `base`.
    pub(crate) fn publish_baseline<E>(
        &self,
        (mut compiled, base): (Compiled, u64),
        install: impl FnOnce(usize) -> Result<(), E>,
        now: Duration,
    ) -> Result<Option<(Published, Arc<VersionInfo>)>, E> {
        let mut cold = lock(&self.cold);
        if cold.bases != base {
            return Ok(None);
        }
        let made = Made {
            tier: Tier::BASELINE,
            cause: Cause::FirstCall,
            unit: None,
            facts: FactCounts::default(),
        };
        // The tier can't change under the lock.
        let done = if self.word.load().tier() > Tier::BASELINE {
            let version = cold.history.keep(compiled, made, now);
            (Published::Superseded, version)
        } else if cold.on_trial() {
            // The slot stays as it is: it leads here when the trial is over.
            self.count_in(compiled.counter);
            // Release: pairs with `code`.
            self.code.store(compiled.address, Ordering::Release);
            let version = cold.history.publish(compiled, made, now).version;
            (Published::Installed, version)
        } else {
            self.install(&mut compiled, install)?;
            // Release: pairs with `code`.
            self.code.store(compiled.address, Ordering::Release);
            let version = cold.history.publish(compiled, made, now).version;
            (Published::Installed, version)
        };
        self.end_baseline(&cold, BaselineEnd::Ready);
        Ok(Some(done))
    }

    /// A worker takes the function for `unit`: from now on that can be made stale. The word is the one before; `None` if the
    /// function is not queued any more.
    pub(crate) fn begin_job(&self, unit: UnitId) -> Option<Word> {
        let mut cold = lock(&self.cold);
        let (before, _) = self.word.update(Word::begin_job).ok()?;
        cold.job = Some(JobUnit::new(unit));
        Some(before)
    }

    /// Takes the function for `unit` as soon as nobody compiles it. The word is the one before.
    pub(crate) fn claim(&self, unit: UnitId) -> Result<Word, Error> {
        let mut cold = lock(&self.cold);
        loop {
            if let Some(before) = cold.claim(self, unit)? {
                return Ok(before);
            }
            cold = wait(&self.settled, cold);
        }
    }

    /// Publishes what a job made, unless something it relied on no longer holds: that is found out under the same lock under
    /// which it is installed. On an error of `install` nothing has changed.
    pub(crate) fn publish_job<E>(
        &self,
        (mut compiled, made): (Compiled, Made),
        install: impl FnOnce(usize) -> Result<(), E>,
        (next, now): (impl FnOnce() -> UnitId, Duration),
    ) -> Result<PublishedUnit, E> {
        let mut cold = lock(&self.cold);
        if let Some(reason) = cold.withdrawn() {
            let word = self.end_job(&mut cold, JobEnd::Withdrawn);
            return Ok(PublishedUnit::Withdrawn(word, reason));
        }
        if let Some((unit, reason)) = cold.restart_stale(next) {
            return Ok(PublishedUnit::Stale(unit, reason));
        }
        self.install(&mut compiled, install)?;
        let (word, switched) = self.run_new(&mut cold, (compiled, made), now);
        Ok(PublishedUnit::Installed(word, switched))
    }

    /// What a job made runs from now on: its address is in the slot.
    pub(super) fn run_new(
        &self,
        cold: &mut MutexGuard<'_, Cold>,
        (compiled, made): (Compiled, Made),
        now: Duration,
    ) -> (Word, Switched) {
        // Release: pairs with `code`.
        self.code.store(compiled.address, Ordering::Release);
        cold.overtaken("it was published");
        cold.failure = None;
        let switched = cold.history.publish(compiled, made, now);
        let word = self.end_job(cold, JobEnd::Published(made.tier));
        // Those of another version say nothing of this one. Behind the word, since when they are not counted any more.
        self.reset_turns();
        (word, switched)
    }

    /// An earlier version runs again, from when `install` has got its address, and a job under way will not be published. On an
    /// error nothing has changed.
    pub(crate) fn roll_back<E: From<Error>>(
        &self,
        number: usize,
        install: impl FnOnce(usize) -> Result<(), E>,
        now: Duration,
    ) -> Result<RolledBack, E> {
        let mut cold = lock(&self.cold);
        let version = self.runnable(&cold, number)?;
        if version.status != VersionStatus::Running || cold.on_trial() {
            let before = self.counter();
            // Before the code can be entered, and trip.
            self.count_in(version.counter);
            if let Err(error) = install(version.address) {
                self.count_in(before);
                return Err(error);
            }
        }
        Ok(self.run_old(&mut cold, &version, now))
    }

    /// The version with this number, if it runs or could.
    pub(super) fn runnable(&self, cold: &Cold, number: usize) -> Result<Arc<VersionInfo>, Error> {
        let fail = |reason| Error::Version {
            symbol: self.symbol().clone(),
            number,
            reason,
        };
        if self.word.load().is_removed() {
            return Err(Error::Removed(self.symbol().clone()));
        }
        let Some(version) = cold.history.get(number) else {
            let reason = match number < cold.history.made() {
                true => Unrunnable::Reclaimed,
                false => Unrunnable::Unknown,
            };
            return Err(fail(reason));
        };
        match (version.status, &version.invalidated) {
            (_, Some(reason)) => Err(fail(Unrunnable::Invalidated(reason.clone()))),
            (VersionStatus::Reclaimed, None) => Err(fail(Unrunnable::Reclaimed)),
            _ => Ok(version.clone()),
        }
    }

    /// A version that could run runs from now on: its address is in the slot.
    pub(super) fn run_old(
        &self,
        cold: &mut MutexGuard<'_, Cold>,
        version: &Arc<VersionInfo>,
        now: Duration,
    ) -> RolledBack {
        // Release: pairs with `code`.
        self.code.store(version.address, Ordering::Release);
        let reason = format!("it was rolled back to version {}", version.number);
        cold.overtaken(&reason);
        cold.withdraw_job(&Arc::from(reason));
        let switched = match version.status {
            VersionStatus::Running => {
                cold.history.choose(version);
                None
            }
            _ => cold.history.run(version.number, now),
        };
        let rolled_back = self.word.update(|word| word.roll_back(version.tier));
        debug_assert!(
            rolled_back.is_ok(),
            "it was not removed, under the same lock"
        );
        self.reset_turns();
        let Switched { version, displaced } = switched.unwrap_or_else(|| Switched {
            version: version.clone(),
            displaced: None,
        });
        RolledBack { version, displaced }
    }

    /// Takes `unit` back for `reason`, wherever it is. `install` gets the address of the baseline, or `None` if the next call
    /// shall be a first call.
    ///
    /// The word changes before the slot: a first call that finds the slot lazy must not be sent to the old version again.
    pub(crate) fn invalidate<E>(
        &self,
        (unit, reason): (UnitId, &Arc<str>),
        install: impl FnOnce(Option<usize>) -> Result<(), E>,
        now: Duration,
    ) -> Result<InvalidatedUnit, E> {
        let mut cold = lock(&self.cold);
        if cold.job.as_ref().is_some_and(|job| job.has(unit)) {
            cold.make_stale(reason);
            return Ok(InvalidatedUnit::Job);
        }
        let history = &mut cold.history;
        let Some((number, status)) = history
            .of_unit(unit)
            .map(|version| (version.number, version.status))
        else {
            return Ok(InvalidatedUnit::Gone);
        };
        match status {
            VersionStatus::Running => {}
            VersionStatus::Kept => {
                history.invalidate(number, reason);
                return Ok(InvalidatedUnit::Kept);
            }
            VersionStatus::Invalidated | VersionStatus::Reclaimed => {
                return Ok(InvalidatedUnit::Gone);
            }
        }
        let Ok((_, word)) = self.word.update(Word::invalidate) else {
            return Ok(InvalidatedUnit::Gone);
        };
        history.stop(VersionStatus::Invalidated, now);
        let version = history.invalidate(number, reason);
        install(self.fall_back(history, now))?;
        cold.overtaken("the version that runs was taken back");
        Ok(version.map_or(InvalidatedUnit::Gone, |version| {
            InvalidatedUnit::Running(word, version)
        }))
    }

    /// Makes the slot lazy if `unit` runs, nobody is about to replace it, and it was not rolled back to.
    pub(crate) fn probe<E>(
        &self,
        unit: UnitId,
        make_lazy: impl FnOnce() -> Result<(), E>,
    ) -> Result<bool, E> {
        let cold = lock(&self.cold);
        let runs = cold.history.running();
        let is_busy = cold.job.is_some() || self.is_held();
        if is_busy || runs.is_none_or(|version| version.unit != Some(unit)) {
            return Ok(false);
        }
        // Relaxed: a call that comes through the lazy slot is later.
        self.touched.store(false, Ordering::Relaxed);
        make_lazy()?;
        Ok(true)
    }

    /// Takes `unit` out of its slot if it runs, was not touched, and nobody is about to replace it. As with
    /// [`FunctionRecord::invalidate`], the word changes before the slot.
    pub(crate) fn evict<E>(
        &self,
        unit: UnitId,
        install: impl FnOnce(Option<usize>) -> Result<(), E>,
        now: Duration,
    ) -> Result<Option<Arc<VersionInfo>>, E> {
        let mut cold = lock(&self.cold);
        let runs = cold.history.running();
        let is_it = runs.is_some_and(|version| version.unit == Some(unit));
        // Relaxed: a hint.
        let was_touched = self.touched.load(Ordering::Relaxed);
        if cold.job.is_some() || !is_it || was_touched || self.word.update(Word::evict).is_err() {
            return Ok(None);
        }
        let history = &mut cold.history;
        let displaced = history.stop(VersionStatus::Kept, now);
        install(self.fall_back(history, now))?;
        Ok(displaced)
    }

    /// The baseline runs, if there is one: returns its address, for the slot.
    fn fall_back(&self, history: &mut History, now: Duration) -> Option<usize> {
        let baseline = history.fall_back(now);
        let address = baseline.map(|version| version.address);
        let counter = baseline.and_then(|version| version.counter);
        self.count_in(counter);
        self.reset_turns();
        // Release: pairs with `code`.
        self.code.store(address.unwrap_or(0), Ordering::Release);
        address
    }

    /// To be called with `cold` locked, so that slot, address and state change in the same order for all versions.
    fn install<E>(
        &self,
        compiled: &mut Compiled,
        install: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = Instant::now();
        let before = self.counter();
        // Before the code can be entered, and trip.
        self.count_in(compiled.counter);
        if let Err(error) = install(compiled.address) {
            self.count_in(before);
            return Err(error);
        }
        compiled.phases.add(Phase::Publish, start.elapsed());
        Ok(())
    }

    /// The version that runs, or is about to, counts its calls there. To be called with `cold` locked.
    pub(super) fn count_in(&self, counter: Option<usize>) {
        // Release: pairs with `counter`; the counter is initialised.
        self.counter.store(counter.unwrap_or(0), Ordering::Release);
    }

    /// Ends the compilation of the baseline without code; waiters are woken to hear why. Returns false, and does nothing, if it was
    /// taken away since it was begun under `base`.
    pub(crate) fn give_up_baseline(
        &self,
        (end, base): (BaselineEnd, u64),
        reason: Option<Arc<str>>,
    ) -> bool {
        let mut cold = lock(&self.cold);
        if cold.bases != base {
            return false;
        }
        if reason.is_some() {
            cold.failure = reason;
        }
        self.end_baseline(&cold, end);
        true
    }

    /// Ends a job without code: it failed for a reason, or was withdrawn.
    pub(crate) fn give_up_job(&self, failure: Option<Arc<str>>) -> Word {
        let mut cold = lock(&self.cold);
        let end = match &failure {
            Some(_) if cold.withdrawn().is_none() => JobEnd::Failed,
            _ => JobEnd::Withdrawn,
        };
        if failure.is_some() {
            cold.failure = failure;
        }
        self.end_job(&mut cold, end)
    }

    /// Ends a job that was not worth its price; it may be worth it another time.
    pub(crate) fn decline_job(&self) -> Word {
        let mut cold = lock(&self.cold);
        self.end_job(&mut cold, JobEnd::Declined)
    }

    /// Under the lock, so that no waiter is between its look at the word and its sleep.
    fn end_baseline(&self, _cold: &MutexGuard<'_, Cold>, end: BaselineEnd) {
        let ended = self.word.update(|word| word.end_baseline(end));
        debug_assert!(
            ended.is_ok(),
            "only the holder of the guard ends a baseline"
        );
        self.settled.notify_all();
    }

    /// Wakes those who wait to compile the function, and first calls that wait for a baseline which nobody needs any more.
    fn end_job(&self, cold: &mut MutexGuard<'_, Cold>, end: JobEnd) -> Word {
        cold.end_trial();
        cold.job = None;
        cold.wanted = false;
        self.forget_declined();
        let ended = self.word.update(|word| word.end_job(end));
        debug_assert!(ended.is_ok(), "only the holder of the job ends it");
        self.settled.notify_all();
        ended.map_or_else(|word| word, |(_, after)| after)
    }

    /// Sleeps while another thread compiles the baseline and there is nothing to run.
    pub(crate) fn wait_for_baseline(&self) -> Word {
        let mut cold = lock(&self.cold);
        loop {
            let word = self.word.load();
            if word.has_code() || !word.compiling_baseline() {
                return word;
            }
            cold = wait(&self.settled, cold);
        }
    }
}
