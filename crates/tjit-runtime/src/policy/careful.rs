//! What is left of a policy that panics: the defaults.
//!
//! A policy is asked with locks held, between two halves of one step: a function that has left the queue and has no job yet would
//! never be compiled again, and a mutator that trips can't unwind.

use super::{HoldOff, TierPolicy, Waiting};
use crate::{Cause, FunctionRecord, Thresholds, Tier, TierSpec};
use std::num::{NonZeroU64, NonZeroUsize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A policy that does not panic where that would harm others, and whose answers can be followed.
#[derive(Debug)]
pub(crate) struct Careful(Arc<dyn TierPolicy>);

/// What the policy has a list for, and nothing more to say.
#[derive(Debug)]
struct Defaults<'p>(&'p Careful);

impl Careful {
    pub(crate) fn new(policy: Arc<dyn TierPolicy>) -> Self {
        Self(policy)
    }

    /// The panic hook has told of it.
    fn ask<'p, T>(
        &'p self,
        ask: impl Fn(&'p dyn TierPolicy) -> T,
        otherwise: impl FnOnce(&Defaults<'p>) -> T,
    ) -> T {
        // `AssertUnwindSafe`: what state a policy has is its own affair.
        let answer = catch_unwind(AssertUnwindSafe(|| ask(&*self.0)));
        answer.unwrap_or_else(|_told| otherwise(&Defaults(self)))
    }
}

impl TierPolicy for Careful {
    fn tiers(&self) -> &[TierSpec] {
        self.ask(|policy| policy.tiers(), |_| &[])
    }

    fn spec(&self, tier: Tier) -> Option<&TierSpec> {
        let own = self.tiers().get(usize::from(tier.number()));
        self.ask(|policy| policy.spec(tier), |_| own)
    }

    fn top(&self) -> Tier {
        self.ask(|policy| policy.top(), TierPolicy::top)
    }

    fn thresholds(&self, function: &FunctionRecord, tier: Tier) -> Thresholds {
        self.ask(
            |policy| policy.thresholds(function, tier),
            |defaults| defaults.thresholds(function, tier),
        )
    }

    fn retry_after(&self, function: &FunctionRecord) -> NonZeroU64 {
        self.ask(
            |policy| policy.retry_after(function),
            |defaults| defaults.retry_after(function),
        )
    }

    fn target(&self, function: &FunctionRecord, current: Tier, cause: Cause) -> Tier {
        let target = self.ask(
            |policy| policy.target(function, current, cause),
            |defaults| defaults.target(function, current, cause),
        );
        // Baselines rely on nothing, and are what is gone back to.
        target.max(Tier::OPTIMIZED)
    }

    fn priority(&self, waiting: &Waiting<'_>) -> u64 {
        self.ask(
            |policy| policy.priority(waiting),
            |defaults| defaults.priority(waiting),
        )
    }

    fn hold_off(&self) -> HoldOff {
        self.0.hold_off()
    }

    fn workers(&self) -> NonZeroUsize {
        self.0.workers()
    }

    fn queue_capacity(&self) -> NonZeroUsize {
        self.0.queue_capacity()
    }
}

impl TierPolicy for Defaults<'_> {
    fn tiers(&self) -> &[TierSpec] {
        self.0.tiers()
    }

    fn workers(&self) -> NonZeroUsize {
        self.0.workers()
    }

    fn queue_capacity(&self) -> NonZeroUsize {
        self.0.queue_capacity()
    }
}
