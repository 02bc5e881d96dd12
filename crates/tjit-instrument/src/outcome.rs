//! What became of one function.

use std::fmt;

/// What [`EntryCounter::instrument`](crate::EntryCounter::instrument) did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The function counts its calls.
    Instrumented {
        /// The IR name of the counter, a global `i64`.
        counter: String,
    },
    /// The function was left as it is.
    Skipped(SkipReason),
}

/// What [`LoopCounter::instrument`](crate::LoopCounter::instrument) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum LoopOutcome {
    /// The function counts the turns of its loops.
    Instrumented {
        /// How many loops are counted; 0 for a function without any, which was left as it is.
        loops: u32,
    },
    /// The function was left as it is.
    Skipped(SkipReason),
}

/// Why a function has no counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// It has no body in this module.
    Declaration,
    /// Its body is a copy for the inliner; the definition that runs is elsewhere.
    AvailableExternally,
    /// `naked`: it has no prologue, so there is no place where a register may be used.
    Naked,
    /// `optnone`: it may not be optimised, so there is nothing to count for.
    OptNone,
    /// `presplitcoroutine`: before it is split, its entry block belongs to every part of the
    /// coroutine.
    PresplitCoroutine,
    /// An interrupt handler: it is entered by the processor, never through a stub.
    InterruptHandler,
    /// It is the function that trips call.
    TripFunction,
    /// It has the attribute [`NO_COUNTER_ATTRIBUTE`](crate::NO_COUNTER_ATTRIBUTE).
    Requested,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declaration => "declaration only",
            Self::AvailableExternally => "body is available_externally",
            Self::Naked => "naked function",
            Self::OptNone => "marked optnone",
            Self::PresplitCoroutine => "coroutine that has not been split",
            Self::InterruptHandler => "interrupt handler",
            Self::TripFunction => "is the trip function",
            Self::Requested => "marked tjit-no-counter",
        })
    }
}
