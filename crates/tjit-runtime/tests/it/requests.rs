//! Requests that are taken out again, and those whose time is over.

use crate::support::{OPTIMIZED, baseline, code, install, lazy, runtime, state};
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tjit_runtime::{
    CancelOutcome, Cause, DefaultPolicy, Error, EventKind, FunctionId, FunctionInfo, FunctionState,
    NoCounters, RequestOutcome, Runtime, TripOutcome,
};

const MANY: NonZeroUsize = NonZeroUsize::new(100).unwrap();

fn cancel(runtime: &Runtime<u32>, id: FunctionId, payload: u32) -> (Vec<u32>, CancelOutcome) {
    let cancelled = runtime.cancel(id, |other| *other == payload).unwrap();
    (cancelled.payloads, cancelled.outcome)
}

#[test]
fn the_last_request_that_is_cancelled_takes_its_function_along() {
    let (runtime, _) = runtime(4);
    let id = lazy(&runtime, "f");
    runtime.request(id, 1).unwrap();
    runtime.request(id, 2).unwrap();
    let events = runtime.events().subscribe(MANY);
    assert_eq!(cancel(&runtime, id, 3), (vec![], CancelOutcome::Nothing));
    assert_eq!(cancel(&runtime, id, 1), (vec![1], CancelOutcome::Shared));
    assert_eq!(state(&runtime, id), FunctionState::Queued);
    assert_eq!(cancel(&runtime, id, 2), (vec![2], CancelOutcome::Dequeued));
    assert_eq!(state(&runtime, id), FunctionState::Lazy);
    assert_eq!(cancel(&runtime, id, 2), (vec![], CancelOutcome::Nothing));
    let outcomes: Vec<_> = events
        .try_iter()
        .filter_map(|event| match event.kind {
            EventKind::Cancelled { requests, outcome } => Some((requests, outcome)),
            _ => None,
        })
        .collect();
    assert_eq!(
        outcomes,
        [(1, CancelOutcome::Shared), (1, CancelOutcome::Dequeued)]
    );
    // It can be asked for again, and a job serves that alone.
    assert_eq!(runtime.request(id, 4), Ok(RequestOutcome::Enqueued));
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!(job.requests(), [4]);
}

#[test]
fn a_function_that_tripped_as_well_stays_queued() {
    let (runtime, _) = runtime(4);
    let (before, after) = (baseline(&runtime, "before"), baseline(&runtime, "after"));
    assert_eq!(runtime.trip(before), TripOutcome::Queued);
    assert_eq!(runtime.request(before, 1), Ok(RequestOutcome::Raised));
    assert_eq!(runtime.request(after, 1), Ok(RequestOutcome::Enqueued));
    let queued = TripOutcome::Settled(FunctionState::Queued);
    assert_eq!(runtime.trip(after), queued);
    let mut worker = runtime.worker().unwrap();
    for id in [before, after] {
        let outcome = cancel(&runtime, id, 1).1;
        assert_eq!(outcome, CancelOutcome::StillQueued);
        let job = worker.next_job().unwrap();
        assert_eq!((job.record().id(), job.cause()), (id, Cause::Trip));
        job.publish(code("optimized", OPTIMIZED), install).unwrap();
    }
}

#[test]
fn a_failed_function_whose_request_is_cancelled_has_failed_still() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    runtime.trip(id);
    let mut worker = runtime.worker().unwrap();
    worker.next_job().unwrap().fail("no reason at all");
    runtime.request(id, 1).unwrap();
    assert_eq!(cancel(&runtime, id, 1).1, CancelOutcome::Dequeued);
    assert_eq!(state(&runtime, id), FunctionState::Failed);
    let failed = TripOutcome::Settled(FunctionState::Failed);
    assert_eq!(runtime.trip(id), failed);
}

#[test]
fn what_a_job_has_taken_is_not_cancelled_but_what_came_later_is() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    runtime.request(id, 1).unwrap();
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!(runtime.request(id, 2), Ok(RequestOutcome::Deferred));
    assert_eq!(cancel(&runtime, id, 1).1, CancelOutcome::Nothing);
    assert_eq!(cancel(&runtime, id, 2).1, CancelOutcome::Dequeued);
    assert_eq!(job.requests(), [1]);
    job.publish(code("optimized", OPTIMIZED), install).unwrap();
    assert_eq!(state(&runtime, id), FunctionState::Optimized);
    let unknown = runtime.cancel(FunctionId::new(7), |_| true).unwrap_err();
    assert_eq!(unknown, Error::UnknownFunction(FunctionId::new(7)));
}

#[test]
fn a_renewal_outlives_the_request_it_met() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    let mut worker = runtime.worker().unwrap();
    runtime.request(id, 1).unwrap();
    let job = worker.next_job().unwrap();
    job.publish(code("optimized", OPTIMIZED), install).unwrap();
    runtime.request(id, 2).unwrap();
    assert_eq!(runtime.renew(id), Ok(true));
    assert_eq!(cancel(&runtime, id, 2).1, CancelOutcome::StillQueued);
    assert_eq!(worker.next_job().unwrap().cause(), Cause::Renewal);
}

#[test]
fn requests_whose_time_is_over_are_not_served() {
    let (runtime, _) = runtime(4);
    let [one, both, tripped] = ["one", "both", "tripped"].map(|f| baseline(&runtime, f));
    runtime.request(one, 1).unwrap();
    runtime.request(both, 1).unwrap();
    runtime.request(both, 2).unwrap();
    runtime.trip(tripped);
    runtime.request(tripped, 1).unwrap();
    let events = runtime.events().subscribe(MANY);
    let told = RefCell::new(Vec::new());
    let lapse = (
        |payload: &u32| *payload == 1,
        |record: &tjit_runtime::FunctionRecord, payload| {
            told.borrow_mut().push((record.id(), payload));
        },
    );
    let mut worker = runtime.worker().unwrap();
    for (id, cause, payloads) in [
        (both, Cause::Request, &[2][..]),
        (tripped, Cause::Trip, &[]),
    ] {
        let ((), job) = worker.next_job_inside(|| (), &lapse).unwrap();
        let got = (job.record().id(), job.cause(), job.requests());
        assert_eq!(got, (id, cause, payloads));
        job.publish(code("optimized", OPTIMIZED), install).unwrap();
    }
    assert_eq!(told.take(), [(one, 1), (both, 1), (tripped, 1)]);
    assert_eq!(state(&runtime, one), FunctionState::Baseline);
    let expired = EventKind::Expired { requests: 1 };
    let expired = events.try_iter().filter(|event| event.kind == expired);
    assert_eq!(expired.count(), 3);
}

#[test]
fn requests_and_cancellations_without_end_leave_nothing_behind() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    for round in 0..10_000 {
        runtime.request(id, round).unwrap();
        assert_eq!(cancel(&runtime, id, round).1, CancelOutcome::Dequeued);
    }
    assert_eq!(runtime.trip(id), TripOutcome::Queued);
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!(job.cause(), Cause::Trip);
}

/// A payload that looks, when it is dropped, whether its outcome is known.
struct Payload<'t>(&'t RefCell<Vec<RequestOutcome>>, usize);

impl Drop for Payload<'_> {
    fn drop(&mut self) {
        assert_eq!(self.0.borrow().len(), self.1, "before it is dropped");
    }
}

#[test]
fn the_outcome_is_told_before_the_payload_goes_anywhere() {
    let told = RefCell::new(Vec::new());
    let runtime = Runtime::new(Arc::new(DefaultPolicy::default()), Arc::new(NoCounters));
    let [served, gone] = ["served", "gone"].map(|name| {
        let info = FunctionInfo::new(name, 0x1000);
        runtime.register(info).unwrap()
    });
    let request = |id, nth| {
        let payload = Payload(&told, nth);
        let tell = |outcome| told.borrow_mut().push(outcome);
        runtime.request_and(id, payload, tell).unwrap()
    };
    assert_eq!(request(served, 1), RequestOutcome::Enqueued);
    let job = runtime.worker().unwrap().next_job().unwrap();
    job.fail("it is Tuesday");
    assert!(runtime.remove(gone).unwrap().is_empty());
    assert_eq!(request(gone, 2), RequestOutcome::Removed);
    runtime.shutdown();
    assert_eq!(request(served, 3), RequestOutcome::Stopped);
}
