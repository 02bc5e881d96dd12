//! Requests against trips, jobs, other requests and shutdown.

use crate::support::{check, promote, state, with_baselines};
use loom::thread;
use tjit_runtime::{CancelOutcome, Cause, FunctionState, RequestOutcome, TripOutcome};

/// A trip, a request and a worker that publishes as soon as there is work: the request's payload reaches exactly one job,
/// and when all is done nothing is left in a state that waits for somebody.
#[test]
fn trip_against_request_against_publish() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let tripping = runtime.clone();
        let trip = thread::spawn(move || tripping.trip(id));
        let requesting = runtime.clone();
        let request = thread::spawn(move || requesting.request(id, 7).unwrap());

        let mut worker = runtime.worker().unwrap();
        let mut served = Vec::new();
        while served.is_empty() {
            let mut job = worker.next_job().unwrap();
            let payloads = job.take_requests();
            assert_eq!(job.cause() == Cause::Request, !payloads.is_empty());
            served.extend(payloads);
            promote(job);
        }
        let (trip, request) = (trip.join().unwrap(), request.join().unwrap());
        assert_eq!(served, [7]);
        assert!(matches!(
            trip,
            TripOutcome::Queued | TripOutcome::Settled(_)
        ));
        assert!(!matches!(
            request,
            RequestOutcome::Merged | RequestOutcome::Stopped
        ));
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}

/// Two requests merge or follow each other; no payload is lost or served twice.
#[test]
fn two_requests_are_served_once_each() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let requesting = runtime.clone();
        let other = thread::spawn(move || requesting.request(id, 1).unwrap());
        let working = runtime.clone();
        let worker = thread::spawn(move || {
            let mut worker = working.worker().unwrap();
            let mut served = Vec::new();
            while served.len() < 2 {
                let mut job = worker.next_job().unwrap();
                assert!(!job.requests().is_empty(), "no job without a reason");
                served.extend(job.take_requests());
                promote(job);
            }
            served
        });
        runtime.request(id, 2).unwrap();
        let mut served = worker.join().unwrap();
        other.join().unwrap();
        served.sort_unstable();
        assert_eq!(served, [1, 2]);
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}

/// A request against shutdown: its payload is served or dropped, never kept, so whoever waits for it hears of it.
#[test]
fn shutdown_drops_or_declines_a_request() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let requesting = runtime.clone();
        let request = thread::spawn(move || requesting.request(id, 1).unwrap());
        runtime.shutdown();
        let outcome = request.join().unwrap();
        assert!(matches!(
            outcome,
            RequestOutcome::Enqueued | RequestOutcome::Stopped
        ));
        assert!(runtime.worker().unwrap().next_job().is_none());
    });
}

/// A request is cancelled while a worker takes it: its payload goes to one of the two, and a worker that finds nothing any more
/// waits for what comes next.
#[test]
fn cancel_against_a_worker() {
    check(|| {
        let (runtime, ids) = with_baselines(2, 1);
        let [id, next] = [ids[0], ids[1]];
        runtime.request(id, 1).unwrap();
        let working = runtime.clone();
        let worker = thread::spawn(move || {
            let mut worker = working.worker().unwrap();
            let mut served = Vec::new();
            while !served.contains(&2) {
                let mut job = worker.next_job().unwrap();
                assert!(!job.requests().is_empty(), "no job without a reason");
                served.extend(job.take_requests());
                promote(job);
            }
            served
        });
        let cancelled = runtime.cancel(id, |payload| *payload == 1).unwrap();
        runtime.request(next, 2).unwrap();
        let served = worker.join().unwrap();
        let (was_served, outcome) = (served == [1, 2], cancelled.outcome);
        match cancelled.payloads[..] {
            [1] => assert!(!was_served && outcome == CancelOutcome::Dequeued),
            [] => assert!(was_served && outcome == CancelOutcome::Nothing),
            ref other => panic!("{other:?}"),
        }
        let state = state(&runtime, id);
        assert_eq!(state == FunctionState::Optimized, was_served, "{state:?}");
    });
}

/// A function trips while the request that it waits for is cancelled: the trip is not lost, whichever is first.
#[test]
fn cancel_against_a_trip() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        runtime.request(id, 1).unwrap();
        let tripping = runtime.clone();
        let trip = thread::spawn(move || tripping.trip(id));
        let cancelled = runtime.cancel(id, |_| true).unwrap();
        assert_eq!(cancelled.payloads, [1]);
        trip.join().unwrap();
        let job = runtime.worker().unwrap().next_job().unwrap();
        assert_eq!((job.cause(), job.requests()), (Cause::Trip, &[][..]));
        promote(job);
    });
}

/// A request is cancelled while another one comes: what the first one leaves behind is cleaned up, what the second one needs is not.
#[test]
fn cancel_against_a_request() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        runtime.request(id, 1).unwrap();
        let requesting = runtime.clone();
        let request = thread::spawn(move || requesting.request(id, 2).unwrap());
        let cancelled = runtime.cancel(id, |payload| *payload == 1).unwrap();
        assert_eq!(cancelled.payloads, [1]);
        request.join().unwrap();
        let mut job = runtime.worker().unwrap().next_job().unwrap();
        assert_eq!(job.take_requests(), [2]);
        promote(job);
    });
}
