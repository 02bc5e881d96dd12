//! What happened to a function, for logs, tests and tuning.

use crate::version::{Cause, Published, VersionInfo};
use crate::{FunctionId, RequestOutcome, Tier};
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
    /// Its versions are gone with the module they were of, and another has an equal definition: the next call is a first call.
    Reset,
    /// It is gone with its module.
    Removed,
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
