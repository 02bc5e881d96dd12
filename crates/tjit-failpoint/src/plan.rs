//! Which hits fail.

use crate::{Armed, Phase, Point};

/// Which hits fail: a seed, and a probability for each point. Nothing fails by default.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Plan {
    seed: u64,
    per_mille: [u16; Point::ALL.len()],
    phases: [bool; Phase::ALL.len()],
    at_most: u64,
}

impl Plan {
    /// A plan in which no point fails yet, for hits in all phases.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            per_mille: [0; Point::ALL.len()],
            phases: [true; Phase::ALL.len()],
            at_most: u64::MAX,
        }
    }

    /// Hits of `point` fail with this probability, in thousandths; 1000 or more: each one.
    pub const fn fail(mut self, point: Point, per_mille: u16) -> Self {
        self.per_mille[point.index()] = per_mille;
        self
    }

    /// Hits of any point fail with this probability, in thousandths.
    pub const fn fail_anywhere(mut self, per_mille: u16) -> Self {
        self.per_mille = [per_mille; Point::ALL.len()];
        self
    }

    /// Only hits in this phase fail, or are counted.
    pub const fn only(mut self, phase: Phase) -> Self {
        self.phases = [false; Phase::ALL.len()];
        self.phases[phase as usize] = true;
        self
    }

    /// Each point fails this often and no more.
    pub const fn at_most(mut self, times: u64) -> Self {
        self.at_most = times;
        self
    }

    /// Lets hits fail until the result is dropped. Waits as long as another plan is armed.
    pub fn arm(self) -> Armed {
        Armed::new(self)
    }

    /// Whether the plan is about hits in this phase.
    #[must_use]
    pub const fn is_for(&self, phase: Phase) -> bool {
        self.phases[phase as usize]
    }

    /// Whether the `hit`-th hit of `point` (from 0) fails, when `before` of the earlier ones did.
    #[must_use]
    pub fn fails(&self, point: Point, hit: u64, before: u64) -> bool {
        let drawn = mix(mix(self.seed ^ mix(point.index() as u64)) ^ hit) % 1000;
        before < self.at_most && drawn < u64::from(self.per_mille[point.index()])
    }
}

/// A bijection of numbers under which neighbours have nothing in common: the finaliser of SplitMix64 (Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", 2014).
const fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
