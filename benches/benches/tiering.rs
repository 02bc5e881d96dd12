//! What tiering costs a program that runs for long: memory and unwinding after 10,000 recompilations of one function.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tiered_jit::{Function, ModuleSource, TieredJit};
use tjit_test_util::{Lang, compile_to_bitcode};

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

/// What a process has, at one moment.
#[derive(Debug, Clone, Copy)]
struct Footprint {
    mappings: usize,
    /// Bytes.
    resident: u64,
}

impl Footprint {
    fn now() -> Self {
        let maps = fs::read_to_string("/proc/self/maps").expect("Linux has it");
        let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
        let resident = status.lines().find_map(|line| {
            let kibibytes = line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?;
            kibibytes.parse::<u64>().ok()
        });
        Self {
            mappings: maps.lines().count(),
            resident: resident.expect("Linux says it") << 10,
        }
    }
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
fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tiering");
    let mut cycles = Cycles::new();
    cycles.recompile(2);
    let thrower = &cycles.thrower;
    let entered = cycles.jit.enter();
    // SAFETY: called below only, where this thread is inside.
    let plain = unsafe { thrower.pointer() };
    // SAFETY: of that type.
    group.bench_function("call_plain", |bencher| {
        bencher.iter(|| unsafe { plain(black_box(0)) });
    });
    let bound = entered.bind(thrower);
    // SAFETY: of that type.
    group.bench_function("call_bound", |bencher| {
        bencher.iter(|| unsafe { bound.call(black_box(0)) });
    });
    drop(entered);
    // SAFETY: of that type.
    group.bench_function("call_pinned", |bencher| {
        bencher.iter(|| unsafe { thrower.call(black_box(0)) });
    });
    group.finish();
}

/// Throws before and after, in one process; what grew is checked and printed.
fn recompile_and_reclaim(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tiering");
    let mut cycles = Cycles::new();
    cycles.recompile(WARM_UP);
    group.bench_function("throw_before", |bencher| {
        bencher.iter_custom(|iterations| cycles.throws(iterations));
    });
    let before = Footprint::now();
    let start = Instant::now();
    for thousand in 1..=THOUSANDS {
        cycles.recompile(1_000);
        let now = Footprint::now();
        println!("after {thousand},000 recompilations: {now:?}, at first {before:?}");
    }
    println!("{THOUSANDS},000 took {:?}", start.elapsed());
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
    assert!(grown < 1 << 20, "{grown} bytes per 1,000 recompilations");
    println!("{grown} bytes per 1,000 recompilations");
}

/// Recompilations until arenas and caches of LLVM and the C library have their sizes.
const WARM_UP: usize = 1_000;
const THOUSANDS: u64 = 10;

criterion_group!(benches, calls, recompile_and_reclaim);
criterion_main!(benches);
