//! Memory and unwinding after 10,000 recompilations of one function.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use tiered_jit::{Function, ModuleSource, TieredJit};
use tjit_benches::{Footprint, is_smoke};
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::say;

/// A static local, whose guard and value must survive, and a throw, which looks for unwind tables.
const THROWER: &str = r#"
static int made() { return 40; }
extern "C" long thrower(long value) {
    static long calls = made();
    ++calls;
    try {
        if (value) throw value;
    } catch (long caught) {
        return calls + caught;
    }
    return calls;
}
"#;

type Thrower = unsafe extern "C" fn(i64) -> i64;

/// A JIT with that function, which is recompiled over and over.
struct Cycles {
    jit: TieredJit,
    thrower: Function<Thrower>,
    calls: i64,
}

impl Cycles {
    fn new() -> Self {
        let flags = ["-O1", "-Xclang", "-disable-llvm-passes"];
        let bitcode = compile_to_bitcode(THROWER, Lang::Cxx, &flags);
        let threshold = u64::MAX.try_into().expect("not zero");
        // SAFETY: all calls are made through the handle.
        let builder = unsafe { TieredJit::builder().threshold(threshold).reclaim() };
        let jit = builder.build().expect("the JIT starts");
        // SAFETY: the program above.
        unsafe { jit.add_module(ModuleSource::bytes("thrower.cpp", bitcode)) }.expect("it links");
        let thrower = jit.function("thrower").expect("it is there");
        Self {
            jit,
            thrower,
            calls: 40,
        }
    }

    fn throw(&mut self) {
        self.calls += 1;
        // SAFETY: of that type.
        let result = unsafe { self.thrower.call(black_box(1_000)) };
        assert_eq!(result, self.calls + 1_000, "the static local is intact");
    }

    fn recompile(&mut self, times: usize) {
        for _ in 0..times {
            let request = self.jit.reoptimize("thrower").expect("it is there");
            request.wait().expect("it compiles");
            self.throw();
        }
        while self.jit.code_memory().retired > 0 {
            std::thread::yield_now();
        }
    }

    fn throws(&mut self, iterations: u64) -> Duration {
        let start = Instant::now();
        (0..iterations).for_each(|_| self.throw());
        start.elapsed()
    }
}

/// A call through a plain pointer, through a handle, which pins, and inside of an entry.
pub(crate) fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tiering");
    let mut cycles = Cycles::new();
    cycles.recompile(2);
    let thrower = &cycles.thrower;
    let entered = cycles.jit.enter();
    // SAFETY: called below only, where this thread is inside.
    let plain = unsafe { thrower.pointer() };
    group.bench_function("call_plain", |bencher| {
        // SAFETY: of that type.
        bencher.iter(|| unsafe { plain(black_box(0)) });
    });
    let bound = entered.bind(thrower);
    group.bench_function("call_bound", |bencher| {
        // SAFETY: of that type.
        bencher.iter(|| unsafe { bound.call(black_box(0)) });
    });
    drop(entered);
    group.bench_function("call_pinned", |bencher| {
        // SAFETY: of that type.
        bencher.iter(|| unsafe { thrower.call(black_box(0)) });
    });
    group.finish();
}

/// Throws before and after, in one process; what grew is checked and printed.
pub(crate) fn recompile_and_reclaim(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tiering");
    let thousand = if is_smoke() { 10 } else { 1_000 };
    let mut cycles = Cycles::new();
    // Until arenas and caches of LLVM and the C library have their sizes.
    cycles.recompile(thousand);
    group.bench_function("throw_before", |bencher| {
        bencher.iter_custom(|iterations| cycles.throws(iterations));
    });
    let before = Footprint::now();
    let start = Instant::now();
    for done in 1..=THOUSANDS {
        cycles.recompile(thousand);
        let now = Footprint::now();
        let done = done * thousand as u64;
        say(format_args!(
            "after {done} recompilations: {now:?}, at first {before:?}"
        ));
    }
    say(format_args!("they took {:?}", start.elapsed()));
    let after = Footprint::now();
    group.bench_function("throw_after_10000_versions", |bencher| {
        bencher.iter_custom(|iterations| cycles.throws(iterations));
    });
    group.finish();
    assert!(
        after.mappings <= before.mappings + 64,
        "{before:?} {after:?}"
    );
    let grown = after.resident.saturating_sub(before.resident) / THOUSANDS;
    // Of a few recompilations none is without one-time costs.
    assert!(
        is_smoke() || grown < 1 << 20,
        "{grown} bytes per 1,000 recompilations"
    );
    say(format_args!("{grown} bytes per 1,000 recompilations"));
}

const THOUSANDS: u64 = 10;
