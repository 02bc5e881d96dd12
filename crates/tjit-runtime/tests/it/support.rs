//! A runtime with a slot per function and code addresses that say what they are.

use std::convert::Infallible;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tjit_runtime::{
    Baseline, Compiled, Counters, DefaultPolicy, FunctionId, FunctionInfo, FunctionRecord,
    FunctionState, Phase, PhaseTimes, Runtime,
};

pub(crate) const BASELINE: usize = 0xba5e;
pub(crate) const OPTIMIZED: usize = 0x0b71;

/// Remembers the sum of what counters were re-armed to.
#[derive(Default, Debug)]
pub(crate) struct Rearmed(pub(crate) AtomicU64);

impl Counters for Rearmed {
    fn rearm(&self, function: &FunctionRecord, calls: NonZeroU64) {
        assert_eq!(
            function.counter(),
            Some(0xc0de),
            "the embedder finds the counter"
        );
        self.0.fetch_add(calls.get(), Ordering::Relaxed);
    }
}

pub(crate) fn runtime(capacity: usize) -> (Runtime<u32>, Arc<Rearmed>) {
    let queue_capacity = NonZeroUsize::new(capacity).unwrap();
    let policy = DefaultPolicy {
        queue_capacity,
        ..DefaultPolicy::default()
    };
    let rearmed = Arc::new(Rearmed::default());
    (Runtime::new(Arc::new(policy), rearmed.clone()), rearmed)
}

pub(crate) fn runtime_with(
    policy: DefaultPolicy,
    counters: impl Counters + 'static,
) -> Runtime<u32> {
    Runtime::new(Arc::new(policy), Arc::new(counters))
}

pub(crate) fn lazy(runtime: &Runtime<u32>, symbol: &str) -> FunctionId {
    runtime.register(FunctionInfo::new(symbol, 0x57b)).unwrap()
}

/// Registers a function and gives it a baseline.
pub(crate) fn baseline(runtime: &Runtime<u32>, symbol: &str) -> FunctionId {
    let id = lazy(runtime, symbol);
    let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
        panic!("nobody else compiles")
    };
    guard
        .publish(code(&format!("{symbol}_baseline"), BASELINE), install)
        .unwrap();
    id
}

pub(crate) fn code(body: &str, address: usize) -> Compiled {
    let mut phases = PhaseTimes::new();
    phases.add(Phase::Optimize, Duration::from_millis(2));
    phases.add(Phase::Codegen, Duration::from_millis(3));
    Compiled {
        body: body.into(),
        address,
        size: 100,
        counter: Some(0xc0de),
        phases,
    }
}

pub(crate) fn install(_address: usize) -> Result<(), Infallible> {
    Ok(())
}

pub(crate) fn state(runtime: &Runtime<u32>, id: FunctionId) -> FunctionState {
    runtime.table().get(id).unwrap().state()
}
