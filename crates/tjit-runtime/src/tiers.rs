//! The tiers of a program: how bodies of each are made, and what it takes to leave it.

use std::borrow::Cow;
use std::num::NonZeroU64;

/// One tier. Its number, [`Tier::number`](crate::Tier::number), is its place in [`TierPolicy::tiers`](crate::TierPolicy::tiers).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TierSpec {
    /// The name in reports and on the command line.
    pub name: Cow<'static, str>,
    /// How bodies of this tier are optimised, in the syntax of `opt -passes=`; `None`: as the embedder does by itself. What is
    /// first is compiled in groups of functions, each of which may have a directive, so that it has no pipeline of its own.
    pub pipeline: Option<String>,
    /// What it takes to leave this tier for the next.
    pub thresholds: Thresholds,
}

impl TierSpec {
    /// The tier that every function starts at.
    #[must_use]
    pub const fn baseline(thresholds: Thresholds) -> Self {
        Self {
            name: Cow::Borrowed("baseline"),
            pipeline: None,
            thresholds,
        }
    }

    /// The tier that is left for no other.
    #[must_use]
    pub const fn optimized() -> Self {
        Self {
            name: Cow::Borrowed("optimized"),
            pipeline: None,
            thresholds: Thresholds::NEVER,
        }
    }
}

/// How much a function must run before it is worth more work by the compiler. What has no threshold is not counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Thresholds {
    /// Calls of the function.
    pub calls: Option<NonZeroU64>,
    /// Times that its loops come back to their headers, in all calls together but for the last
    /// [`LOOP_INTERVAL`] of each.
    pub loops: Option<NonZeroU64>,
}

/// Of a loop every so many turns are told to the runtime: so that a turn costs a counter in the frame and nothing shared.
///
/// HotSpot's interpreter asks its policy as often (`Tier0BackedgeNotifyFreqLog` = 10).
pub const LOOP_INTERVAL: u32 = 1 << 10;

impl Thresholds {
    /// However much it runs.
    pub const NEVER: Self = Self {
        calls: None,
        loops: None,
    };

    /// Whether there is anything to count.
    #[must_use]
    pub const fn counts(&self) -> bool {
        self.calls.is_some() || self.loops.is_some()
    }
}
