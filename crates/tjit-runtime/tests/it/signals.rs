//! Trips from a signal handler that interrupts trips of the same thread, wherever they are.
#![cfg(all(unix, not(miri)))]

use crate::support::{OPTIMIZED, baseline, code, install, runtime};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use tjit_runtime::{FunctionId, Runtime, TripOutcome};

static RUNTIME: OnceLock<Runtime<u32>> = OnceLock::new();
static HANDLED: AtomicUsize = AtomicUsize::new(0);
static QUEUED: AtomicUsize = AtomicUsize::new(0);

const FUNCTIONS: u32 = 4_000;

extern "C" fn on_signal(_signal: libc::c_int) {
    let Some(runtime) = RUNTIME.get() else { return };
    // Each signal trips the next few functions from the top, more than the queue holds.
    for _ in 0..4 {
        let handled = HANDLED.fetch_add(1, Ordering::Relaxed);
        trip(runtime, FUNCTIONS - 1 - handled as u32 % FUNCTIONS);
    }
}

fn trip(runtime: &Runtime<u32>, index: u32) {
    if runtime.trip(FunctionId::new(index)) == TripOutcome::Queued {
        QUEUED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Failure is a hang (the handler waits for what it interrupted) or a function that was queued and never compiled.
#[test]
fn handlers_may_trip_while_their_thread_trips() {
    let runtime = RUNTIME.get_or_init(|| runtime(2).0);
    for n in 0..FUNCTIONS {
        baseline(runtime, &format!("f{n}"));
    }
    let _events = runtime.events().subscribe(std::num::NonZeroUsize::MIN);
    let handler: extern "C" fn(libc::c_int) = on_signal;
    // SAFETY: SIGUSR1 has no other use in this binary, and the handler calls only functions that take no lock and don't
    // allocate, which is what this test is about.
    unsafe { libc::signal(libc::SIGUSR1, handler as libc::sighandler_t) };
    let tripping_is_over = AtomicBool::new(false);
    let promoted = thread::scope(|scope| {
        let workers = [(); 2].map(|()| scope.spawn(|| work(runtime)));
        // SAFETY: no precondition.
        let mutator = unsafe { libc::pthread_self() };
        let over = &tripping_is_over;
        let signaller = scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                // SAFETY: the mutator joins this thread before it ends, so its handle is valid.
                unsafe { libc::pthread_kill(mutator, libc::SIGUSR1) };
                thread::yield_now();
            }
        });
        while HANDLED.load(Ordering::Relaxed) == 0 || runtime.stats().functions.baseline > 0 {
            (0..FUNCTIONS).for_each(|index| trip(runtime, index));
        }
        tripping_is_over.store(true, Ordering::Relaxed);
        signaller.join().unwrap();
        while runtime.stats().functions.queued + runtime.stats().functions.compiling > 0 {
            thread::yield_now();
        }
        runtime.shutdown();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum::<usize>()
    });
    assert_eq!(promoted, QUEUED.load(Ordering::Relaxed));
}

/// Promotes what is queued, as version after version of each function.
fn work(runtime: &Runtime<u32>) -> usize {
    let mut worker = runtime.worker().unwrap();
    let mut promoted = 0;
    while let Some(job) = worker.next_job() {
        job.publish(code("optimized", OPTIMIZED), install).unwrap();
        promoted += 1;
    }
    promoted
}
