#![doc = include_str!("../README.md")]

mod canary;
mod choose;
mod config;
mod entry;
mod error;
mod jit;
mod module;
mod reoptimize;
mod source;
mod ticket;
mod when;

mod ahead;
mod answer;
mod assemble;
mod baseline;
mod baseline_names;
mod baseline_thread;
mod bodiless;
mod caller;
mod code;
mod counters;
mod counting;
mod cpu_model;
mod directives;
mod emit_ir;
mod emulated_tls;
mod ending;
mod engine;
mod exit;
mod facts;
mod first_call;
mod foreground;
mod fork;
mod host;
mod landing;
mod lifecycle;
mod limits;
mod object;
mod own_copies;
mod owner;
mod promise;
mod promote;
mod recipe;
mod reclaim;
mod redefine;
mod request;
mod support;
mod thread_local;
mod tiers;
mod transaction;
mod transform;
mod trip;
mod unit;
mod unload;
mod unoptimised;
mod version_numbers;
mod versions;
mod watcher;
mod weak;

pub use canary::{
    Canary, CanaryFigures, CanaryGuard, CanaryOutcome, CanaryRefusal, CanaryThreads, CanaryTicket,
    CanaryTimes, Compare, RollBackReason, TooManyThreads,
};
pub use choose::{ReoptimizeAll, Tickets};
pub use config::{Builder, FatalHandler, Tiering};
pub use entry::{Bound, Entered, Function, FunctionPointer};
pub use error::Error;
pub use facts::frozen::{Frozen, Unfreezable};
pub use jit::TieredJit;
pub use module::Module;
pub use reclaim::CodeMemory;
pub use redefine::Redefined;
pub use reoptimize::Reoptimize;
pub use request::TransformError;
pub use source::ModuleSource;
pub use ticket::Ticket;
pub use tiers::{Tiers, TiersError};
pub use transaction::Transaction;
pub use weak::WeakJit;
pub use when::{Fire, Receive, Trigger};

pub use tjit_compile_layer::{FeatureChanges, OptLevel};
pub use tjit_link::LinkError;
pub use tjit_reopt::{Argument, Constant, Unspecializable};
pub use tjit_runtime::{
    CancelOutcome, Cause, DeclineReason, DefaultPolicy, Directive, Event, EventKind, EventReceiver,
    FactCounts, FunctionRecord, FunctionState, HoldOff, Phase, PhaseTimes, Published,
    RequestOutcome, Stats, Thresholds, Tier, TierPolicy, TierSpec, TierStats, Unrunnable,
    VersionInfo, VersionStatus, Waiting,
};

#[doc(inline)]
pub use tjit_compile_layer as compile_layer;
#[doc(inline)]
pub use tjit_instrument as instrument;
#[doc(inline)]
pub use tjit_link as link;
#[doc(inline)]
pub use tjit_mangle as mangle;
#[doc(inline)]
pub use tjit_orc as orc;
#[doc(inline)]
pub use tjit_reopt as reopt;
#[doc(inline)]
pub use tjit_runtime as runtime;
#[doc(inline)]
pub use tjit_stubs as stubs;

/// The inkwell that transformations are written with; use this one, so that the types agree.
pub use inkwell;

/// The example of the repository's README is compiled and run with the others.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
