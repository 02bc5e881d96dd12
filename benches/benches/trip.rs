//! How long a trip holds up the thread that makes it: from the address of the stub to the function in the queue.

use std::hint::{black_box, spin_loop};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{
    BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use tjit_benches::{Trips, Way, WorkerState, alternate};

/// The default policy's.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");

/// A worker that found nothing to do sleeps well before this has passed.
const FALLS_ASLEEP: Duration = Duration::from_micros(50);

/// First trips of `iterations` functions, one queue's length of them at a time.
fn first_trips(iterations: u64, worker: WorkerState) -> Duration {
    let mut left = usize::try_from(iterations).expect("criterion asks for fewer");
    let mut total = Duration::ZERO;
    while left > 0 {
        let functions = left.min(CAPACITY.get());
        left -= functions;
        let trips = Trips::new(functions, CAPACITY, worker);
        let start = Instant::now();
        for &stub in trips.functions() {
            black_box(trips.trip(stub));
        }
        total += start.elapsed();
    }
    total
}

/// First trips, each of which finds a sleeping worker.
fn waking_trips(iterations: u64) -> Duration {
    let mut left = usize::try_from(iterations).expect("criterion asks for fewer");
    let mut total = Duration::ZERO;
    while left > 0 {
        let functions = left.min(CAPACITY.get());
        left -= functions;
        let trips = Trips::new(functions, CAPACITY, WorkerState::Draining);
        for &stub in trips.functions() {
            spin_for(FALLS_ASLEEP);
            let start = Instant::now();
            black_box(trips.trip(stub));
            total += start.elapsed();
            while !trips.is_served(stub) {
                spin_loop();
            }
        }
    }
    total
}

/// The least that waking takes: `unpark` of a thread that is parked, which on Linux is one `futex` call.
fn bare_wakes(iterations: u64) -> Duration {
    let (woken, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                thread::park();
                woken.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut total = Duration::ZERO;
        for wake in 0..iterations {
            spin_for(FALLS_ASLEEP);
            let start = Instant::now();
            sleeper.thread().unpark();
            total += start.elapsed();
            // Parking may end by itself, which leaves the count ahead.
            while woken.load(Ordering::Relaxed) <= wake {
                spin_loop();
            }
        }
        ended.store(true, Ordering::Relaxed);
        sleeper.thread().unpark();
        total
    })
}

fn spin_for(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        spin_loop();
    }
}

/// Trips that change nothing: of so many functions, each has tripped before, and the last one trips again and again.
fn repeated(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, functions: usize) {
    let trips = Trips::new(functions, NonZeroUsize::MIN, WorkerState::Absent);
    for &stub in trips.functions() {
        black_box(trips.trip(stub));
    }
    let last = trips.functions()[functions - 1];
    group.bench_function(name, |bencher| {
        bencher.iter(|| trips.trip(black_box(last)));
    });
}

fn trip(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("trip");
    group.bench_function("worker_busy", |bencher| {
        bencher.iter_custom(|iterations| first_trips(iterations, WorkerState::Absent));
    });
    group.bench_function("worker_draining", |bencher| {
        bencher.iter_custom(|iterations| first_trips(iterations, WorkerState::Draining));
    });
    // The queue holds one: the second function never gets in.
    repeated(&mut group, "queue_full", 2);
    repeated(&mut group, "queued_already", 1);
    // Last, as it changes how the group samples.
    let ways: Vec<Way<'_>> = vec![
        ("worker_asleep", Box::new(waking_trips)),
        ("bare_wake", Box::new(bare_wakes)),
    ];
    alternate(&mut group, ways);
    group.finish();
}

criterion_group!(benches, trip);
criterion_main!(benches);
