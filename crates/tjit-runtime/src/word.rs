//! The state machine of one function, packed into one atomic word so that every transition is one compare-and-swap.
//!
//! Two things go on independently: the *base* (is there baseline code?) and the *promotion* (is a better version under
//! way?). A request may come for a function that was never called, and a first call may come while its promotion is
//! queued, so one linear list of states would have to multiply them out. [`FunctionState`] is the linear view.
//!
//! ```text
//! bits 0..2   base       Lazy | Compiling | Ready | Failed
//! bits 2..4   promotion  Idle | Queued | Compiling
//! bit  4      URGENT     queued by a request: has an entry in the first lane
//! bit  5      AGAIN      a request came while compiling: queue again when that ends
//! bit  6      FAILED     the last promotion failed: trips are ignored, requests are not; until a job begins
//! bit  7      RENEW      queued, or to be queued when the job ends, because what a version relied on has changed
//! bits 8..12  tier       of the version that runs, 0 until the first promotion
//! bit  12     REMOVED    not a function of the program any more; all other bits are 0
//! bit  13     TRIPPED    queued, and would be if nobody had asked for it: a counter has reached its threshold; or being compiled,
//!                        and is to be queued again if that is withdrawn: it was queued when it was claimed, a counter has reached
//!                        its threshold since, or the version that ran was taken back
//! bit  14     HELD       rolled back: only requests lead to another version, until one has or it is resumed. With RENEW and
//!                        Idle: queue when that is over
//! bit  15     CLAIMED    being compiled by somebody who is not a worker
//! ```
//!
//! A word holds no pointer and each transition is computed from the word it replaces, so that ABA is harmless: a word
//! that went away and came back means the same as one that stayed.

use crate::primitive::AtomicU32;
use crate::{Cause, Tier};
use std::sync::atomic::Ordering;

const BASE: u32 = 0b11;
const BASE_LAZY: u32 = 0;
const BASE_COMPILING: u32 = 1;
const BASE_READY: u32 = 2;
const BASE_FAILED: u32 = 3;
const PROMOTION: u32 = 0b11 << 2;
const IDLE: u32 = 0;
const QUEUED: u32 = 1 << 2;
const COMPILING: u32 = 2 << 2;
const URGENT: u32 = 1 << 4;
const AGAIN: u32 = 1 << 5;
const FAILED: u32 = 1 << 6;
const RENEW: u32 = 1 << 7;
const REMOVED: u32 = 1 << 12;
const TRIPPED: u32 = 1 << 13;
const HELD: u32 = 1 << 14;
const CLAIMED: u32 = 1 << 15;
const TIER_SHIFT: u32 = 8;
const TIER: u32 = 0b1111 << TIER_SHIFT;

/// Where a function is in its life: a linear view of its state word, true at the moment it was read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FunctionState {
    /// Never called; there is no code for it.
    Lazy,
    /// A first call is compiling it; other callers wait.
    CompilingBaseline,
    /// Baseline code runs and counts.
    Baseline,
    /// Waits for a worker: it tripped or a request came. What ran before still runs.
    Queued,
    /// A worker compiles a new version. What ran before still runs.
    Compiling,
    /// A version above the baseline runs.
    Optimized,
    /// The last attempt failed. What ran before still runs; only a request starts another attempt.
    Failed,
    /// It is not a function of the program any more.
    Removed,
}

/// What a request does to a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RequestOutcome {
    /// It was idle and is queued now.
    Enqueued,
    /// A trip had queued it; the request moved it to the front lane.
    Raised,
    /// An earlier request waits for a worker; one job will serve both.
    Merged,
    /// It is being compiled; it will be queued again when that ends, with this request and any that follow.
    Deferred,
    /// The runtime was shut down: nothing was queued and the payload was dropped.
    Stopped,
    /// It is not a function of the program any more: nothing was queued and the payload was dropped.
    Removed,
}

/// What cancelling requests did to a function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CancelOutcome {
    /// None of the requests that wait was meant: a job has taken it, or it was answered, or there never was one.
    Nothing,
    /// Other requests wait for the function still.
    Shared,
    /// No request is left, but the function tripped or is to be renewed and waits for that.
    StillQueued,
    /// Nothing waits for the function any more: it is what it was before.
    Dequeued,
}

/// How the compilation of the baseline ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BaselineEnd {
    /// Code exists.
    Ready,
    /// It can't be compiled.
    Failed,
    /// Given back untried: the next caller may try.
    Released,
}

/// How a promotion ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JobEnd {
    /// A version of this tier runs.
    Published(Tier),
    /// The old version runs on.
    Failed,
    /// As if it had not begun.
    Withdrawn,
    /// The old version runs on, and the next trip may try again.
    Declined,
}

/// A value of the state word. All methods are pure; [`AtomicWord`] makes them atomic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Word(u32);

impl Word {
    pub(crate) const NEW: Self = Self(BASE_LAZY | IDLE);

    fn base(self) -> u32 {
        self.0 & BASE
    }

    fn promotion(self) -> u32 {
        self.0 & PROMOTION
    }

    fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }

    fn with_base(self, base: u32) -> Self {
        Self(self.0 & !BASE | base)
    }

    fn with_promotion(self, promotion: u32) -> Self {
        Self(self.0 & !PROMOTION | promotion)
    }

    pub(crate) fn tier(self) -> Tier {
        let number = (self.0 & TIER) >> TIER_SHIFT;
        u8::try_from(number)
            .ok()
            .and_then(Tier::new)
            .unwrap_or(Tier::MAX)
    }

    /// Is there code that a caller can be sent to?
    pub(crate) fn has_code(self) -> bool {
        self.base() == BASE_READY || self.tier() > Tier::BASELINE
    }

    pub(crate) fn compiling_baseline(self) -> bool {
        self.base() == BASE_COMPILING
    }

    pub(crate) fn baseline_failed(self) -> bool {
        self.base() == BASE_FAILED
    }

    pub(crate) fn is_queued(self) -> bool {
        self.promotion() == QUEUED
    }

    /// Does it wait for a worker, or does one compile it?
    pub(crate) fn is_with_workers(self) -> bool {
        match self.promotion() {
            QUEUED => true,
            COMPILING => !self.has(CLAIMED),
            _ => false,
        }
    }

    pub(crate) fn state(self) -> FunctionState {
        match (self.promotion(), self.base()) {
            _ if self.is_removed() => FunctionState::Removed,
            (COMPILING, _) => FunctionState::Compiling,
            (QUEUED, _) => FunctionState::Queued,
            _ if self.has(FAILED) => FunctionState::Failed,
            _ if self.tier() > Tier::BASELINE => FunctionState::Optimized,
            (_, BASE_LAZY) => FunctionState::Lazy,
            (_, BASE_COMPILING) => FunctionState::CompilingBaseline,
            (_, BASE_READY) => FunctionState::Baseline,
            _ => FunctionState::Failed,
        }
    }

    pub(crate) fn is_removed(self) -> bool {
        self.has(REMOVED)
    }

    fn is_being_compiled(self) -> bool {
        self.compiling_baseline() || self.promotion() == COMPILING
    }

    /// The function leaves the program.
    pub(crate) fn remove(self) -> Option<Self> {
        (!self.is_being_compiled() && !self.is_removed()).then_some(Self(REMOVED))
    }

    /// The function starts anew, or comes back. What it waits for stays.
    pub(crate) fn reset(self) -> Option<Self> {
        let kept = match self.promotion() {
            QUEUED => self.0 & (PROMOTION | URGENT | RENEW | TRIPPED),
            _ => IDLE,
        };
        (!self.is_being_compiled()).then_some(Self(Self::NEW.0 | kept))
    }

    /// A first call takes the compilation of the baseline on itself.
    pub(crate) fn begin_baseline(self) -> Option<Self> {
        let is_lazy = self.base() == BASE_LAZY && !self.has_code() && !self.is_removed();
        is_lazy.then(|| self.with_base(BASE_COMPILING))
    }

    pub(crate) fn end_baseline(self, end: BaselineEnd) -> Option<Self> {
        let base = match end {
            BaselineEnd::Ready => BASE_READY,
            BaselineEnd::Failed => BASE_FAILED,
            BaselineEnd::Released => BASE_LAZY,
        };
        self.compiling_baseline().then(|| self.with_base(base))
    }

    /// A counter of a version at `tier` reached its threshold. `None`: another tier runs, so that it was one of a version that
    /// somebody is still in; or the function is on its way already, or was in vain.
    ///
    /// Of the baseline also while the base is still `Compiling`: the code is installed just before the word says so, and a
    /// caller that comes in between may trip, which must not be lost.
    pub(crate) fn trip(self, tier: Tier) -> Option<Self> {
        let free = self.promotion() == IDLE && !self.has(FAILED | HELD);
        (self.runs(tier) && free).then(|| Self(self.with_promotion(QUEUED).0 | TRIPPED))
    }

    /// A counter reached its threshold while the function is on its way for another reason, which may come to nothing: somebody
    /// asked for it, who may cancel that, or a job is under way, which may be withdrawn. The counter will not tell again.
    pub(crate) fn trip_behind(self, tier: Tier) -> Option<Self> {
        let may_be_in_vain = match self.promotion() {
            QUEUED => self.has(URGENT),
            COMPILING => !self.has(FAILED),
            _ => false,
        };
        let is_news = self.runs(tier) && may_be_in_vain && !self.has(TRIPPED | HELD);
        is_news.then_some(Self(self.0 | TRIPPED))
    }

    /// Whether new calls enter a version at `tier`, or are about to enter the baseline.
    fn runs(self, tier: Tier) -> bool {
        let has_it = tier > Tier::BASELINE || matches!(self.base(), BASE_COMPILING | BASE_READY);
        self.tier() == tier && has_it && !self.is_removed()
    }

    /// Whether a version at `tier` may have been installed that the word does not tell of yet.
    pub(crate) fn may_be_ahead(self, tier: Tier) -> bool {
        self.promotion() == COMPILING && self.tier() < tier
    }

    /// A request from outside; possible in every state.
    pub(crate) fn request(self) -> (Self, RequestOutcome) {
        match self.promotion() {
            _ if self.is_removed() => (self, RequestOutcome::Removed),
            QUEUED if self.has(URGENT) => (self, RequestOutcome::Merged),
            QUEUED => (Self(self.0 | URGENT), RequestOutcome::Raised),
            COMPILING => (Self(self.0 | AGAIN), RequestOutcome::Deferred),
            _ => (
                Self(self.with_promotion(QUEUED).0 | URGENT),
                RequestOutcome::Enqueued,
            ),
        }
    }

    /// The last request that waited was taken out again. `None`: no request waits.
    pub(crate) fn cancel(self) -> Option<Self> {
        let word = Self(self.0 & !(URGENT | AGAIN));
        if word == self {
            return None;
        }
        Some(match word.promotion() {
            QUEUED if word.has(HELD) || !word.has(TRIPPED | RENEW) => word.with_promotion(IDLE),
            _ => word,
        })
    }

    /// The version that runs must not be entered any more: back to the baseline, or to no code at all, and into the queue. A
    /// job under way is to replace it anyway, unless it is withdrawn. `None`: nothing above the baseline runs.
    ///
    /// A baseline that failed may be tried again: there was something to run so far, and a caller may need it now.
    pub(crate) fn invalidate(self) -> Option<Self> {
        if self.tier() == Tier::BASELINE {
            return None;
        }
        let base = match self.base() {
            BASE_FAILED => BASE_LAZY,
            base => base,
        };
        let word = Self(self.0 & !(TIER | FAILED)).with_base(base);
        Some(match word.promotion() {
            IDLE if self.has(HELD) => Self(word.0 | RENEW),
            IDLE => Self(word.with_promotion(QUEUED).0 | RENEW),
            // The request that it waits for may be cancelled.
            QUEUED => Self(word.0 | RENEW),
            // A trip would not be heard.
            _ if self.has(HELD) => Self(word.0 | RENEW),
            _ => Self(word.0 | TRIPPED),
        })
    }

    /// The version that runs makes room: back to the baseline, or to no code at all. `None`: nothing above the baseline runs, it
    /// is being replaced, or it is what the function was rolled back to.
    pub(crate) fn evict(self) -> Option<Self> {
        if self.tier() == Tier::BASELINE || self.promotion() == COMPILING || self.has(HELD) {
            return None;
        }
        let base = match self.base() {
            BASE_FAILED => BASE_LAZY,
            base => base,
        };
        Some(Self(self.0 & !TIER).with_base(base))
    }

    /// The function has another baseline, and nothing above it: what ran there is to be made anew. A job under way does that. That
    /// it was rolled back was said of what it was before. `None`: it is not a function of the program any more.
    pub(crate) fn rebase(self) -> Option<Self> {
        if self.is_removed() {
            return None;
        }
        let was_optimized = self.tier() > Tier::BASELINE;
        let word = Self(self.0 & !(TIER | FAILED | HELD)).with_base(BASE_READY);
        Some(match word.promotion() {
            IDLE if word.has(RENEW) => word.with_promotion(QUEUED),
            IDLE if was_optimized => Self(word.with_promotion(QUEUED).0 | RENEW),
            _ => word,
        })
    }

    /// The baseline is not to be entered any more, also one that is being compiled or can't be: the next call that needs one makes
    /// it. `None`: there is none.
    pub(crate) fn debase(self) -> Option<Self> {
        (self.base() != BASE_LAZY).then(|| self.with_base(BASE_LAZY))
    }

    /// A better version than the one above the baseline could be made: into the queue. A job under way may have begun too
    /// early and is followed by another. `None`: there is nothing to renew, or it waits already.
    pub(crate) fn renew(self) -> Option<Self> {
        let optimized = self.tier() > Tier::BASELINE && !self.has(FAILED);
        match self.promotion() {
            IDLE if optimized && self.has(HELD) => {
                (!self.has(RENEW)).then_some(Self(self.0 | RENEW))
            }
            IDLE if optimized => Some(Self(self.with_promotion(QUEUED).0 | RENEW)),
            COMPILING if !self.has(RENEW) => Some(Self(self.0 | RENEW)),
            // The request that it waits for may be cancelled.
            QUEUED if optimized && !self.has(RENEW) => Some(Self(self.0 | RENEW)),
            _ => None,
        }
    }

    /// An earlier version of `tier` runs again, and stays: what waits is dropped, and a job under way is not to be published.
    pub(crate) fn roll_back(self, tier: Tier) -> Option<Self> {
        let word = Self(self.0 & !(TIER | FAILED | URGENT | AGAIN | RENEW | TRIPPED));
        let word = match word.promotion() {
            QUEUED => word.with_promotion(IDLE),
            _ => word,
        };
        (!self.is_removed()).then_some(Self(word.0 | HELD | u32::from(tier.number()) << TIER_SHIFT))
    }

    /// The function may be promoted again. `None`: it was not rolled back, or has been promoted since.
    pub(crate) fn resume(self) -> Option<Self> {
        let word = Self(self.0 & !HELD);
        self.has(HELD).then(|| match word.promotion() {
            IDLE if word.has(RENEW) => Self(word.with_promotion(QUEUED).0 & !FAILED),
            _ => word,
        })
    }

    /// Was it rolled back?
    pub(crate) fn is_held(self) -> bool {
        self.has(HELD)
    }

    /// Is it to be renewed, but not before that is over?
    pub(crate) fn waits_for_resumption(self) -> bool {
        self.has(HELD) && self.has(RENEW) && self.promotion() == IDLE
    }

    /// A worker takes the function. `None`: the queue entry is stale, an earlier one has been served.
    pub(crate) fn begin_job(self) -> Option<Self> {
        self.is_queued()
            .then(|| Self(self.with_promotion(COMPILING).0 & !(URGENT | RENEW | TRIPPED | FAILED)))
    }

    /// Why a function that is queued is.
    pub(crate) fn cause(self) -> Cause {
        if self.urgent() {
            Cause::Request
        } else if self.renewed() {
            Cause::Renewal
        } else {
            Cause::Trip
        }
    }

    /// Somebody compiles the function outside of the queue. What had queued it waits until that has ended.
    pub(crate) fn claim(self) -> Option<Self> {
        if self.promotion() == COMPILING || self.is_removed() {
            return None;
        }
        let waiting = if self.has(URGENT) { AGAIN } else { 0 };
        let word = self.with_promotion(COMPILING).0 & !URGENT;
        Some(Self(word | waiting | CLAIMED))
    }

    /// Was the function queued by a request?
    pub(crate) fn urgent(self) -> bool {
        self.has(URGENT)
    }

    /// Was the function queued because what a version relied on has changed?
    pub(crate) fn renewed(self) -> bool {
        self.has(RENEW)
    }

    /// A job is done. The function is queued again if a request or a renewal waits.
    pub(crate) fn end_job(self, end: JobEnd) -> Option<Self> {
        if self.promotion() != COMPILING {
            return None;
        }
        let word = match end {
            JobEnd::Published(tier) => {
                self.0 & !(TIER | FAILED | HELD) | u32::from(tier.number()) << TIER_SHIFT
            }
            JobEnd::Failed => self.0 | FAILED,
            JobEnd::Withdrawn | JobEnd::Declined => self.0,
        };
        let served = match end {
            JobEnd::Withdrawn => 0,
            JobEnd::Published(_) | JobEnd::Failed | JobEnd::Declined => TRIPPED,
        };
        let word = Self(word & !(AGAIN | CLAIMED | served)).with_promotion(IDLE);
        Some(if self.has(AGAIN) {
            word.request().0
        } else if word.has(RENEW) && !word.has(HELD) {
            Self(word.with_promotion(QUEUED).0 & !FAILED)
        } else if word.has(TRIPPED) {
            word.with_promotion(QUEUED)
        } else {
            word
        })
    }
}

/// The state word of one function.
#[derive(Debug)]
pub(crate) struct AtomicWord(AtomicU32);

impl AtomicWord {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(Word::NEW.0))
    }

    pub(crate) fn load(&self) -> Word {
        // Acquire: pairs with the Release of the transition that is read; the code address and the counter address were
        // stored before it.
        Word(self.0.load(Ordering::Acquire))
    }

    /// Replaces the word by `next(word)` in one compare-and-swap, retried only when another transition came between.
    /// Returns the words before and after, or the word that `next` refused.
    pub(crate) fn update(&self, next: impl Fn(Word) -> Option<Word>) -> Result<(Word, Word), Word> {
        let mut current = self.load();
        loop {
            let Some(target) = next(current) else {
                return Err(current);
            };
            // Release: what this thread prepared (code, versions, counters) is visible to whoever sees the new state.
            // Acquire: this thread sees what those prepared whose state it replaces; also on failure, since the word
            // that is returned may be acted upon.
            match self.0.compare_exchange_weak(
                current.0,
                target.0,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Ok((current, target)),
                Err(actual) => current = Word(actual),
            }
        }
    }
}

#[cfg(all(test, not(tjit_loom)))]
mod tests;
