//! Everything that is known of one function.

use crate::directive::DirectiveCell;
use crate::primitive::{AtomicUsize, Condvar, Mutex, lock, wait};
use crate::version::{Cause, Compiled, FactCounts, Phase, Published, VersionInfo};
use crate::word::{AtomicWord, BaselineEnd, JobEnd, Word};
use crate::{Directive, Error, FunctionId, FunctionState, Thresholds, Tier, UnitId};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What the embedder says of a function when it registers it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FunctionInfo {
    /// The linker-level name.
    pub symbol: Arc<str>,
    /// Address of the stub: the only address of the function that others hold.
    pub stub: usize,
}

impl FunctionInfo {
    /// A function called `symbol` behind the stub at address `stub`.
    #[must_use]
    pub fn new(symbol: impl Into<Arc<str>>, stub: usize) -> Self {
        Self {
            symbol: symbol.into(),
            stub,
        }
    }
}

/// One function: identity, state, counters and versions. Readable from any thread at any time.
///
/// All methods but [`FunctionRecord::versions`], [`FunctionRecord::failure`], [`FunctionRecord::directive`] and
/// [`FunctionRecord::set_directive`] take no lock and don't allocate, so they may be
/// called in a signal handler.
#[derive(Debug)]
pub struct FunctionRecord {
    id: FunctionId,
    info: FunctionInfo,
    directive: DirectiveCell,
    pub(crate) word: AtomicWord,
    code: AtomicUsize,
    counter: AtomicUsize,
    trips: AtomicU64,
    dropped: AtomicU64,
    cold: Mutex<Cold>,
    settled: Condvar,
}

/// What is read and written under a lock, never on the mutator's path.
///
/// The lock also orders the publications of one function: state and slot change together under it, so the slot can't end
/// up with the older of two versions.
#[derive(Default, Debug)]
pub(crate) struct Cold {
    versions: Vec<Arc<VersionInfo>>,
    failure: Option<Arc<str>>,
    /// Address of the baseline, to go back to.
    baseline: Option<usize>,
    /// The unit that runs above the baseline, by its place in `versions`.
    running: Option<usize>,
    job: Option<JobUnit>,
}

/// What a job under way is compiling.
#[derive(Debug)]
struct JobUnit {
    unit: UnitId,
    /// Why it must not be published.
    stale: Option<Arc<str>>,
}

/// What a version is and why, but for the code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) tier: Tier,
    pub(crate) cause: Cause,
    pub(crate) unit: Option<UnitId>,
    pub(crate) facts: FactCounts,
}

/// What publishing did; the word is the one after.
pub(crate) enum PublishedUnit {
    Installed(Word, Arc<VersionInfo>),
    /// Something it relied on no longer holds, for this reason.
    Stale(Arc<str>),
}

/// What invalidating did; the word is the one after.
pub(crate) enum InvalidatedUnit {
    Running(Word, Arc<VersionInfo>),
    Job,
    Gone,
}

impl FunctionRecord {
    pub(crate) fn new(id: FunctionId, info: FunctionInfo) -> Self {
        Self {
            id,
            info,
            directive: DirectiveCell::default(),
            word: AtomicWord::new(),
            code: AtomicUsize::new(0),
            counter: AtomicUsize::new(0),
            trips: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            cold: Mutex::new(Cold::default()),
            settled: Condvar::new(),
        }
    }

    /// Its place in the table.
    #[must_use]
    pub fn id(&self) -> FunctionId {
        self.id
    }

    /// The linker-level name.
    #[must_use]
    pub fn symbol(&self) -> &Arc<str> {
        &self.info.symbol
    }

    /// Address of the stub.
    #[must_use]
    pub fn stub(&self) -> usize {
        self.info.stub
    }

    /// Where the function is in its life; may have changed by the time the caller looks at the result.
    #[must_use]
    pub fn state(&self) -> FunctionState {
        self.word.load().state()
    }

    /// Tier of the version that new calls enter; `None` while there is no code.
    #[must_use]
    pub fn tier(&self) -> Option<Tier> {
        let word = self.word.load();
        word.has_code().then(|| word.tier())
    }

    /// Address of the version that new calls enter; `None` while there is no code.
    #[must_use]
    pub fn code(&self) -> Option<usize> {
        // Acquire: pairs with `publish`; whoever gets the address sees the code behind it.
        Some(self.code.load(Ordering::Acquire)).filter(|&address| address != 0)
    }

    /// Address of the entry counter in generated code; `None` until the embedder has set it.
    #[must_use]
    pub fn counter(&self) -> Option<usize> {
        // Acquire: pairs with `set_counter`; the counter behind the address is initialised.
        Some(self.counter.load(Ordering::Acquire)).filter(|&address| address != 0)
    }

    /// Tells where the entry counter is. To be called before the code that counts is published; 0 takes it back.
    pub fn set_counter(&self, address: usize) {
        // Release: the initialised counter is visible before its address.
        self.counter.store(address, Ordering::Release);
    }

    /// How often a counter of this function called into the runtime.
    #[must_use]
    pub fn trips(&self) -> u64 {
        self.trips.load(Ordering::Relaxed)
    }

    /// How many of the trips met a full queue.
    #[must_use]
    pub fn dropped_trips(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// What was said of this function. Takes a lock: not for signal handlers.
    #[must_use]
    pub fn directive(&self) -> Directive {
        self.directive.get()
    }

    /// Says something else of this function. It holds for what happens from now on: code that is there counts as it does.
    pub fn set_directive(&self, directive: Directive) {
        self.directive.set(directive);
    }

    /// Whether it is never to leave the baseline.
    #[must_use]
    pub fn is_never(&self) -> bool {
        self.directive.never()
    }

    /// Whether it is to be optimised when it is first called.
    #[must_use]
    pub fn is_eager(&self) -> bool {
        self.directive.eager()
    }

    /// Whether the version that runs is to stay.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.directive.pinned()
    }

    /// The thresholds of its own.
    #[must_use]
    pub fn directed_thresholds(&self) -> Thresholds {
        self.directive.thresholds()
    }

    /// The history, oldest version first. Takes a lock: not for signal handlers.
    #[must_use]
    pub fn versions(&self) -> Vec<Arc<VersionInfo>> {
        lock(&self.cold).versions.clone()
    }

    /// The tier of the version above the baseline that was made last.
    pub(crate) fn last_tier(&self) -> Option<Tier> {
        let cold = lock(&self.cold);
        let mut tiers = cold.versions.iter().rev().map(|version| version.tier);
        tiers.find(|&tier| tier > Tier::BASELINE)
    }

    /// Why the last attempt failed, if it did. Takes a lock: not for signal handlers.
    #[must_use]
    pub fn failure(&self) -> Option<Arc<str>> {
        lock(&self.cold).failure.clone()
    }

    /// Forgets all versions. Returns whether there were any.
    pub(crate) fn forget(&self) -> bool {
        let cold = std::mem::take(&mut *lock(&self.cold));
        // Release as wherever they are stored; there is nothing to be seen behind a zero.
        self.code.store(0, Ordering::Release);
        self.counter.store(0, Ordering::Release);
        !cold.versions.is_empty()
    }

    pub(crate) fn count_trip(&self) {
        self.trips.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Publishes the baseline, unless something better runs already. On an error of `install` nothing has changed.
    pub(crate) fn publish_baseline<E>(
        &self,
        mut compiled: Compiled,
        install: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<(Published, Arc<VersionInfo>), E> {
        let mut cold = lock(&self.cold);
        // The tier can't change under the lock.
        let published = if self.word.load().tier() > Tier::BASELINE {
            Published::Superseded
        } else {
            self.install(&mut compiled, install)?;
            Published::Installed
        };
        cold.baseline = Some(compiled.address);
        let version = cold.push(
            compiled,
            Made {
                tier: Tier::BASELINE,
                cause: Cause::FirstCall,
                unit: None,
                facts: FactCounts::default(),
            },
        );
        self.end_baseline(BaselineEnd::Ready);
        Ok((published, version))
    }

    /// A job is about to compile `unit`: from now on it can be made stale.
    pub(crate) fn begin_unit(&self, unit: UnitId) {
        lock(&self.cold).job = Some(JobUnit { unit, stale: None });
    }

    /// Publishes what a job made, unless something it relied on no longer holds: that is found out under the same lock under
    /// which it is installed. On an error of `install` nothing has changed.
    pub(crate) fn publish_job<E>(
        &self,
        (mut compiled, made): (Compiled, Made),
        install: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<PublishedUnit, E> {
        let mut cold = lock(&self.cold);
        if let Some(reason) = cold.job.as_ref().and_then(|job| job.stale.clone()) {
            return Ok(PublishedUnit::Stale(reason));
        }
        self.install(&mut compiled, install)?;
        cold.failure = None;
        cold.job = None;
        cold.running = Some(cold.versions.len());
        let version = cold.push(compiled, made);
        let word = self.end_job(JobEnd::Published(made.tier));
        // A first call may wait for a baseline that nobody needs any more.
        self.settled.notify_all();
        Ok(PublishedUnit::Installed(word, version))
    }

    /// Takes `unit` back for `reason`, wherever it is. `install` gets the address of the baseline, or `None` if the next call
    /// shall be a first call.
    ///
    /// The word changes before the slot: a first call that finds the slot lazy must not be sent to the old version again.
    pub(crate) fn invalidate<E>(
        &self,
        (unit, reason): (UnitId, &Arc<str>),
        install: impl FnOnce(Option<usize>) -> Result<(), E>,
    ) -> Result<InvalidatedUnit, E> {
        let mut cold = lock(&self.cold);
        if let Some(job) = cold.job.as_mut().filter(|job| job.unit == unit) {
            job.stale.get_or_insert_with(|| reason.clone());
            return Ok(InvalidatedUnit::Job);
        }
        let Some(running) = cold.running(unit) else {
            return Ok(InvalidatedUnit::Gone);
        };
        let Ok((_, word)) = self.word.update(Word::invalidate) else {
            return Ok(InvalidatedUnit::Gone);
        };
        let address = cold.baseline;
        // Release: pairs with `code`.
        self.code.store(address.unwrap_or(0), Ordering::Release);
        cold.running = None;
        let mut version = VersionInfo::clone(&cold.versions[running]);
        version.invalidated = Some(reason.clone());
        let version = Arc::new(version);
        cold.versions[running] = version.clone();
        install(address)?;
        Ok(InvalidatedUnit::Running(word, version))
    }

    /// To be called with `cold` locked, so that slot, address and state change in the same order for all versions.
    fn install<E>(
        &self,
        compiled: &mut Compiled,
        install: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = Instant::now();
        install(compiled.address)?;
        compiled.phases.add(Phase::Publish, start.elapsed());
        // Release: pairs with `code`.
        self.code.store(compiled.address, Ordering::Release);
        Ok(())
    }

    /// Ends the compilation of the baseline without code; waiters are woken to hear why.
    pub(crate) fn give_up_baseline(&self, end: BaselineEnd, reason: Option<Arc<str>>) {
        let mut cold = lock(&self.cold);
        if reason.is_some() {
            cold.failure = reason;
        }
        self.end_baseline(end);
    }

    /// Ends a job without code.
    pub(crate) fn give_up_job(&self, reason: Arc<str>) -> Word {
        let mut cold = lock(&self.cold);
        cold.failure = Some(reason);
        cold.job = None;
        self.end_job(JobEnd::Failed)
    }

    /// To be called with `cold` locked, so that no waiter is between its look at the word and its sleep.
    fn end_baseline(&self, end: BaselineEnd) {
        let ended = self.word.update(|word| word.end_baseline(end));
        debug_assert!(
            ended.is_ok(),
            "only the holder of the guard ends a baseline"
        );
        self.settled.notify_all();
    }

    fn end_job(&self, end: JobEnd) -> Word {
        let ended = self.word.update(|word| word.end_job(end));
        debug_assert!(ended.is_ok(), "only the holder of the job ends it");
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

    /// Runs `f` while every lock of this object is held.
    #[cfg(all(test, not(tjit_loom)))]
    pub(crate) fn hold_locks<R>(&self, f: impl FnOnce() -> R) -> R {
        let _cold = lock(&self.cold);
        f()
    }

    pub(crate) fn baseline_error(&self) -> Error {
        let reason = self
            .failure()
            .unwrap_or_else(|| Arc::from("no reason was given"));
        Error::BaselineFailed {
            symbol: self.info.symbol.clone(),
            reason,
        }
    }
}

impl Cold {
    /// The place of the version that runs, if it is this unit.
    fn running(&self, unit: UnitId) -> Option<usize> {
        self.running
            .filter(|&running| self.versions[running].unit == Some(unit))
    }

    fn push(&mut self, compiled: Compiled, made: Made) -> Arc<VersionInfo> {
        let Compiled {
            body,
            address,
            size,
            phases,
        } = compiled;
        let Made {
            tier,
            cause,
            unit,
            facts,
        } = made;
        let number = self.versions.len();
        let version = Arc::new(VersionInfo {
            number,
            body,
            address,
            size,
            tier,
            cause,
            phases,
            unit,
            facts,
            invalidated: None,
        });
        self.versions.push(version.clone());
        version
    }
}

impl fmt::Display for FunctionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.id, self.info.symbol)
    }
}
