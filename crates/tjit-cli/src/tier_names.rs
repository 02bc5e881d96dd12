//! What tiers are called in reports.

use std::sync::Arc;

use tiered_jit::{Tier, TieredJit};

/// The names of a JIT's tiers, as they are given to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct TierNames(Arc<[String]>);

impl TierNames {
    pub(crate) fn of(jit: &TieredJit) -> Self {
        let names = jit.tiers().iter().map(|tier| tier.name.to_string());
        Self(names.collect())
    }

    pub(crate) fn name(&self, tier: Tier) -> String {
        let name = self.0.get(usize::from(tier.number()));
        name.map_or_else(|| tier.to_string(), Clone::clone)
    }
}
