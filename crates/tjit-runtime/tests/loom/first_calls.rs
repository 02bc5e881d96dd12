//! First calls, and versions that come while they are under way.

use crate::support::{BASELINE, OPTIMIZED, check, code, installed, promote, runtime, state, store};
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tjit_runtime::{
    Baseline, BaselineTicket, Error, FunctionInfo, FunctionState, Published, Runtime, Waited,
};

/// Three first calls at once: one compiles, all get the same address, and the code was installed before anyone got it.
#[test]
fn first_calls_compile_once() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let compiles = Arc::new(AtomicUsize::new(0));
        let call = move |runtime: &Runtime<u32>, compiles: &AtomicUsize| match runtime
            .baseline(id)
            .unwrap()
        {
            Baseline::Ready(address) => assert_eq!(address, BASELINE),
            Baseline::Mine(guard) => {
                compiles.fetch_add(1, Ordering::Relaxed);
                guard.publish(code(BASELINE), installed).unwrap();
            }
        };
        let callers: Vec<_> = (0..2)
            .map(|_| {
                let (runtime, compiles) = (runtime.clone(), compiles.clone());
                thread::spawn(move || call(&runtime, &compiles))
            })
            .collect();
        call(&runtime, &compiles);
        callers
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(compiles.load(Ordering::Relaxed), 1);
        assert_eq!(state(&runtime, id), FunctionState::Baseline);
    });
}

/// The compiling caller panics: the waiting one gets an error and does not hang.
#[test]
fn an_abandoned_baseline_wakes_the_waiters() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let Ok(BaselineTicket::Mine(guard)) = runtime.begin_baseline(id) else {
            panic!("nobody else compiles")
        };
        let calling = runtime.clone();
        let caller = thread::spawn(move || match calling.begin_baseline(id) {
            Ok(BaselineTicket::Wait(other)) => other.wait().map(drop),
            Ok(_) => panic!("neither compiled nor free"),
            Err(error) => Err(error),
        });
        drop(guard);
        let failed = caller.join().unwrap();
        assert!(
            matches!(failed, Err(Error::BaselineFailed { .. })),
            "{failed:?}"
        );
        assert_eq!(state(&runtime, id), FunctionState::Failed);
    });
}

/// The compiling caller gives the duty back: the waiting one takes it.
#[test]
fn a_released_baseline_goes_to_a_waiter() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let Ok(BaselineTicket::Mine(guard)) = runtime.begin_baseline(id) else {
            panic!("nobody else compiles")
        };
        let calling = runtime.clone();
        let caller = thread::spawn(move || match calling.baseline(id).unwrap() {
            Baseline::Mine(guard) => guard.publish(code(BASELINE), installed).unwrap(),
            Baseline::Ready(_) => panic!("nobody compiled it"),
        });
        guard.release();
        assert_eq!(caller.join().unwrap(), Published::Installed);
    });
}

/// A request for a function whose first call is under way: whichever is published last, calls end in the optimised version,
/// and a caller that waits for the baseline is content with that.
#[test]
fn baseline_never_replaces_a_better_version() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let slot = Arc::new(AtomicUsize::new(0));
        let Ok(BaselineTicket::Mine(guard)) = runtime.begin_baseline(id) else {
            panic!("nobody else compiles")
        };
        runtime.request(id, 1).unwrap();

        let (working, target) = (runtime.clone(), slot.clone());
        let worker = thread::spawn(move || {
            let job = working.worker().unwrap().next_job().unwrap();
            job.publish(code(OPTIMIZED), |address| store(&target, address))
                .unwrap();
        });
        let calling = runtime.clone();
        let caller = thread::spawn(move || match calling.begin_baseline(id).unwrap() {
            BaselineTicket::Wait(other) => {
                assert!(matches!(other.wait().unwrap(), Waited::Ready(_)))
            }
            BaselineTicket::Done(address) => assert!(address == BASELINE || address == OPTIMIZED),
            BaselineTicket::Mine(_) => panic!("two callers compile"),
        });
        guard
            .publish(code(BASELINE), |address| store(&slot, address))
            .unwrap();
        worker.join().unwrap();
        caller.join().unwrap();
        assert_eq!(slot.load(Ordering::Relaxed), OPTIMIZED);
        assert_eq!(runtime.table().get(id).unwrap().code(), Some(OPTIMIZED));
        assert_eq!(state(&runtime, id), FunctionState::Optimized);
    });
}

/// A caller that waits for a baseline goes on as soon as a job has published something better, however long the baseline
/// takes.
#[test]
fn a_better_version_ends_the_wait_for_the_baseline() {
    check(|| {
        let runtime = runtime(1, &Arc::default());
        let id = runtime.register(FunctionInfo::new("f", 1)).unwrap();
        let Ok(BaselineTicket::Mine(guard)) = runtime.begin_baseline(id) else {
            panic!("nobody else compiles")
        };
        let calling = runtime.clone();
        let caller = thread::spawn(move || match calling.baseline(id).unwrap() {
            Baseline::Ready(address) => address,
            Baseline::Mine(_) => panic!("two callers compile"),
        });
        runtime.request(id, 1).unwrap();
        promote(runtime.worker().unwrap().next_job().unwrap());
        assert_eq!(caller.join().unwrap(), OPTIMIZED);
        assert_eq!(
            guard.publish(code(BASELINE), installed),
            Ok(Published::Superseded)
        );
    });
}
