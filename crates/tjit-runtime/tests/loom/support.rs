//! A runtime small enough to be modelled.

use std::convert::Infallible;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tjit_runtime::{
    Baseline, Compiled, Counters, DefaultPolicy, FunctionId, FunctionInfo, FunctionRecord,
    FunctionState, Job, PhaseTimes, Published, Runtime,
};

pub(crate) const BASELINE: usize = 0xba5e;
pub(crate) const OPTIMIZED: usize = 0x0b71;

/// Counts re-armings. Not modelled: it is read after all threads have ended.
#[derive(Default, Debug)]
pub(crate) struct Rearmed(pub(crate) AtomicUsize);

impl Counters for Rearmed {
    fn rearm(&self, _function: &FunctionRecord, _calls: NonZeroU64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    // `LOOM_MAX_PREEMPTIONS` has been read by now.
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(model);
}

pub(crate) fn runtime(capacity: usize, rearmed: &Arc<Rearmed>) -> Arc<Runtime<u32>> {
    runtime_of((0, capacity), DefaultPolicy::default(), rearmed.clone()).0
}

/// A runtime with functions in state `Baseline`.
pub(crate) fn with_baselines(
    functions: usize,
    capacity: usize,
) -> (Arc<Runtime<u32>>, Vec<FunctionId>) {
    let rearmed = Arc::<Rearmed>::default();
    runtime_of((functions, capacity), DefaultPolicy::default(), rearmed)
}

/// The same with a policy and counters.
pub(crate) fn runtime_of(
    (functions, capacity): (usize, usize),
    policy: DefaultPolicy,
    counters: Arc<dyn Counters>,
) -> (Arc<Runtime<u32>>, Vec<FunctionId>) {
    let queue_capacity = NonZeroUsize::new(capacity).unwrap();
    let policy = DefaultPolicy {
        queue_capacity,
        ..policy
    };
    let runtime = Arc::new(Runtime::new(Arc::new(policy), counters));
    let ids = (0..functions)
        .map(|_| {
            let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
            let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
                panic!("nobody else compiles")
            };
            let published = guard.publish(code(BASELINE), installed);
            assert_eq!(published, Ok(Published::Installed));
            id
        })
        .collect();
    (runtime, ids)
}

pub(crate) fn code(address: usize) -> Compiled {
    Compiled {
        body: "f".into(),
        address,
        size: 1,
        counter: None,
        phases: PhaseTimes::new(),
    }
}

pub(crate) fn installed(_address: usize) -> Result<(), Infallible> {
    Ok(())
}

pub(crate) fn promote(job: Job<'_, u32>) {
    job.publish(code(OPTIMIZED), installed).unwrap();
}

pub(crate) fn state(runtime: &Runtime<u32>, id: FunctionId) -> FunctionState {
    runtime.table().get(id).unwrap().state()
}

pub(crate) fn store(slot: &AtomicUsize, address: usize) -> Result<(), Infallible> {
    slot.store(address, Ordering::Relaxed);
    Ok(())
}
