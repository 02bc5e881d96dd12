//! Who has the slot while something is tried, and afterwards.

use crate::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

const BASELINE: usize = 0x20;
/// Where the baseline counts its calls.
const COUNTER: usize = 0x28;
const OLD: usize = 0x30;
const SPLITTER: usize = 0x40;
const NEW: usize = 0x50;
/// What the slot holds when the next call is a first call.
const LAZY: usize = 0;

struct Fixture {
    runtime: Runtime<u32>,
    id: FunctionId,
    slot: Arc<AtomicUsize>,
}

fn compiled(address: usize) -> Compiled {
    Compiled {
        body: "f".into(),
        address,
        counter: (address == BASELINE).then_some(COUNTER),
        size: 1,
        phases: PhaseTimes::new(),
    }
}

impl Fixture {
    fn new() -> Self {
        let runtime = Runtime::new(Arc::new(DefaultPolicy::default()), Arc::new(NoCounters));
        let id = runtime.register(FunctionInfo::new("f", 0x10)).unwrap();
        let slot = Arc::new(AtomicUsize::new(LAZY));
        Self { runtime, id, slot }
    }

    fn with_baseline() -> Self {
        let fixture = Self::new();
        fixture.make_baseline();
        fixture
    }

    fn make_baseline(&self) {
        let Ok(Baseline::Mine(guard)) = self.runtime.baseline(self.id) else {
            panic!("nobody else compiles")
        };
        guard
            .publish(compiled(BASELINE), |to| self.install(to))
            .unwrap();
    }

    fn install(&self, address: usize) -> Result<(), Error> {
        self.slot.store(address, Ordering::Relaxed);
        Ok(())
    }

    fn claim(&self) -> Job<'_, u32> {
        self.runtime
            .try_claim(self.id, Cause::Canary)
            .unwrap()
            .expect("it is free")
    }

    fn begin_trial(&self, job: &mut Job<'_, u32>) {
        let slot = self.slot.clone();
        let restore = move |address: Option<usize>| {
            slot.store(address.unwrap_or(LAZY), Ordering::Relaxed);
        };
        let names = (&Arc::from("new"), &Arc::from("old"));
        let begun = job.begin_trial(names, || self.install(SPLITTER), Box::new(restore));
        assert_eq!(begun, Ok(()));
        assert_eq!(self.slot(), SPLITTER);
    }

    /// Has an optimised version run, and returns its unit.
    fn optimize(&self) -> UnitId {
        let job = self.claim();
        let unit = job.unit();
        let _version = job.publish(compiled(OLD), |to| self.install(to)).unwrap();
        unit
    }

    fn invalidate(&self, unit: UnitId) -> Invalidation {
        let install = |to: Option<usize>| self.install(to.unwrap_or(LAZY));
        let reason = Arc::from("it changed");
        self.runtime
            .invalidate((self.id, unit), &reason, install)
            .unwrap()
    }

    fn slot(&self) -> usize {
        self.slot.load(Ordering::Relaxed)
    }

    fn state(&self) -> FunctionState {
        let record = self.runtime.table().get(self.id);
        record.expect("it is registered").state()
    }

    /// Calls into the runtime as the counter of the baseline does.
    fn trip(&self) {
        let outcome = self.runtime.trip(self.id);
        assert_eq!(outcome, TripOutcome::Settled(FunctionState::Compiling));
    }
}

#[test]
fn a_trial_that_ends_leaves_the_version_that_ran() {
    let fixture = Fixture::with_baseline();
    fixture.optimize();
    for end in [
        |mut job: Job<'_, u32>| job.end_trial(),
        |job: Job<'_, u32>| job.withdraw("no"),
        |job: Job<'_, u32>| job.fail("no"),
        |job: Job<'_, u32>| drop(job),
    ] {
        let mut job = fixture.claim();
        fixture.begin_trial(&mut job);
        end(job);
        assert_eq!(fixture.slot(), OLD);
    }
}

#[test]
fn a_trial_that_is_published_is_not_undone() {
    let fixture = Fixture::with_baseline();
    let mut job = fixture.claim();
    fixture.begin_trial(&mut job);
    let published = job
        .publish(compiled(NEW), |to| fixture.install(to))
        .unwrap();
    assert!(matches!(published, JobOutcome::Installed(version) if version.cause == Cause::Canary));
    assert_eq!(fixture.slot(), NEW);
}

#[test]
fn a_fact_of_any_of_its_units_ends_a_trial_at_once() {
    let fixture = Fixture::with_baseline();
    fixture.optimize();
    for tried in [true, false] {
        let mut job = fixture.claim();
        let unit = if tried { job.add_unit() } else { job.unit() };
        fixture.begin_trial(&mut job);
        assert_eq!(job.must_end(), None);
        assert_eq!(fixture.invalidate(unit), Invalidation::Job);
        assert_eq!(fixture.slot(), OLD);
        assert_eq!(job.must_end().as_deref(), Some("it changed"));
        let published = job
            .publish(compiled(NEW), |to| fixture.install(to))
            .unwrap();
        assert!(matches!(published, JobOutcome::Stale(_)));
        assert_eq!(fixture.slot(), OLD);
    }
}

#[test]
fn nothing_is_tried_that_is_stale() {
    let fixture = Fixture::with_baseline();
    let mut job = fixture.claim();
    let unit = job.add_unit();
    fixture.invalidate(unit);
    let names = (&Arc::from("new"), &Arc::from("old"));
    let begun = job.begin_trial(names, || fixture.install(SPLITTER), Box::new(|_| {}));
    assert_eq!(begun, Err(TrialError::Stale("it changed".into())));
    assert_eq!(fixture.slot(), BASELINE);
}

#[test]
fn the_version_that_runs_is_taken_back_and_the_trial_with_it() {
    let fixture = Fixture::with_baseline();
    let old = fixture.optimize();
    let mut job = fixture.claim();
    fixture.begin_trial(&mut job);
    assert_eq!(fixture.invalidate(old), Invalidation::Baseline);
    assert_eq!(fixture.slot(), BASELINE);
    assert!(job.must_end().is_some());
    job.withdraw("its ground has gone");
    assert_eq!(fixture.slot(), BASELINE);
    let state = fixture.state();
    assert_eq!(state, FunctionState::Queued, "its counter may be used up");
}

#[test]
fn a_trip_during_a_trial_counts_when_that_is_over() {
    let fixture = Fixture::with_baseline();
    let mut job = fixture.claim();
    fixture.trip();
    fixture.begin_trial(&mut job);
    fixture.trip();
    assert_eq!(job.must_end(), None);
    job.withdraw("no");
    assert_eq!(fixture.state(), FunctionState::Queued);
    let mut worker = fixture.runtime.worker().unwrap();
    let job = worker.next_job().unwrap();
    assert_eq!(job.cause(), Cause::Trip);
    job.fail("it stays as it is");
}

#[test]
fn a_trip_during_a_trial_is_served_by_its_version() {
    let fixture = Fixture::with_baseline();
    let mut job = fixture.claim();
    fixture.begin_trial(&mut job);
    fixture.trip();
    let _version = job
        .publish(compiled(NEW), |to| fixture.install(to))
        .unwrap();
    assert_eq!(fixture.state(), FunctionState::Optimized);
}

#[test]
fn a_trip_during_a_trial_is_in_vain_after_a_failure() {
    let fixture = Fixture::with_baseline();
    fixture.claim().fail("it does not compile");
    let mut job = fixture.claim();
    fixture.begin_trial(&mut job);
    fixture.trip();
    job.withdraw("no");
    assert_eq!(fixture.state(), FunctionState::Failed);
}

#[test]
fn a_baseline_that_comes_meanwhile_waits_for_the_end() {
    let fixture = Fixture::new();
    let mut job = fixture.claim();
    fixture.begin_trial(&mut job);
    fixture.make_baseline();
    let record = fixture.runtime.table().get(fixture.id).unwrap();
    assert_eq!(record.counter(), Some(COUNTER));
    assert_eq!(fixture.slot(), SPLITTER);
    job.withdraw("no");
    assert_eq!(fixture.slot(), BASELINE);
}

#[test]
fn a_function_without_code_is_lazy_again() {
    let fixture = Fixture::new();
    let mut job = fixture.claim();
    fixture.begin_trial(&mut job);
    job.withdraw("no");
    assert_eq!(fixture.slot(), LAZY);
}

#[test]
fn who_wants_the_function_is_heard() {
    let fixture = Fixture::with_baseline();
    let job = fixture.claim();
    assert_eq!(job.must_end(), None);
    assert!(
        fixture
            .runtime
            .try_claim(fixture.id, Cause::Canary)
            .unwrap()
            .is_none()
    );
    assert!(job.must_end().is_some());
    job.withdraw("somebody wants it");
    assert_eq!(
        fixture.claim().must_end(),
        None,
        "whoever comes next is not asked to go"
    );
}

#[test]
fn who_claims_waits_for_the_end_of_a_trial() {
    let fixture = Fixture::with_baseline();
    let mut job = fixture.claim();
    fixture.begin_trial(&mut job);
    let (claimed, is_claimed) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let job = fixture.runtime.claim(fixture.id, Cause::Request).unwrap();
            claimed.send(fixture.slot()).unwrap();
            drop(job);
        });
        while job.must_end().is_none() {
            std::thread::yield_now();
        }
        job.withdraw("somebody wants it");
        assert_eq!(is_claimed.recv(), Ok(BASELINE));
    });
}

#[test]
fn a_child_of_fork_takes_back_what_its_parent_tries() {
    let fixture = Fixture::with_baseline();
    let mut job = fixture.claim();
    fixture.begin_trial(&mut job);
    std::mem::forget(job);
    fixture.runtime.abandon_claim(fixture.id).unwrap();
    assert_eq!(fixture.slot(), BASELINE);
    drop(fixture.claim());
    fixture.runtime.abandon_claim(fixture.id).unwrap();
}
