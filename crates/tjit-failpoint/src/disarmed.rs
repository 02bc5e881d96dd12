//! Ordinary builds: nothing fails, and nothing is there to ask.

use crate::{Injected, Phase, Plan, Point};

/// `Ok(())`.
///
/// # Errors
/// None in this build.
#[inline(always)]
pub const fn hit(_point: Point) -> Result<(), Injected> {
    Ok(())
}

/// Nothing.
#[inline(always)]
pub const fn enter(_phase: Phase) -> Entered {
    Entered(())
}

/// What [`enter`] returned.
#[derive(Debug)]
#[must_use]
pub struct Entered(());

impl Drop for Entered {
    #[inline(always)]
    fn drop(&mut self) {}
}

/// What [`Plan::arm`] returned; nothing fails in this build.
#[derive(Debug)]
#[must_use]
pub struct Armed(());

impl Armed {
    pub(crate) fn new(_plan: Plan) -> Self {
        Self(())
    }

    /// How often the point was hit: never.
    #[must_use]
    pub fn hits(&self, _point: Point) -> u64 {
        0
    }

    /// How many of the hits failed: none.
    #[must_use]
    pub fn injected(&self, _point: Point) -> u64 {
        0
    }
}

impl Drop for Armed {
    #[inline(always)]
    fn drop(&mut self) {}
}
