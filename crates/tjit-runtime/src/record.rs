//! Everything that is known of one function.

use crate::directive::DirectiveCell;
use crate::primitive::{AtomicUsize, Condvar, Mutex, lock};
use crate::version::VersionInfo;
use crate::word::AtomicWord;
use crate::{Directive, Error, FunctionId, FunctionState, Thresholds, Tier, UnitId};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

mod change;
mod cold;
mod history;
mod locked;
mod rebase;
mod trial;

pub(crate) use change::{InvalidatedUnit, PublishedUnit, RolledBack};
use cold::Cold;
pub(crate) use history::{Made, Switched};
pub(crate) use locked::Locked;
pub(crate) use rebase::{Debased, RebasedUnit};
pub use trial::{Restore, TrialError};

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
/// Methods take no lock and don't allocate, so that they may be called in a signal handler, unless they say otherwise.
#[derive(Debug)]
pub struct FunctionRecord {
    id: FunctionId,
    info: FunctionInfo,
    directive: DirectiveCell,
    pub(crate) word: AtomicWord,
    code: AtomicUsize,
    counter: AtomicUsize,
    turns: AtomicU64,
    trips: AtomicU64,
    dropped: AtomicU64,
    /// Why trips were declined, of what listeners have been told already.
    declined: AtomicU8,
    /// Whether a call came since the slot was made lazy to see whether one does.
    pub(crate) touched: AtomicBool,
    cold: Mutex<Cold>,
    settled: Condvar,
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
            turns: AtomicU64::new(0),
            trips: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            declined: AtomicU8::new(0),
            touched: AtomicBool::new(false),
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

    /// Whether it waits for a worker, or one compiles it: neither while nobody does, nor while it is compiled by who claimed it
    /// ([`Runtime::claim`](crate::Runtime::claim)), for however long that may be.
    #[must_use]
    pub fn is_with_workers(&self) -> bool {
        self.word.load().is_with_workers()
    }

    /// Whether it was rolled back, and neither a request nor [`Runtime::resume`](crate::Runtime::resume) has ended that since:
    /// it is not promoted by itself meanwhile.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.word.load().is_held()
    }

    /// Address of the version that new calls enter; `None` while there is no code.
    #[must_use]
    pub fn code(&self) -> Option<usize> {
        // Acquire: pairs with `publish`; whoever gets the address sees the code behind it.
        Some(self.code.load(Ordering::Acquire)).filter(|&address| address != 0)
    }

    /// Address of the entry counter of the version that runs; `None` if its calls are not counted.
    #[must_use]
    pub fn counter(&self) -> Option<usize> {
        // Acquire: pairs with the store before publication; the counter behind the address is initialised.
        Some(self.counter.load(Ordering::Acquire)).filter(|&address| address != 0)
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

    /// Says something else of this function. It holds for what happens from now on: code that is there counts as it does. Takes a
    /// lock: not for signal handlers.
    pub fn set_directive(&self, directive: Directive) {
        self.directive.set(directive);
        self.forget_declined();
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

    /// The history, oldest version first: all versions that have code, and the last 64 of those that had. Takes a lock: not for
    /// signal handlers.
    #[must_use]
    pub fn versions(&self) -> Vec<Arc<VersionInfo>> {
        lock(&self.cold).history.versions().to_vec()
    }

    /// How many versions are missing in the history because their code is gone and later ones have taken their place there.
    /// Takes a lock: not for signal handlers.
    #[must_use]
    pub fn forgotten_versions(&self) -> usize {
        lock(&self.cold).history.forgotten()
    }

    /// The version that new calls enter, if there is one. Takes a lock: not for signal handlers.
    #[must_use]
    pub fn running(&self) -> Option<Arc<VersionInfo>> {
        lock(&self.cold).history.running().cloned()
    }

    /// The version with this number, as it is now; `None` if it is not remembered. Takes a lock: not for signal handlers.
    #[must_use]
    pub fn version(&self, number: usize) -> Option<Arc<VersionInfo>> {
        lock(&self.cold).history.get(number).cloned()
    }

    /// Tells that the code of a version is about to be freed: it will not run again. `displaced` is how it was found: if it has run
    /// since, it is not what is to be freed. Returns whether it is allowed, which it also is not for the version that runs, for the
    /// baseline, which others go back to, and for one that was reclaimed before. Takes a lock: not for signal handlers.
    pub fn reclaim(&self, displaced: &Arc<VersionInfo>) -> bool {
        lock(&self.cold).history.reclaim(displaced)
    }

    /// The tier of the version that was made to run last, by a job or by rolling back, if it is above the baseline.
    pub(crate) fn last_tier(&self) -> Option<Tier> {
        let (_, tier) = lock(&self.cold).history.chosen()?;
        (tier > Tier::BASELINE).then_some(tier)
    }

    /// The unit whose version was made to run last, by a job or by rolling back, also if it has been taken back: what a renewal
    /// is to be like. `None` if that is a baseline. Takes a lock: not for signal handlers.
    #[must_use]
    pub fn last_unit(&self) -> Option<UnitId> {
        lock(&self.cold).history.chosen()?.0
    }

    /// Whether `unit` is being compiled, or its version runs. Takes a lock: not for signal handlers.
    #[must_use]
    pub fn is_current(&self, unit: UnitId) -> bool {
        let cold = lock(&self.cold);
        let running = cold.history.running();
        cold.is_compiling(unit) || running.is_some_and(|version| version.unit == Some(unit))
    }

    /// Why the last attempt failed, if it did. Takes a lock: not for signal handlers.
    #[must_use]
    pub fn failure(&self) -> Option<Arc<str>> {
        lock(&self.cold).failure.clone()
    }

    /// How many turns of its loops there have been since the last reset, these included.
    pub(crate) fn turned(&self, turns: NonZeroU32) -> u64 {
        // Relaxed, here and below: a number that orders nothing. Turns that race with a reset may get lost or count twice.
        let turns = u64::from(turns.get());
        let before = self.turns.fetch_add(turns, Ordering::Relaxed);
        before.saturating_add(turns)
    }

    pub(crate) fn reset_turns(&self) {
        self.turns.store(0, Ordering::Relaxed);
    }

    /// Whether listeners are to be told that a trip was declined: once for each `reason`, which is a bit.
    pub(crate) fn declines_first(&self, reason: u8) -> bool {
        // Relaxed, here and below: who sees an older value tells once more or once less. The look before saves a hot loop from
        // writing what others read.
        let is_new = |declined: u8| declined & reason == 0;
        is_new(self.declined.load(Ordering::Relaxed))
            && is_new(self.declined.fetch_or(reason, Ordering::Relaxed))
    }

    /// From now on trips are declined anew.
    pub(crate) fn forget_declined(&self) {
        self.declined.store(0, Ordering::Relaxed);
    }

    pub(crate) fn count_trip(&self) {
        self.trips.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// How often its baseline was taken away, or the function itself: what could not be compiled before may be another body now.
    /// Takes a lock: not for signal handlers.
    #[must_use]
    pub fn baselines_taken(&self) -> u64 {
        lock(&self.cold).bases
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

impl fmt::Display for FunctionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.id, self.info.symbol)
    }
}
