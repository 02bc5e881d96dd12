//! Compiled bodies of a function, and what each of them cost.

use crate::{Tier, UnitId};
use std::fmt;
use std::ops::{AddAssign, Index};
use std::sync::Arc;
use std::time::Duration;

/// A step of a compile job, in the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Phase {
    /// Reading bitcode.
    Parse,
    /// Cutting the function out of its program.
    Slice,
    /// Adding counters.
    Instrument,
    /// The embedder's own transformations.
    Transform,
    /// Folding what is true of the running program.
    Fold,
    /// Checking the module after them.
    Verify,
    /// The pass pipeline.
    Optimize,
    /// Code generation up to the object file.
    Codegen,
    /// Linking the object and resolving its symbols.
    Link,
    /// Storing the address into the slot; measured by this crate.
    Publish,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Self; 10] = [
        Self::Parse,
        Self::Slice,
        Self::Instrument,
        Self::Transform,
        Self::Fold,
        Self::Verify,
        Self::Optimize,
        Self::Codegen,
        Self::Link,
        Self::Publish,
    ];

    /// The name in reports: one lower-case word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Slice => "slice",
            Self::Instrument => "instrument",
            Self::Transform => "transform",
            Self::Fold => "fold",
            Self::Verify => "verify",
            Self::Optimize => "optimize",
            Self::Codegen => "codegen",
            Self::Link => "link",
            Self::Publish => "publish",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Time spent per [`Phase`]; wall-clock time of the thread that did the work.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PhaseTimes([Duration; Phase::ALL.len()]);

impl PhaseTimes {
    /// Nothing spent yet.
    #[must_use]
    pub const fn new() -> Self {
        Self([Duration::ZERO; Phase::ALL.len()])
    }

    /// Adds `time` to `phase`.
    pub fn add(&mut self, phase: Phase, time: Duration) {
        let slot = &mut self.0[phase as usize];
        *slot = slot.saturating_add(time);
    }

    /// The time of all phases together.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.0
            .iter()
            .fold(Duration::ZERO, |sum, time| sum.saturating_add(*time))
    }

    /// Each phase with its time, also those that took none, in the order in which they run.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, Duration)> + '_ {
        Phase::ALL.into_iter().map(|phase| (phase, self[phase]))
    }
}

impl Index<Phase> for PhaseTimes {
    type Output = Duration;

    fn index(&self, phase: Phase) -> &Duration {
        &self.0[phase as usize]
    }
}

impl AddAssign<&PhaseTimes> for PhaseTimes {
    fn add_assign(&mut self, other: &PhaseTimes) {
        for (phase, time) in other.iter() {
            self.add(phase, time);
        }
    }
}

/// Why a version was compiled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Cause {
    /// Somebody called the function for the first time, or it was compiled along with a function that was called.
    FirstCall,
    /// Its counter reached the threshold.
    Trip,
    /// The embedder asked for it.
    Request,
    /// What the version before relied on has changed, or there is more to rely on.
    Renewal,
    /// It was tried on some of the calls first, and did well.
    Canary,
    /// The function got another meaning.
    Redefinition,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstCall => "first call",
            Self::Trip => "trip",
            Self::Request => "request",
            Self::Renewal => "renewal",
            Self::Canary => "canary",
            Self::Redefinition => "redefinition",
        })
    }
}

/// How much of what is true of the running program a version relies on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct FactCounts {
    /// Guards of initialised variables that it does not check any more.
    pub guards: usize,
    /// Variables whose values are part of its code.
    pub values: usize,
    /// Arguments that it is specialised for.
    pub arguments: usize,
}

/// What a compiler hands over to be published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compiled {
    /// The linker-level name of the body, tier suffix included.
    pub body: Arc<str>,
    /// Address of the code. It must be executable by now and stay so for as long as the version may be entered.
    pub address: usize,
    /// Size of the code and its private data in bytes.
    pub size: usize,
    /// What it took to make.
    pub phases: PhaseTimes,
    /// Address of its entry counter, if its calls are counted: what [`Counters`](crate::Counters) finds while it runs. It must be
    /// there for as long as the version may run.
    pub counter: Option<usize>,
}

/// What may become of a version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum VersionStatus {
    /// New calls enter it.
    Running,
    /// New calls don't enter it. It could run again: it has its code, and what it relies on holds.
    Kept,
    /// Something that it relied on no longer holds: it will not run again. Calls that are in it go on.
    Invalidated,
    /// Its code is gone, or is about to go once nobody can be in it any more.
    Reclaimed,
}

impl fmt::Display for VersionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Kept => "kept",
            Self::Invalidated => "invalidated",
            Self::Reclaimed => "reclaimed",
        })
    }
}

/// One version of a function in its history, as it was when it was asked for.
///
/// What changes in the life of a version, its status and the times, changes in the history:
/// [`FunctionRecord::versions`](crate::FunctionRecord::versions) has the present state.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct VersionInfo {
    /// Its number in the history of the function: the first is 0, and no other gets it, also when this one is forgotten.
    pub number: usize,
    /// The linker-level name of the body.
    pub body: Arc<str>,
    /// Address of the code; 0 is never valid.
    pub address: usize,
    /// Size of the code and its private data in bytes.
    pub size: usize,
    /// Address of its entry counter, if its calls are counted.
    pub counter: Option<usize>,
    /// How it was compiled.
    pub tier: Tier,
    /// Why it was compiled.
    pub cause: Cause,
    /// What it took to make.
    pub phases: PhaseTimes,
    /// The attempt that made it; `None` for a baseline, which relies on nothing.
    pub unit: Option<UnitId>,
    /// What it relies on.
    pub facts: FactCounts,
    /// Why it was taken back, if it was: new calls don't enter it any more.
    pub invalidated: Option<Arc<str>>,
    /// When it was handed over, since the runtime was made.
    pub made_at: Duration,
    /// When new calls began to enter it, the last time that they did; `None` if it never ran.
    pub published_at: Option<Duration>,
    /// When new calls ceased to enter it; `None` if it runs or never ran.
    pub displaced_at: Option<Duration>,
    pub(crate) status: VersionStatus,
}

impl VersionInfo {
    /// Whether it ran, or could have, when it was asked for.
    #[must_use]
    pub fn status(&self) -> VersionStatus {
        self.status
    }
}

/// What became of a version that was handed over to be published.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Published {
    /// The slot points at it.
    Installed,
    /// A better version was published first: it is kept in the history and the slot was left alone.
    Superseded,
    /// What it was compiled from is not right any more: it was dropped.
    Stale,
}
