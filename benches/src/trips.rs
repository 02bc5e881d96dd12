//! A runtime whose functions can trip for the first time, again and again.

use std::convert::Infallible;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use tjit_runtime::{
    Baseline, Compiled, Counters, DefaultPolicy, FunctionId, FunctionInfo, FunctionRecord,
    FunctionState, PhaseTimes, Runtime, TripOutcome,
};
use tjit_stubs::{CodePtr, StubId, StubManager, Target};

/// What the background worker does while functions trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerState {
    /// There is none: nothing to wake, and nobody empties the queue.
    Absent,
    /// It takes each function that tripped and fails its job at once; it sleeps when there is none.
    Draining,
}

/// Functions at baseline behind stubs, as a program has them whose counters are about to reach their threshold.
#[derive(Debug)]
pub struct Trips {
    runtime: Arc<Runtime>,
    stubs: StubManager,
    functions: Vec<usize>,
    worker: Option<JoinHandle<()>>,
}

/// A counter for all functions: what re-arming writes to.
#[derive(Debug, Default)]
struct SharedCounter(AtomicU64);

impl Counters for SharedCounter {
    fn rearm(&self, _function: &FunctionRecord, calls: NonZeroU64) {
        // Relaxed, as in the JIT: the counter orders nothing.
        self.0.store(calls.get(), Ordering::Relaxed);
    }
}

impl Trips {
    /// `functions` of them, with a queue for `capacity` trips.
    ///
    /// # Panics
    /// If the system refuses memory or a thread.
    #[must_use]
    pub fn new(functions: usize, capacity: NonZeroUsize, worker: WorkerState) -> Self {
        let policy = DefaultPolicy {
            queue_capacity: capacity,
            ..DefaultPolicy::default()
        };
        let runtime = Arc::new(Runtime::new(
            Arc::new(policy),
            Arc::new(SharedCounter::default()),
        ));
        let never = |id: StubId| -> CodePtr { unreachable!("{id} is not called") };
        let stubs = StubManager::new(tjit_stubs::Config::default(), Box::new(never))
            .expect("address space for stubs");
        let names = (0..functions).map(|index| (format!("f{index}"), Target::Lazy));
        let created = stubs.create_batch(names).expect("fresh names");
        let addresses: Vec<_> = created.iter().map(|stub| stub.address.addr()).collect();
        for &address in &addresses {
            add_baseline(&runtime, address);
        }
        let worker = (worker == WorkerState::Draining).then(|| {
            let runtime = runtime.clone();
            std::thread::spawn(move || drain(&runtime))
        });
        Self {
            runtime,
            stubs,
            functions: addresses,
            worker,
        }
    }

    /// The addresses of the stubs, which are what counters pass on.
    #[must_use]
    pub fn functions(&self) -> &[usize] {
        &self.functions
    }

    /// What the trip function does on the mutator, from the address of the stub on.
    #[inline]
    pub fn trip(&self, stub: usize) -> TripOutcome {
        let Some(id) = self.stubs.id_of_address(stub) else {
            return TripOutcome::Unknown;
        };
        self.runtime.trip(FunctionId::new(id.index()))
    }

    /// Whether the worker is done with the function.
    #[must_use]
    pub fn is_served(&self, stub: usize) -> bool {
        let id = self.stubs.id_of_address(stub);
        let record = id.and_then(|id| self.runtime.table().get(FunctionId::new(id.index())));
        record.is_none_or(|record| {
            !matches!(
                record.state(),
                FunctionState::Queued | FunctionState::Compiling
            )
        })
    }
}

impl Drop for Trips {
    fn drop(&mut self) {
        self.runtime.shutdown();
        if let Some(worker) = self.worker.take() {
            // It panics only if the runtime is broken, and then has said so.
            let _ended = worker.join();
        }
    }
}

fn add_baseline(runtime: &Runtime, stub: usize) {
    let info = FunctionInfo::new(format!("f{stub:x}"), stub);
    let id = runtime.register(info).expect("the table has room");
    let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
        unreachable!("nobody else compiles");
    };
    let compiled = Compiled {
        body: guard.record().symbol().clone(),
        address: stub,
        size: 0,
        counter: None,
        phases: PhaseTimes::new(),
    };
    let installed = guard.publish(compiled, |_| Ok::<_, Infallible>(()));
    installed.expect("nothing is installed");
}

fn drain(runtime: &Runtime) {
    let mut worker = runtime.worker().expect("the only worker");
    while let Some(job) = worker.next_job() {
        job.fail("nothing is compiled here");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_trips_once() {
        let trips = Trips::new(2, NonZeroUsize::MIN, WorkerState::Absent);
        let [first, second] = *trips.functions() else {
            unreachable!("two functions");
        };
        assert_eq!(trips.trip(first), TripOutcome::Queued);
        assert_eq!(trips.trip(second), TripOutcome::Full);
        assert!(!trips.is_served(first));
        assert_eq!(trips.trip(1), TripOutcome::Unknown);
    }
}
