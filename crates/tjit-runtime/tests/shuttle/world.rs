//! What the models share: a runtime, slots, and who has seen what.

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::atomic::AtomicUsize;
use shuttle::{Config, FailurePersistence, Runner};
use std::convert::Infallible;
use std::env;
use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use tjit_runtime::{
    Baseline, Compiled, DefaultPolicy, Error, FunctionId, FunctionInfo, FunctionState, Job,
    JobOutcome, NoCounters, PhaseTimes, Runtime, UnitId,
};

/// Priorities that change this often find most bugs, which need few preemptions (Burckhardt et al., "A randomized scheduler with
/// probabilistic guarantees of finding bugs", ASPLOS 2010).
const PCT_DEPTH: usize = 3;

/// Runs a model with as many schedules as are asked for: half of them random, half by priorities.
pub(crate) fn check(model: impl Fn() + Send + Sync + Clone + 'static) {
    let schedules = env::var("TJIT_SCHEDULES").map_or(500, |text| {
        text.parse().expect("TJIT_SCHEDULES must be a number")
    });
    let mut config = Config::new();
    config.stack_size = STACK;
    config.failure_persistence = FailurePersistence::Print;
    let half = schedules / 2;
    Runner::new(RandomScheduler::new(half), config.clone()).run(model.clone());
    Runner::new(PctScheduler::new(PCT_DEPTH, schedules - half), config).run(model);
}

/// Bytes of stack of each modelled thread; the default of 32 KiB does not hold a panic with its message.
const STACK: usize = 1 << 19;

const LAZY: usize = 1;

fn index(id: FunctionId) -> usize {
    usize::try_from(id.index()).expect("few functions")
}

pub(crate) struct World {
    pub(crate) runtime: Runtime<u32>,
    pub(crate) ids: Vec<FunctionId>,
    slots: Vec<AtomicUsize>,
    /// Not modelled: nothing is ordered by it.
    served: Mutex<Vec<u32>>,
    units: Mutex<Vec<(FunctionId, UnitId)>>,
    next: std::sync::atomic::AtomicUsize,
}

impl World {
    pub(crate) fn new(functions: usize, capacity: usize) -> Arc<Self> {
        let policy = DefaultPolicy {
            queue_capacity: NonZeroUsize::new(capacity).unwrap(),
            ..DefaultPolicy::default()
        };
        let runtime = Runtime::new(Arc::new(policy), Arc::new(NoCounters));
        let ids = (0..functions).map(|_| runtime.register(FunctionInfo::new("f", 1)));
        Arc::new(Self {
            ids: ids.collect::<Result<_, _>>().unwrap(),
            runtime,
            slots: (0..functions).map(|_| AtomicUsize::new(LAZY)).collect(),
            served: Mutex::default(),
            units: Mutex::default(),
            next: std::sync::atomic::AtomicUsize::new(100),
        })
    }

    /// Code that nobody had before.
    fn code(&self) -> Compiled {
        Compiled {
            body: "f".into(),
            address: self.next.fetch_add(1, Ordering::Relaxed),
            size: 1,
            counter: None,
            phases: PhaseTimes::new(),
        }
    }

    fn install(&self, id: FunctionId, address: usize) -> Result<(), Infallible> {
        self.slots[index(id)].store(address, Ordering::Release);
        Ok(())
    }

    /// A first call, or one that needs none.
    pub(crate) fn call(&self, id: FunctionId) {
        if self.slots[index(id)].load(Ordering::Acquire) != LAZY {
            return;
        }
        match self.runtime.baseline(id) {
            Ok(Baseline::Mine(guard)) => {
                let _published = guard.publish(self.code(), |address| self.install(id, address));
            }
            Ok(Baseline::Ready(address)) => assert_ne!(address, 0),
            Err(error) => panic!("no baseline fails here: {error}"),
        }
    }

    /// Serves a job, however often it has to begin again; every third one fails.
    pub(crate) fn serve(&self, mut job: Job<'_, u32>) {
        let id = job.record().id();
        self.served.lock().unwrap().extend(job.take_requests());
        loop {
            let unit = job.unit();
            self.units.lock().unwrap().push((id, unit));
            let code = self.code();
            if code.address.is_multiple_of(3) {
                return job.fail("on purpose");
            }
            let install = |address| self.install(id, address);
            match job.publish(code, install) {
                Ok(JobOutcome::Installed(_)) => return,
                Ok(JobOutcome::Stale(again)) => job = again,
                Ok(JobOutcome::Withdrawn(reason)) => panic!("nobody rolls back: {reason}"),
                Err(never) => match never {},
            }
        }
    }

    /// Works until the runtime is shut down.
    pub(crate) fn work(&self) {
        let mut worker = self.runtime.worker().unwrap();
        while let Some(job) = worker.next_job() {
            self.serve(job);
        }
    }

    /// Takes back a unit, if there has been one.
    pub(crate) fn invalidate_one(&self) {
        let unit = self.units.lock().unwrap().pop();
        if let Some((id, unit)) = unit {
            let slot = &self.slots[index(id)];
            let fall_back = |to: Option<usize>| {
                slot.store(to.unwrap_or(LAZY), Ordering::Release);
                Ok::<(), Error>(())
            };
            let done = self
                .runtime
                .invalidate((id, unit), &"gone".into(), fall_back);
            done.unwrap();
        }
    }

    /// What must hold once everybody has ended: slots are where records say, nobody compiles, and no payload came twice.
    pub(crate) fn check(&self, taken_back: &[u32]) {
        for (id, slot) in self.ids.iter().zip(&self.slots) {
            let record = self.runtime.table().get(*id).unwrap();
            let slot = slot.load(Ordering::Acquire);
            assert_eq!(record.code().unwrap_or(LAZY), slot, "{:?}", record.state());
            let state = record.state();
            assert!(
                !matches!(
                    state,
                    FunctionState::Compiling | FunctionState::CompilingBaseline
                ),
                "{state:?}"
            );
        }
        let mut all = self.served.lock().unwrap().clone();
        all.extend(taken_back);
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count, "a payload was served twice");
    }
}
