//! The longest call of a thread whose function is promoted meanwhile.
//!
//! A small function is called over and over while it trips, is compiled by the one worker, and is exchanged;
//! each call is timed. Then it is called for as long without a promotion: what the longest call takes then is the machine's.

use std::cell::LazyCell;
use std::hint::black_box;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use criterion::Criterion;
use tiered_jit::{FunctionRecord, FunctionState, Tier};
use tjit_benches::{CycleClock, Tail, is_smoke};

use crate::leaves::{self, Leaf};
use crate::say;

const THRESHOLD: NonZeroU64 = NonZeroU64::new(1_000).expect("not zero");
/// Calls before the first that is timed; fewer than the threshold.
const UNTIMED: u64 = 900;
/// Timed calls of the new version.
const AFTERWARDS: u64 = 1_000;
const PROMOTIONS: usize = 6_000;
const SMOKE_PROMOTIONS: usize = 100;

/// The longest calls of each promotion.
struct Pauses {
    /// From before the trip to after the exchange.
    promoting: Tail,
    /// In as much time without a promotion.
    quiet: Tail,
    /// The one that trips.
    trip: Tail,
    /// The longer of the last before the new version was seen and the next.
    exchange: Tail,
}

/// One of them.
type Part = fn(&Pauses) -> &Tail;

/// The same of one promotion, in ticks.
#[derive(Debug, Clone, Copy, Default)]
struct Pause {
    promoting: u64,
    quiet: u64,
    trip: u64,
    exchange: u64,
}

/// Calls it for one turn.
#[inline]
fn call(leaf: Leaf) -> i64 {
    // SAFETY: of that type.
    unsafe { leaf(black_box(1), black_box(1)) }
}

/// One call, in ticks.
#[inline]
fn timed(leaf: Leaf, expected: i64) -> u64 {
    let start = CycleClock::now();
    let result = call(leaf);
    let took = CycleClock::now() - start;
    assert_eq!(result, expected);
    took
}

/// Calls a function until it was promoted, and then for as long again.
fn promote(number: usize, function: &FunctionRecord) -> Pause {
    let (leaf, expected) = (leaves::at(function.stub()), leaves::result(number, 1, 1));
    for _ in 0..UNTIMED {
        black_box(call(leaf));
    }
    let mut pause = Pause::default();
    let start = CycleClock::now();
    let mut afterwards = 0;
    while afterwards < AFTERWARDS {
        let took = timed(leaf, expected);
        pause.promoting = pause.promoting.max(took);
        if pause.trip == 0 && function.trips() > 0 {
            pause.trip = took;
        }
        match function.tier() {
            Some(Tier::BASELINE) => pause.exchange = took,
            _ => {
                if afterwards < 2 {
                    pause.exchange = pause.exchange.max(took);
                }
                afterwards += 1;
            }
        }
        let state = function.state();
        assert_ne!(state, FunctionState::Failed, "{function}");
    }
    let end = CycleClock::now() + (CycleClock::now() - start);
    while CycleClock::now() < end {
        pause.quiet = pause.quiet.max(timed(leaf, expected));
        // What the loop above looks at.
        black_box((function.trips(), function.tier(), function.state()));
    }
    pause
}

impl Pauses {
    fn measure() -> Self {
        let promotions = match is_smoke() {
            true => SMOKE_PROMOTIONS,
            false => PROMOTIONS,
        };
        let clock = CycleClock::new();
        let (jit, _leaves) = leaves::program(promotions, THRESHOLD, NonZeroUsize::MIN);
        let mut pauses = Vec::with_capacity(promotions);
        jit.for_each_function(|function| pauses.push(promote(pauses.len(), function)));
        let tail = |name: &str, part: fn(&Pause) -> u64| {
            let times = pauses.iter().map(|pause| clock.time(part(pause))).collect();
            let tail = Tail::of(times).expect("there are some");
            say(format_args!("{name}: {tail}"));
            tail.save("tiering", name);
            tail
        };
        Self {
            promoting: tail("longest_call_promoting", |pause| pause.promoting),
            quiet: tail("longest_call_quiet", |pause| pause.quiet),
            trip: tail("call_that_trips", |pause| pause.trip),
            exchange: tail("call_at_exchange", |pause| pause.exchange),
        }
    }
}

pub(crate) fn pauses(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tiering");
    group.warm_up_time(Duration::from_nanos(1));
    let pauses = LazyCell::new(Pauses::measure);
    let parts: [(&str, Part); 4] = [
        ("longest_call_promoting", |pauses| &pauses.promoting),
        ("longest_call_quiet", |pauses| &pauses.quiet),
        ("call_that_trips", |pauses| &pauses.trip),
        ("call_at_exchange", |pauses| &pauses.exchange),
    ];
    for (name, part) in parts {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|promotions| part(&pauses).sample(promotions));
        });
    }
    group.finish();
}
