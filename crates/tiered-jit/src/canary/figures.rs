//! What a trial has shown.

use std::fmt;
use std::sync::Arc;

use tjit_instrument::Histogram;
use tjit_runtime::VersionInfo;

/// How a trial ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CanaryOutcome {
    /// All calls that begin from now on run the version, or a later one.
    Committed {
        /// The version, made without measurements.
        version: Arc<VersionInfo>,
        /// What the trial has shown.
        figures: CanaryFigures,
    },
    /// All calls that begin from now on run what ran before.
    RolledBack {
        /// Why.
        reason: RollBackReason,
        /// What the trial has shown by then.
        figures: CanaryFigures,
    },
}

/// Why a version that was tried was not committed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RollBackReason {
    /// Its calls take longer than allowed.
    Slower,
    /// It returned something else than the version that ran.
    Differs {
        /// What that returned first where they differ, as in memory.
        old: Vec<u8>,
        /// What the candidate did.
        new: Vec<u8>,
    },
    /// There were too few samples by the deadline.
    Deadline,
    /// It was cancelled.
    Cancelled,
    /// Something that it or the version that ran relied on no longer holds, that version was taken back, or somebody else
    /// wants to compile the function.
    Overtaken(Arc<str>),
    /// The function's module is being removed.
    Removed,
    /// The JIT was shut down.
    ShutDown,
}

/// What a trial has shown.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct CanaryFigures {
    /// The times of the candidate's calls.
    pub candidate: CanaryTimes,
    /// The times of those of the version that ran.
    pub control: CanaryTimes,
    /// How many results were compared.
    pub compared: u64,
}

/// How long calls took, in cycles as `llvm.readcyclecounter` counts them, with the overhead of that: on x86-64 those of the
/// time-stamp counter.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct CanaryTimes {
    /// How many calls were timed.
    pub samples: u64,
    /// The mean over the middle half of the calls, which is what is compared.
    pub middle_mean: Option<f64>,
    /// Half of the calls took at most that.
    pub median: Option<f64>,
    /// 99 of 100 calls took at most that.
    pub p99: Option<f64>,
}

impl CanaryTimes {
    pub(super) fn of(histogram: &Histogram) -> Self {
        Self {
            samples: histogram.samples(),
            middle_mean: histogram.middle_mean(),
            median: histogram.quantile(0.5),
            p99: histogram.quantile(0.99),
        }
    }
}

impl CanaryFigures {
    /// How much longer the candidate's calls take: its mean over the middle half by that of the version that ran.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let (new, old) = (self.candidate.middle_mean?, self.control.middle_mean?);
        // Two that take less than the clock can tell take the same.
        Some(if new == old { 1.0 } else { new / old })
    }
}

impl fmt::Display for CanaryFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.compared > 0 {
            return write!(f, "{} results compared", self.compared);
        }
        let (new, old) = (&self.candidate, &self.control);
        write!(f, "{} calls against {}", new.samples, old.samples)?;
        match (self.ratio(), new.middle_mean, old.middle_mean) {
            (Some(ratio), Some(new), Some(old)) => {
                write!(f, ", {new:.0} cycles against {old:.0}, ratio {ratio:.3}")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for RollBackReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slower => "its calls take longer than allowed",
            Self::Differs { .. } => "it returned something else",
            Self::Deadline => "there were too few samples by the deadline",
            Self::Cancelled => "it was cancelled",
            Self::Overtaken(reason) => reason,
            Self::Removed => "the function's module is being removed",
            Self::ShutDown => "the JIT was shut down",
        })
    }
}
