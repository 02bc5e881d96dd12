//! Counters for the code of a tier that is left for another.

use std::num::NonZeroU32;

use inkwell::module::Module;
use tjit_instrument::{EntryCounter, LoopCounter, OptNone, Outcome};
use tjit_mangle::Version;
use tjit_runtime::{FunctionRecord, LOOP_INTERVAL, Thresholds, Tier, TierPolicy};

use crate::Error;
use crate::config::Tiering;
use crate::engine::Engine;
use crate::trip::TripFunctions;

/// What bodies of one tier count.
pub(crate) struct Counting<'e> {
    policy: &'e dyn TierPolicy,
    tiering: Tiering,
    tier: Tier,
    functions: TripFunctions,
}

impl<'e> Counting<'e> {
    pub(crate) fn at(engine: &'e Engine, tier: Tier) -> Self {
        Self {
            policy: &*engine.config.policy,
            tiering: engine.config.tiering,
            tier,
            functions: engine.trip_functions(tier),
        }
    }

    /// Gives a body of `function` the counters that its thresholds ask for. Returns the name of the entry counter, if it got
    /// one.
    pub(crate) fn instrument(
        &self,
        module: &Module<'_>,
        body: &str,
        function: &FunctionRecord,
    ) -> Result<Option<String>, Error> {
        let thresholds = match self.tiering {
            Tiering::Auto => self.policy.thresholds(function, self.tier),
            Tiering::Baseline | Tiering::Optimized => Thresholds::NEVER,
        };
        let Some(value) = module.get_function(body).filter(|_| thresholds.counts()) else {
            return Ok(None);
        };
        if let Some(turns) = thresholds.loops {
            let counter = LoopCounter {
                interval: interval(turns.get()),
                optnone: OptNone::Respect,
                trip_function: self.functions.loops.clone(),
            };
            let _loops = counter.instrument(module, value, function.symbol())?;
        }
        let Some(threshold) = thresholds.calls else {
            return Ok(None);
        };
        let counter = EntryCounter {
            threshold,
            optnone: OptNone::Respect,
            trip_function: self.functions.calls.clone(),
        };
        // Each version has a counter of its own, so that one that is late in an old version does not count for a new one.
        let version = tjit_mangle::split_body_name(body).map(|parts| parts.version);
        let is_first = self.tier == Tier::BASELINE && version == Some(Version::FIRST);
        let name = tjit_mangle::counter_name(if is_first { function.symbol() } else { body });
        let outcome = counter.instrument_as(module, value, function.symbol(), &name)?;
        Ok(match outcome {
            Outcome::Instrumented { counter } => Some(counter),
            Outcome::Skipped(_) => None,
        })
    }
}

/// After how many turns the runtime is told of a loop: often enough to hear of the threshold.
fn interval(threshold: u64) -> NonZeroU32 {
    let often = u32::try_from(threshold).unwrap_or(u32::MAX);
    NonZeroU32::new(often.min(LOOP_INTERVAL)).unwrap_or(NonZeroU32::MIN)
}
