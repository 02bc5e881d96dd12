//! 10,000 functions that become hot at once, with two workers.

use std::cell::LazyCell;
use std::hint::black_box;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::{Duration, Instant};

use criterion::Criterion;
use tiered_jit::{FunctionState, Tier, TieredJit};
use tjit_benches::{Footprint, Memory, Tail, is_smoke};

use crate::leaves::{self, Leaf};
use crate::say;

const FUNCTIONS: usize = 10_000;
const SMOKE_FUNCTIONS: usize = 200;
const WORKERS: NonZeroUsize = NonZeroUsize::new(2).expect("not zero");
/// Calls of each function before all of them trip in one round.
const THRESHOLD: NonZeroU64 = NonZeroU64::new(50).expect("not zero");
/// Rounds when all is done, to compare with.
const ROUNDS_AFTERWARDS: usize = 1_000;
/// Nothing that works takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(600);

/// A program of that many functions, with their baselines.
struct Crowd {
    jit: TieredJit,
    leaves: Vec<Leaf>,
}

/// What was measured.
struct Rounds {
    meanwhile: Tail,
    afterwards: Tail,
}

impl Crowd {
    fn new(functions: usize) -> Self {
        let (jit, leaves) = leaves::program(functions, THRESHOLD, WORKERS);
        Self { jit, leaves }
    }

    /// Each function once.
    fn round(&self) -> Duration {
        let start = Instant::now();
        for (number, leaf) in self.leaves.iter().enumerate() {
            // SAFETY: of that type.
            let result = unsafe { leaf(black_box(2), black_box(1)) };
            assert_eq!(result, leaves::result(number, 2, 1));
        }
        start.elapsed()
    }

    /// Whether each function runs at the highest tier or is known not to.
    fn is_settled(&self) -> bool {
        let mut settled = true;
        self.jit.for_each_function(|function| {
            settled &= matches!(
                function.state(),
                FunctionState::Optimized | FunctionState::Failed
            );
        });
        settled
    }

    /// How many were optimised and how many have a reason why not; no function is neither.
    fn count(&self) -> (usize, usize) {
        let (mut optimized, mut failed) = (0, 0);
        self.jit
            .for_each_function(|function| match function.tier() {
                Some(tier) if tier > Tier::BASELINE => optimized += 1,
                _ => {
                    let reason = function.failure();
                    assert!(reason.is_some(), "{function} is {:?}", function.state());
                    failed += 1;
                }
            });
        (optimized, failed)
    }
}

impl Rounds {
    fn measure() -> Self {
        let functions = match is_smoke() {
            true => SMOKE_FUNCTIONS,
            false => FUNCTIONS,
        };
        let crowd = Crowd::new(functions);
        Footprint::forget_peak();
        let (before, start) = (Footprint::now(), Instant::now());
        let mut meanwhile = Vec::new();
        while !crowd.is_settled() && start.elapsed() < PATIENCE {
            meanwhile.push(crowd.round());
        }
        let settled = start.elapsed();
        let grown = Footprint::now().peak.saturating_sub(before.resident);
        let (optimized, failed) = crowd.count();
        let afterwards = (0..ROUNDS_AFTERWARDS).map(|_| crowd.round()).collect();
        let stats = crowd.jit.stats();
        say(format_args!(
            "{functions} functions: {optimized} optimised and {failed} failed after {settled:?}, with {} trips of which {} met a \
             full queue; {} calls meanwhile; memory at its peak {grown} bytes above {}, code {:?}",
            stats.trips,
            stats.trips_dropped,
            meanwhile.len() * functions,
            before.resident,
            crowd.jit.code_memory(),
        ));
        let tail = |name: &str, times| {
            let tail = Tail::of(times).expect("there are some");
            say(format_args!("{name}: {tail}"));
            tail.save("tiering", name);
            tail
        };
        tail("crowd_settles", vec![settled]);
        let peak = Memory::of(vec![grown]).expect("there is one");
        peak.save("tiering", "crowd_settles");
        Self {
            meanwhile: tail("crowd_round_meanwhile", meanwhile),
            afterwards: tail("crowd_round_afterwards", afterwards),
        }
    }
}

pub(crate) fn crowd(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tiering");
    group.warm_up_time(Duration::from_nanos(1));
    let rounds = LazyCell::new(Rounds::measure);
    group.bench_function("crowd_round_meanwhile", |bencher| {
        bencher.iter_custom(|times| rounds.meanwhile.sample(times));
    });
    group.bench_function("crowd_round_afterwards", |bencher| {
        bencher.iter_custom(|times| rounds.afterwards.sample(times));
    });
    group.finish();
}
