//! Shutdown against everything else.

use crate::support::{check, promote, state, with_baselines};
use loom::thread;
use tjit_runtime::{FunctionState, RequestOutcome, TripOutcome};

/// Shutdown reaches a worker wherever it is, and what is queued is not waited for.
#[test]
fn shutdown_wakes_a_worker() {
    check(|| {
        let (runtime, ids) = with_baselines(1, 1);
        let id = ids[0];
        let working = runtime.clone();
        let worker = thread::spawn(move || {
            let mut worker = working.worker().unwrap();
            while let Some(job) = worker.next_job() {
                promote(job);
            }
        });
        let tripping = runtime.clone();
        let trip = thread::spawn(move || tripping.trip(id));
        runtime.shutdown();
        worker.join().unwrap();
        match trip.join().unwrap() {
            TripOutcome::Queued => {
                assert!(matches!(
                    state(&runtime, id),
                    FunctionState::Queued | FunctionState::Optimized
                ));
            }
            outcome => {
                assert_eq!(outcome, TripOutcome::Stopped);
                assert_eq!(state(&runtime, id), FunctionState::Baseline);
            }
        }
        assert_eq!(runtime.request(id, 1), Ok(RequestOutcome::Stopped));
    });
}
