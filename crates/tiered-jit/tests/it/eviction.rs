//! Programs whose optimised code does not fit into the budget.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tiered_jit::{Directive, Error, EventKind, EventReceiver, TieredJit};

use crate::reclaim::{reclaiming, recompile};
use crate::support::{Unary, load, load_cpp, with_threshold};

const THREE: &str = "
    define i64 @a(i64 %x) { %y = add i64 %x, 1 ret i64 %y }
    define i64 @b(i64 %x) { %y = add i64 %x, 2 ret i64 %y }
    define i64 @c(i64 %x) { %y = add i64 %x, 3 ret i64 %y }
";

/// Room for what happens between two looks.
const EVENTS: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// The functions that have lost their versions for want of room since the last look.
fn evicted(events: &EventReceiver) -> Vec<String> {
    let is_evicted = |kind: &EventKind| matches!(kind, EventKind::Evicted { .. });
    let evicted = events.try_iter().filter(|event| is_evicted(&event.kind));
    evicted.map(|event| event.symbol.to_string()).collect()
}

/// Adds to `gone` until that many have lost their versions: there may be room before it is told why.
pub(crate) fn wait_for_evictions(events: &EventReceiver, gone: &mut Vec<String>, wanted: usize) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while gone.len() < wanted {
        assert!(Instant::now() < deadline, "{gone:?}");
        gone.extend(evicted(events));
        std::thread::yield_now();
    }
}

/// Asks until there is room. Returns who went meanwhile: each time that there is none leaves events too.
pub(crate) fn insist(jit: &TieredJit, name: &str, events: &EventReceiver) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut gone = Vec::new();
    loop {
        gone.extend(evicted(events));
        match jit.reoptimize(name).expect("it exists").wait() {
            Ok(_) => return gone,
            Err(Error::CodeBudget { .. }) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
        assert!(Instant::now() < deadline, "{:?}", jit.code_memory());
    }
}

#[test]
fn what_is_pinned_stays_though_nobody_calls_it() {
    let pin = Directive {
        pin: true,
        ..Directive::default()
    };
    let jit = load(reclaiming().code_budget(8_000).directive("a", pin), THREE);
    let events = jit.subscribe(EVENTS);
    recompile(&jit, "a");
    recompile(&jit, "b");
    let mut gone = Vec::new();
    for _ in 0..3 {
        gone.extend(insist(&jit, "c", &events));
        gone.extend(insist(&jit, "b", &events));
    }
    // One of the two goes for the other each time but the first.
    wait_for_evictions(&events, &mut gone, 5);
    assert!(gone.contains(&"b".to_owned()), "{gone:?}");
    assert!(!gone.contains(&"a".to_owned()), "{gone:?}");
}

/// Calls through pointers, recursion, exceptions, and a thread-local that shows every call that is lost or made twice.
const PROGRAM: &str = r#"
static thread_local long calls;
static long add(long x) { ++calls; return x + 1; }
static long twice(long x) { ++calls; return x * 2; }
static long throws(long x) { ++calls; if (x & 1) throw x; return x; }
static long (*const table[])(long) = {add, twice, throws};
extern "C" long mixes(long x) {
    long before = calls, result = 0;
    for (long i = 0; i < 30; ++i) {
        try { result += table[(x + i) % 3](i); } catch (long odd) { result -= odd; }
    }
    return result * 1000 + calls - before;
}
static long down(long x) { return x <= 0 ? 0 : down(x - 1) + add(x); }
extern "C" long deep(long x) {
    long before = calls, result = down(x);
    return result * 1000 + calls - before;
}
"#;

const NAMES: [&str; 2] = ["mixes", "deep"];

/// What a function of the program computes; nothing of that depends on what was called before.
fn results(jit: &TieredJit, name: &str) -> Vec<i64> {
    let function = jit.function::<Unary>(name).expect("it exists");
    // SAFETY: of that type.
    let results = (0..12).map(|x| unsafe { function.call(x) });
    results.collect()
}

#[test]
fn threads_compute_the_same_whatever_is_thrown_out() {
    const ROUNDS: usize = 8;
    let plain = load_cpp(with_threshold(u64::MAX), PROGRAM);
    let expected = NAMES.map(|name| results(&plain, name));
    let jit = load_cpp(reclaiming().code_budget(1), PROGRAM);
    assert_eq!(results(&jit, NAMES[1]), expected[1]);
    recompile(&jit, NAMES[1]);
    let events = jit.subscribe(EVENTS);
    let mut gone = Vec::new();
    let round = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let round = round.load(Ordering::Relaxed);
                    if round == ROUNDS {
                        break;
                    }
                    let which = round % 2;
                    assert_eq!(results(&jit, NAMES[which]), expected[which]);
                }
            });
        }
        // There is room for the one that is called when the other one has gone.
        while round.load(Ordering::Relaxed) < ROUNDS {
            let name = NAMES[round.load(Ordering::Relaxed) % 2];
            gone.extend(insist(&jit, name, &events));
            round.fetch_add(1, Ordering::Relaxed);
        }
    });
    wait_for_evictions(&events, &mut gone, ROUNDS);
    for (name, expected) in NAMES.iter().zip(&expected) {
        assert_eq!(results(&jit, name), *expected);
    }
}
