//! Trying a version on some of the calls before all calls get it.
//!
//! Both the candidate and the version that ran are compiled again to be measured, and the slot of the function leads to a
//! *splitter* ([`splitter`]), a jump that shares calls out. A thread of its own looks at the figures every few milliseconds
//! and ends the trial: the candidate is compiled once more, without measurements, and published, or the slot leads to the old
//! version again.

use std::time::Duration;

mod effects;
mod figures;
mod live;
mod measured;
mod probe;
mod refusal;
mod splitter;
mod threads;
mod ticket;
mod trial;

pub use figures::{CanaryFigures, CanaryOutcome, CanaryTimes, RollBackReason};
pub use refusal::CanaryRefusal;
pub use threads::{CanaryGuard, CanaryThreads, TooManyThreads};
pub use ticket::CanaryTicket;

pub(crate) use live::Canaries;
pub(crate) use probe::{Inserted, Probe, Probed};
pub(crate) use ticket::begin;

/// How a version is tried: which calls get it, what is compared, and when that is over.
///
/// See [`Reoptimize::canary`](crate::Reoptimize::canary).
#[derive(Debug, Clone)]
pub struct Canary {
    calls: Calls,
    compare: Compare,
    samples: u64,
    deadline: Duration,
}

/// Which calls get the candidate.
#[derive(Debug, Clone)]
enum Calls {
    /// This part of 2³² calls.
    Fraction(f64),
    Threads(CanaryThreads),
}

/// What decides whether a version is good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compare(Measure);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Measure {
    Time { max_ratio: f64 },
    Result { assumed: bool },
}

impl Compare {
    /// The time that calls take. The candidate is good if its mean time is at most `max_ratio` times that of the version that
    /// ran, both taken over the middle half of the calls: interrupts, page faults and cold caches are in the others.
    ///
    /// A call that is left by an exception which it does not catch, or by `longjmp`, does not count. A recursive call counts,
    /// and so does the time of what a function calls, but for tail calls that the language guarantees (`musttail`).
    #[must_use]
    pub fn time(max_ratio: f64) -> Self {
        Self(Measure::Time { max_ratio })
    }

    /// What calls return, bit by bit. Calls that are to try the candidate run the version that ran too, and return what that
    /// returns; one difference ends the trial.
    ///
    /// Only for functions that do nothing but return a value, as far as LLVM can tell: it infers `memory(read)`, `willreturn`
    /// and `nounwind` for the candidate, and for the version that ran. Others are refused, and so are functions that return
    /// nothing or through a pointer, and variadic ones. What they read may be written by another thread between the two calls;
    /// their results may differ then.
    #[must_use]
    pub fn result() -> Self {
        Self(Measure::Result { assumed: false })
    }

    /// As [`Compare::result`], for functions of which LLVM can't tell.
    ///
    /// # Safety
    /// Calling the candidate right after the version that ran, with the same arguments, has no effect that the program can't
    /// live with: it returns, does not throw, and writes nothing that matters.
    #[must_use]
    pub unsafe fn result_without_effects() -> Self {
        Self(Measure::Result { assumed: true })
    }
}

impl Canary {
    /// Tries the version on a part of the calls, more than 0 and less than 1, evenly spread over all calls of all threads.
    ///
    /// Which calls these are follows the golden ratio (Weyl's sequence), so that the part holds for any run of calls to within a
    /// few calls, and calls that come in a rhythm are not met by another.
    #[must_use]
    pub fn fraction(part: f64) -> Self {
        Self::new(Calls::Fraction(part))
    }

    /// Tries the version on the calls of some threads, while they are in `threads`.
    #[must_use]
    pub fn threads(threads: &CanaryThreads) -> Self {
        Self::new(Calls::Threads(threads.clone()))
    }

    fn new(calls: Calls) -> Self {
        Self {
            calls,
            compare: Compare::time(1.0),
            samples: 1_000,
            deadline: Duration::from_secs(10),
        }
    }

    /// What decides. By default the candidate must not take longer: `Compare::time(1.0)`.
    #[must_use]
    pub fn compare(mut self, compare: Compare) -> Self {
        self.compare = compare;
        self
    }

    /// How many calls of each version are measured, or compared, before it is decided: 1,000 by default.
    #[must_use]
    pub fn samples(mut self, calls: u64) -> Self {
        self.samples = calls;
        self
    }

    /// How long to wait for the samples, from when the first call can get the candidate: 10 seconds by default. Then the
    /// version is rolled back.
    #[must_use]
    pub fn deadline(mut self, after: Duration) -> Self {
        self.deadline = after;
        self
    }

    /// What is wrong with these options.
    fn check(&self) -> Result<(), CanaryRefusal> {
        if let Calls::Fraction(part) = self.calls
            && !(part > 0.0 && part < 1.0)
        {
            return Err(CanaryRefusal::Fraction(part));
        }
        if let Measure::Time { max_ratio } = self.compare.0
            && !(max_ratio > 0.0 && max_ratio.is_finite())
        {
            return Err(CanaryRefusal::Ratio(max_ratio));
        }
        if self.samples == 0 {
            return Err(CanaryRefusal::NoSamples);
        }
        Ok(())
    }
}
