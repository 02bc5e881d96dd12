//! What happened to a function, for logs, tests and tuning.

use crate::version::{Cause, Published, VersionInfo};
use crate::{CancelOutcome, FunctionId, RequestOutcome, Tier};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One thing that happened to one function.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Event {
    /// Taken when it happened; a later event has a higher number. Trips reach a receiver after a detour, so that numbers may
    /// come out of order on the channel; a gap is an event that was lost or sent before the receiver subscribed.
    pub sequence: u64,
    /// Time since the runtime was made.
    pub at: Duration,
    /// The function.
    pub function: FunctionId,
    /// Its linker-level name.
    pub symbol: Arc<str>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// The baseline exists.
    BaselineCompiled {
        /// The new version.
        version: Arc<VersionInfo>,
        /// Whether calls go to it.
        published: Published,
    },
    /// The baseline can't be compiled.
    BaselineFailed {
        /// What the compiler said.
        reason: Arc<str>,
    },
    /// It tripped and waits for a worker.
    Queued,
    /// It tripped and the queue was full; its counter was re-armed.
    TripDropped,
    /// The embedder asked for it.
    Requested {
        /// What the request did.
        outcome: RequestOutcome,
    },
    /// A worker started on it.
    PromotionStarted {
        /// The tier it aims for.
        tier: Tier,
        /// Why it was queued.
        cause: Cause,
    },
    /// A new version runs.
    Promoted {
        /// The new version, with its cause, times and size.
        version: Arc<VersionInfo>,
    },
    /// Something that a version relied on no longer holds: new calls don't enter it any more, and the function is queued.
    Invalidated {
        /// The version that was taken back.
        version: Arc<VersionInfo>,
        /// Tier of the version that new calls enter instead; `None` if the next call is a first call again.
        now: Option<Tier>,
    },
    /// Something that a job relied on no longer holds: it starts again.
    PromotionRestarted {
        /// The tier it aims for.
        tier: Tier,
        /// What changed.
        reason: Arc<str>,
    },
    /// A version is tried on some of the calls.
    CanaryStarted {
        /// The linker-level name of the body that is tried.
        candidate: Arc<str>,
        /// And of the one that it is compared with: the version that ran, made again to be measured.
        control: Arc<str>,
    },
    /// A version has been tried. [`EventKind::Promoted`] comes first if it was committed.
    CanaryDecided {
        /// Whether all calls go to it from now on.
        committed: bool,
        /// Why, with the figures.
        reason: Arc<str>,
    },
    /// The embedder had an earlier version run again; it stays until the embedder asks for another or resumes promotion.
    RolledBack {
        /// The version that runs now.
        version: Arc<VersionInfo>,
    },
    /// The function may be promoted again after it was rolled back.
    Resumed,
    /// A job ended without a new version and without a failure; the old version runs on.
    PromotionWithdrawn {
        /// The tier it aimed for.
        tier: Tier,
        /// Why it was begun.
        cause: Cause,
        /// Why it was given up.
        reason: Arc<str>,
    },
    /// It has another meaning from now on: no new call enters a version that it had.
    Redefined {
        /// The baseline of the new body; `None` if the next call is a first call.
        version: Option<Arc<VersionInfo>>,
    },
    /// Its versions are gone with the module they were of, and another has an equal definition: the next call is a first call.
    Reset,
    /// It is gone with its module.
    Removed,
    /// A trip or a request came to nothing. Of trips that a function's state or directive declines only the first is told, for each
    /// reason, until the function has been compiled again or has another directive.
    Declined {
        /// What it was.
        cause: Cause,
        /// Why.
        reason: DeclineReason,
    },
    /// Requests that waited for a worker were taken out again.
    Cancelled {
        /// How many.
        requests: usize,
        /// What became of the function.
        outcome: CancelOutcome,
    },
    /// A worker takes it, and would have sooner had its trip not been held off while the program started.
    HeldOff {
        /// For how long it waited in all.
        waited: Duration,
    },
    /// Requests had waited past their deadlines when a worker came to them.
    Expired {
        /// How many.
        requests: usize,
    },
    /// A version will not run again: its memory is freed as soon as nobody can be in it.
    Retired {
        /// The version.
        version: Arc<VersionInfo>,
        /// Bytes of code and data that are freed with it.
        bytes: u64,
    },
    /// The memory of a retired version was freed.
    Reclaimed {
        /// The version.
        version: Arc<VersionInfo>,
        /// Bytes of code and data.
        bytes: u64,
    },
    /// A version that will not run again is never freed.
    Unreclaimable {
        /// The version.
        version: Arc<VersionInfo>,
        /// Who may still use it.
        reason: Arc<str>,
    },
    /// A version that was seldom called made room for others: calls go to the baseline again.
    Evicted {
        /// The version.
        version: Arc<VersionInfo>,
    },
    /// A job ended without a new version; the old one runs on.
    PromotionFailed {
        /// The tier it aimed for.
        tier: Tier,
        /// Why it was queued.
        cause: Cause,
        /// What the compiler said.
        reason: Arc<str>,
    },
}

/// Why a trip or a request did not lead to a job.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DeclineReason {
    /// The runtime was shut down.
    Stopped,
    /// It is not a function of the program any more.
    Removed,
    /// The last attempt failed: only a request starts another.
    Failed,
    /// Its directive keeps it where it is.
    Directive,
    /// What the embedder says.
    Other(Arc<str>),
}

impl fmt::Display for DeclineReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "the JIT is shutting down",
            Self::Removed => "the function was removed from the program",
            Self::Failed => "the last attempt failed, and only a request starts another",
            Self::Directive => "its directive keeps it where it is",
            Self::Other(reason) => reason,
        })
    }
}
