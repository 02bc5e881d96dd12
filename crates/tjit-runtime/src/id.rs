//! Names for functions and tiers: small numbers that fit into one atomic word and into generated code.

use std::fmt;

/// A function of the program: a dense index into the [`FunctionTable`](crate::FunctionTable), in order of registration.
///
/// The embedder keeps it equal to the index of the function's stub, so that the trip path gets from a stub address to a
/// function record by arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FunctionId(u32);

impl FunctionId {
    /// The function with this index. Whether a table holds it is found out by the call it is passed to.
    #[must_use]
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

    /// The index, counted from 0.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}

impl fmt::Display for FunctionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// One attempt to compile a function above the baseline, and the version that comes of it: what facts are recorded under,
/// so that [`Runtime::invalidate`](crate::Runtime::invalidate) can be told exactly what relied on them.
///
/// Unique in a runtime; a job that has to start again is another unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UnitId(u64);

impl UnitId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number, counted from 0 in each runtime.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unit {}", self.0)
    }
}

/// How a version was compiled; a higher number means more work by the compiler.
///
/// The number of a tier is its place in the list of the policy ([`TierPolicy::tiers`](crate::TierPolicy::tiers)), which may be
/// of any length up to what the state word has room for ([`Tier::MAX`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Tier(u8);

impl Tier {
    /// O0 code generation with counters.
    pub const BASELINE: Self = Self(0);
    /// The first tier above the baseline, which is the highest as long as the embedder names no more.
    pub const OPTIMIZED: Self = Self(1);
    /// The highest tier that can be named.
    pub const MAX: Self = Self(15);

    /// The tier with this number, or `None` above [`Tier::MAX`].
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number <= Self::MAX.0 {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The number of the tier.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The tier above it, or `None` above [`Tier::MAX`].
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tier {}", self.0)
    }
}
