#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod baseline;
mod commit;
mod directive;
mod error;
mod event;
mod evict;
mod hub;
mod id;
mod invalidate;
mod job;
mod policy;
mod record;
mod remove;
mod request;
mod retire;
mod rollback;
mod runtime;
mod stats;
mod table;
mod tiers;
mod trial;
mod trip;
mod version;
mod word;

mod clock;
mod primitive;
mod queue;
mod rebase;
mod ring;
mod sleepers;
mod trips;
mod waiters;

pub use baseline::{Baseline, BaselineGuard, BaselineTicket, BaselineWait, Waited};
pub use commit::{Change, Changed, Committed};
pub use directive::Directive;
pub use error::{Error, Unrunnable};
pub use event::{DeclineReason, Event, EventKind};
pub use hub::{EventHub, EventReceiver};
pub use id::{FunctionId, Tier, UnitId};
pub use invalidate::Invalidation;
pub use job::{Job, JobOutcome, Worker};
pub use policy::{Counters, DefaultPolicy, HoldOff, NoCounters, TierPolicy, Waiting};
pub use record::{FunctionInfo, FunctionRecord, Restore, TrialError};
pub use request::{Cancelled, Lapse};
#[cfg(not(any(tjit_loom, tjit_shuttle)))]
pub use retire::PinsSince;
pub use retire::{Pin, Retired};
pub use rollback::Rollback;
pub use runtime::Runtime;
pub use sleepers::MAX_WORKERS;
pub use stats::{StateCounts, Stats, TierStats};
pub use table::FunctionTable;
pub use tiers::{LOOP_INTERVAL, Thresholds, TierSpec};
pub use trip::TripOutcome;
pub use version::{
    Cause, Compiled, FactCounts, Phase, PhaseTimes, Published, VersionInfo, VersionStatus,
};
pub use word::{CancelOutcome, FunctionState, RequestOutcome};
