//! A million exchanges of the code behind one stub while other threads call it.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};
use tjit_benches::{Assembly, Code, baseline, is_smoke};
use tjit_stubs::{CodePtr, Config, StubId, StubManager, Target};

const SWAPS: u64 = 1_000_000;
const THREADS: [usize; 3] = [2, 8, 32];
/// Between two looks at whether it is over.
const CALLS: i64 = 256;

type Unary = unsafe extern "C" fn(i64) -> i64;

/// A stub, and two versions of what is behind it.
struct Swapped {
    stubs: StubManager,
    id: StubId,
    stub: Unary,
    versions: [CodePtr; 2],
    _code: [Code; 2],
    _assembly: Assembly,
}

/// What one thread saw: how many results of each version, and of neither.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    versions: [u64; 2],
    wrong: u64,
}

/// What the two versions return; equal for no argument that is used.
const fn results(argument: i64) -> [i64; 2] {
    [argument * 3 + 1, argument * 5 + 2]
}

impl Swapped {
    fn new() -> Self {
        let assembly = Assembly::new();
        let body = baseline("f");
        let code = [(3, 1), (5, 2)].map(|(factor, term)| {
            let ir = format!(
                "define i64 @\"{body}\"(i64 %x) {{\n  \
                 %y = mul i64 %x, {factor}\n  %z = add i64 %y, {term}\n  ret i64 %z\n}}\n"
            );
            assembly.add(&format!("times{factor}"), &ir, &[])
        });
        let address = |code: &Code| CodePtr::new(code.address(&body)).expect("it is not at zero");
        let versions = [address(&code[0]), address(&code[1])];
        let never = |id: StubId| -> CodePtr { unreachable!("{id} has a target") };
        let stubs = StubManager::new(Config::default(), Box::new(never));
        let stubs = stubs.expect("address space for stubs");
        let batch = [("f".to_owned(), Target::Address(versions[0]))];
        let created = stubs.create_batch(batch).expect("a fresh name");
        let pointer = std::ptr::with_exposed_provenance::<()>(created[0].address.addr());
        Self {
            id: created[0].id,
            stubs,
            // SAFETY: both versions have this type.
            stub: unsafe { std::mem::transmute::<*const (), Unary>(pointer) },
            versions,
            _code: code,
            _assembly: assembly,
        }
    }

    /// Calls until it is over.
    fn call(&self, ended: &AtomicBool) -> Seen {
        let mut seen = Seen::default();
        while !ended.load(Ordering::Relaxed) {
            for argument in 1..=CALLS {
                // SAFETY: of that type.
                let result = unsafe { (self.stub)(black_box(argument)) };
                match results(argument).iter().position(|&right| right == result) {
                    Some(version) => seen.versions[version] += 1,
                    None => seen.wrong += 1,
                }
            }
        }
        seen
    }

    /// So many swaps while so many threads call; how long they took.
    fn swap(&self, swaps: u64, threads: usize) -> Duration {
        let (ended, begun) = (AtomicBool::new(false), Barrier::new(threads + 1));
        let (took, seen) = thread::scope(|scope| {
            let callers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        begun.wait();
                        self.call(&ended)
                    })
                })
                .collect();
            begun.wait();
            let start = Instant::now();
            for _ in 0..swaps / 2 {
                for version in [1, 0] {
                    let updated = self.stubs.update(self.id, self.versions[version]);
                    updated.expect("the stub is there");
                }
            }
            let took = start.elapsed();
            ended.store(true, Ordering::Relaxed);
            let seen = callers.into_iter().map(|caller| caller.join());
            let seen: Vec<Seen> = seen.map(|seen| seen.expect("calls return")).collect();
            (took, seen)
        });
        let wrong: u64 = seen.iter().map(|seen| seen.wrong).sum();
        assert_eq!(wrong, 0, "results of neither version: {seen:?}");
        took
    }
}

pub(crate) fn swaps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tiering");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_nanos(1))
        .measurement_time(Duration::from_nanos(1));
    let swapped = Swapped::new();
    let swaps = if is_smoke() { SWAPS / 100 } else { SWAPS };
    for threads in THREADS {
        group.bench_function(format!("million_swaps_{threads}_threads"), |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| swapped.swap(swaps, threads)).sum());
        });
    }
    group.finish();
}
