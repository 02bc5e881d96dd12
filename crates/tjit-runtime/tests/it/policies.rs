//! Policies that are wrong.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use crate::support::{OPTIMIZED, baseline, code, install, state};
use tjit_runtime::{
    Cause, DefaultPolicy, FunctionRecord, FunctionState, NoCounters, Runtime, Thresholds, Tier,
    TierPolicy, TierSpec, TripOutcome, Waiting,
};

/// It panics whenever it is asked about a function.
#[derive(Debug, Default)]
struct Panics(DefaultPolicy);

impl TierPolicy for Panics {
    fn tiers(&self) -> &[TierSpec] {
        self.0.tiers()
    }

    fn thresholds(&self, _function: &FunctionRecord, _tier: Tier) -> Thresholds {
        panic!("no thresholds")
    }

    fn retry_after(&self, _function: &FunctionRecord) -> NonZeroU64 {
        panic!("no number")
    }

    fn target(&self, _function: &FunctionRecord, _current: Tier, _cause: Cause) -> Tier {
        panic!("no target")
    }

    fn priority(&self, _waiting: &Waiting<'_>) -> u64 {
        panic!("no priority")
    }

    fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn queue_capacity(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }
}

/// Nothing is worth anything to it.
#[derive(Debug, Default)]
struct Stays(DefaultPolicy);

impl TierPolicy for Stays {
    fn tiers(&self) -> &[TierSpec] {
        self.0.tiers()
    }

    fn target(&self, _function: &FunctionRecord, _current: Tier, _cause: Cause) -> Tier {
        Tier::BASELINE
    }

    fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn queue_capacity(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }
}

#[test]
fn a_policy_that_panics_is_one_that_says_nothing() {
    let runtime: Runtime<u32> = Runtime::new(Arc::new(Panics::default()), Arc::new(NoCounters));
    let [first, second] = ["first", "second"].map(|name| baseline(&runtime, name));
    let mut worker = runtime.worker().unwrap();
    for id in [first, second] {
        assert_eq!(runtime.trip(id), TripOutcome::Queued);
        let job = worker.next_job().unwrap();
        assert_eq!((job.record().id(), job.tier()), (id, Tier::OPTIMIZED));
        job.decline("there is no memory");
        assert_eq!(state(&runtime, id), FunctionState::Baseline);
    }
    // The queue has one place, which was given back each time.
    assert_eq!(runtime.trip(second), TripOutcome::Queued);
    assert_eq!(runtime.trip(first), TripOutcome::Full);
    let job = runtime.claim(first, Cause::Canary).unwrap();
    assert_eq!(job.tier(), Tier::OPTIMIZED);
    job.withdraw("that was all");
    assert_eq!(state(&runtime, first), FunctionState::Baseline);
}

#[test]
fn what_relies_on_anything_never_becomes_a_baseline() {
    let runtime: Runtime<u32> = Runtime::new(Arc::new(Stays::default()), Arc::new(NoCounters));
    let id = baseline(&runtime, "f");
    let Ok(_) = runtime.request(id, 1) else {
        panic!("it can be asked for")
    };
    let job = runtime.worker().unwrap().next_job().unwrap();
    let unit = job.unit();
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    let taken_back = runtime.invalidate((id, unit), &"it was so".into(), |address| {
        assert_eq!(address, Some(crate::support::BASELINE));
        Ok::<_, tjit_runtime::Error>(())
    });
    assert_eq!(taken_back, Ok(tjit_runtime::Invalidation::Baseline));
}
