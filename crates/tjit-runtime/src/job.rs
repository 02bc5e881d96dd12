//! The work of a background thread: take a function, compile it, publish it.

use crate::event::{DeclineReason, EventKind};
use crate::policy::Waiting;
use crate::record::{Made, PublishedUnit, Switched};
use crate::request::Lapse;
use crate::sleepers::Seat;
use crate::version::{Cause, Compiled, FactCounts, VersionInfo};
use crate::word::Word;
use crate::{FunctionId, FunctionRecord, Runtime, Tier, UnitId};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

/// A thread that promotes functions. Stays on the thread that made it.
#[derive(Debug)]
pub struct Worker<'r, R> {
    runtime: &'r Runtime<R>,
    seat: Seat,
}

impl<'r, R> Worker<'r, R> {
    pub(crate) fn new(runtime: &'r Runtime<R>, seat: Seat) -> Self {
        Self { runtime, seat }
    }

    /// Sleeps until there is a function to promote; `None` after [`Runtime::shutdown`], even if functions are queued.
    pub fn next_job(&mut self) -> Option<Job<'r, R>> {
        self.next_job_inside(|| (), &()).map(|((), job)| job)
    }

    /// As [`Worker::next_job`], with a guard for the time from before the job is taken: while nobody has a guard that `enter`
    /// returned, no job is under way, and no counter is read. `enter` is not called while this thread sleeps, and what it
    /// returned is dropped before. Requests that have lapsed by then are given to `lapse` instead of a job.
    pub fn next_job_inside<G>(
        &mut self,
        enter: impl Fn() -> G,
        lapse: &impl Lapse<R>,
    ) -> Option<(G, Job<'r, R>)> {
        let runtime = self.runtime;
        let rank = |function, at| runtime.rank(function, at);
        loop {
            let (inside, taken) = runtime.queue.pop_blocking(&self.seat, &enter, &rank)?;
            if let Some(job) = runtime.begin_job(taken, lapse) {
                return Some((inside, job));
            }
        }
    }
}

impl<R> Runtime<R> {
    /// How urgent a function is that tripped at this time; `None` if it does not wait any more.
    fn rank(&self, function: FunctionId, at: Duration) -> Option<u64> {
        let record = self.core.table.get(function)?;
        let word = record.word.load();
        if !word.is_queued() {
            return None;
        }
        let waiting = Waiting {
            record,
            cause: word.cause(),
            calls: self.core.counters.calls_since_trip(record),
            waited: self.queue.now().saturating_sub(at),
        };
        Some(self.core.policy.priority(&waiting))
    }
}

/// A promotion under way. Dropped without a result, for example by a panic, it counts as failed.
#[derive(Debug)]
#[must_use]
pub struct Job<'r, R> {
    runtime: &'r Runtime<R>,
    record: &'r FunctionRecord,
    tier: Tier,
    cause: Cause,
    requests: Vec<R>,
    unit: UnitId,
    facts: FactCounts,
    ended: bool,
}

/// What became of the version that a job made.
#[derive(Debug)]
pub enum JobOutcome<'r, R> {
    /// New calls enter it.
    Installed(Arc<VersionInfo>),
    /// Something that it relied on no longer holds: it was dropped, and the job is to compile another. It is another unit.
    Stale(Job<'r, R>),
    /// The function was rolled back meanwhile ([`Runtime::roll_back`]), as the reason says: nothing was published, and the job
    /// has ended.
    Withdrawn(Arc<str>),
}

impl<'r, R> Job<'r, R> {
    pub(crate) fn new(
        runtime: &'r Runtime<R>,
        record: &'r FunctionRecord,
        (unit, tier, cause, requests): (UnitId, Tier, Cause, Vec<R>),
    ) -> Self {
        runtime
            .core
            .emit(record, || EventKind::PromotionStarted { tier, cause });
        Self {
            runtime,
            record,
            tier,
            cause,
            requests,
            unit,
            facts: FactCounts::default(),
            ended: false,
        }
    }

    /// The function to compile.
    #[must_use]
    pub fn record(&self) -> &'r FunctionRecord {
        self.record
    }

    /// The tier to compile it for.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// Why it was queued; a request that joined a trip makes it a request.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// The payloads of the requests this job serves, oldest first; empty for a trip.
    #[must_use]
    pub fn requests(&self) -> &[R] {
        &self.requests
    }

    /// Has the job serve a request that was not queued.
    pub fn add_request(&mut self, payload: R) {
        self.requests.push(payload);
    }

    /// Takes the payloads out, for example to answer them after the job has ended.
    #[must_use]
    pub fn take_requests(&mut self) -> Vec<R> {
        std::mem::take(&mut self.requests)
    }

    /// What facts that are used for the next version are to be recorded under, before it is published.
    #[must_use]
    pub fn unit(&self) -> UnitId {
        self.unit
    }

    /// Tells how much the next version relies on, for its history.
    pub fn relies_on(&mut self, facts: FactCounts) {
        self.facts = facts;
    }

    /// Publishes the new version: `install` gets its address and stores it into the slot.
    ///
    /// `install` runs under the lock that orders the publications of this function, so it must not publish another version
    /// of it. If a request came while the job ran, the function is queued again. Nothing is published if the unit was
    /// invalidated meanwhile ([`Runtime::invalidate`]): the job comes back to start again.
    ///
    /// # Errors
    /// The error of `install`; the job has failed then and the old version runs on.
    pub fn publish<E: Display>(
        mut self,
        compiled: Compiled,
        install: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<JobOutcome<'r, R>, E> {
        let core = &self.runtime.core;
        let at = (|| self.runtime.next_unit(), core.now());
        match self
            .record
            .publish_job((compiled, self.made()), install, at)
        {
            Ok(PublishedUnit::Installed(word, switched)) => {
                Ok(JobOutcome::Installed(self.finish((word, switched))))
            }
            Ok(PublishedUnit::Stale(unit, reason)) => {
                self.restart(unit, reason);
                Ok(JobOutcome::Stale(self))
            }
            Ok(PublishedUnit::Withdrawn(word, reason)) => {
                self.withdrawn(word, reason.clone());
                Ok(JobOutcome::Withdrawn(reason))
            }
            Err(error) => {
                self.end_with(&error.to_string());
                Err(error)
            }
        }
    }

    pub(crate) fn made(&self) -> Made {
        Made {
            tier: self.tier,
            cause: self.cause,
            unit: Some(self.unit),
            facts: self.facts,
        }
    }

    /// What the job made was published, which has ended it; the word is the one after.
    pub(crate) fn finish(mut self, (word, switched): (Word, Switched)) -> Arc<VersionInfo> {
        self.ended = true;
        let version = self.published(switched);
        self.queue_again(word);
        version
    }

    /// Tells everybody of a version that runs.
    fn published(&self, Switched { version, displaced }: Switched) -> Arc<VersionInfo> {
        let core = &self.runtime.core;
        core.totals.compiled(&version);
        let heard = version.clone();
        core.emit(self.record, || EventKind::Promoted { version: heard });
        if let Some(displaced) = displaced {
            core.displaced(self.record, &displaced);
        }
        version
    }

    pub(crate) fn restart(&mut self, unit: UnitId, reason: Arc<str>) {
        self.unit = unit;
        self.facts = FactCounts::default();
        let tier = self.tier;
        self.runtime
            .core
            .emit(self.record, || EventKind::PromotionRestarted {
                tier,
                reason,
            });
    }

    /// Ends the job without a version. The old one runs on; only a request starts another attempt.
    pub fn fail(mut self, reason: &str) {
        self.end_with(reason);
    }

    /// Ends the job without a version, as if it had not begun: what had queued the function when it was claimed
    /// ([`Runtime::claim`]) queues it again, and its last failure, if any, stays its last.
    pub fn withdraw(mut self, reason: &str) {
        let word = self.record.give_up_job(None);
        self.withdrawn(word, Arc::from(reason));
    }

    fn withdrawn(&mut self, word: Word, reason: Arc<str>) {
        self.ended = true;
        let (tier, cause) = (self.tier, self.cause);
        self.runtime
            .core
            .emit(self.record, || EventKind::PromotionWithdrawn {
                tier,
                cause,
                reason,
            });
        self.queue_again(word);
    }

    /// Ends the job without a version, for a reason that may not last, such as that there is no memory for another one: the old
    /// version runs on, and trips again after [`TierPolicy::retry_after`](crate::TierPolicy::retry_after) more calls.
    pub fn decline(mut self, reason: &str) {
        self.ended = true;
        let word = self.record.decline_job();
        let core = &self.runtime.core;
        let calls = core.policy.retry_after(self.record);
        core.counters.rearm(self.record, calls);
        let (cause, reason) = (self.cause, DeclineReason::Other(reason.into()));
        core.emit(self.record, || EventKind::Declined { cause, reason });
        self.queue_again(word);
    }

    fn end_with(&mut self, reason: &str) {
        self.ended = true;
        let reason: Arc<str> = Arc::from(reason);
        let word = self.record.give_up_job(Some(reason.clone()));
        self.runtime.core.totals.failed(self.tier);
        let (tier, cause) = (self.tier, self.cause);
        self.runtime
            .core
            .emit(self.record, || EventKind::PromotionFailed {
                tier,
                cause,
                reason,
            });
        self.queue_again(word);
    }

    pub(crate) fn next_unit(&self) -> UnitId {
        self.runtime.next_unit()
    }

    pub(crate) fn emit(&self, kind: impl FnOnce() -> EventKind) {
        self.runtime.core.emit(self.record, kind);
    }

    fn queue_again(&self, word: Word) {
        self.runtime.queue_again(self.record, word);
    }
}

impl<R> Drop for Job<'_, R> {
    fn drop(&mut self) {
        if !self.ended {
            self.end_with("the compile job was abandoned");
        }
    }
}
