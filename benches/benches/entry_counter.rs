//! What the entry counter costs: the same programs at tier 0 with counters that never trip, and without.

use std::hint::black_box;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tiered_jit::{Builder, ModuleSource, TieredJit, Tiering};
use tjit_benches::{alternate, bitcode};

type Unary = unsafe extern "C" fn(i64) -> i64;
type Ternary = unsafe extern "C" fn(i64, i64, i64) -> i64;
/// Takes the time of so many calls.
type Timer = Box<dyn FnMut(u64) -> Duration>;

fn load(builder: Builder) -> TieredJit {
    let jit = builder.build().expect("the JIT starts");
    let module = ModuleSource::bytes("calls.cpp", bitcode("calls.cpp"));
    // SAFETY: our own program, free of undefined behaviour.
    unsafe { jit.add_module(module) }.expect("the program links");
    jit
}

/// The time of so many calls.
fn time(iterations: u64, call: impl Fn() -> i64) -> Duration {
    let start = Instant::now();
    for _ in 0..iterations {
        black_box(call());
    }
    start.elapsed()
}

fn unary(jit: &TieredJit, name: &str, argument: i64) -> Timer {
    let function = jit.function::<Unary>(name).expect("it is defined");
    // SAFETY: the JIT outlives the group, and does not reclaim.
    let function = unsafe { function.pointer() };
    // SAFETY: the program defines it with this type.
    let call = move || unsafe { function(black_box(argument)) };
    Box::new(move |iterations| time(iterations, call))
}

fn tak(jit: &TieredJit) -> Timer {
    let function = jit.function::<Ternary>("tak").expect("it is defined");
    // SAFETY: as above.
    let function = unsafe { function.pointer() };
    // SAFETY: as above.
    let call = move || unsafe { function(black_box(12), black_box(8), black_box(4)) };
    Box::new(move |iterations| time(iterations, call))
}

fn entry_counter(criterion: &mut Criterion) {
    let without = load(TieredJit::builder().tiering(Tiering::Baseline));
    let with = load(TieredJit::builder().threshold(NonZeroU64::MAX));
    let mut compare = |name: &str, way: &dyn Fn(&TieredJit) -> Timer| {
        let mut group = criterion.benchmark_group(name);
        alternate(
            &mut group,
            vec![("without", way(&without)), ("with", way(&with))],
        );
        group.finish();
    };
    compare("entry_counter_fib", &|jit| unary(jit, "fib", 20));
    compare("entry_counter_tak", &tak);
    compare("entry_counter_virtual", &|jit| {
        unary(jit, "virtual_calls", 1_000)
    });
}

criterion_group!(benches, entry_counter);
criterion_main!(benches);
