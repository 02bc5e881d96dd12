#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod counter;
mod difference;
mod eligibility;
mod error;
mod histogram;
mod loops;
mod outcome;
mod prologue;
mod rewrite;
mod shadow;
mod symbols;
mod timing;
mod turns;

pub use config::{EntryCounter, LoopCounter, OptNone};
pub use difference::NotComparable;
pub use eligibility::optnone_everywhere;
pub use error::Error;
pub use histogram::{BUCKETS, Histogram, bucket};
pub use outcome::{LoopOutcome, Outcome, SkipReason};
pub use shadow::{Shadow, ShadowError, shadow};
pub use timing::time_calls;

/// The function a trip calls, unless [`EntryCounter::trip_function`] says otherwise.
///
/// Its type is `void (ptr)`; the argument is the address of the stub of the function whose counter
/// reached the threshold. It returns normally, may be called on any thread, even inside a signal
/// handler, and must not unwind.
pub const TRIP_FUNCTION: &str = "optimize_function";

/// The function that loops call, unless [`LoopCounter::trip_function`] says otherwise.
///
/// Its type is `void (ptr, i32, i32)`; the arguments are the address of the function's stub, the
/// number of the loop, and how many turns there have been since the last call. Otherwise it is as
/// [`TRIP_FUNCTION`].
pub const LOOP_FUNCTION: &str = "optimize_loop";

/// A function with this string attribute never gets a counter.
///
/// In C and C++: `__attribute__((annotate))` does not reach function attributes, so it is written
/// by an IR transformation of the embedder, or by a front end of its own.
pub const NO_COUNTER_ATTRIBUTE: &str = "tjit-no-counter";
