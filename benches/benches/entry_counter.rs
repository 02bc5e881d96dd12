//! What the entry counter costs: the same programs at tier 0 with counters that never trip, and without.

use std::hint::black_box;
use std::num::NonZeroU64;

use criterion::{Criterion, criterion_group, criterion_main};
use tiered_jit::{Builder, ModuleSource, TieredJit, Tiering};
use tjit_benches::bitcode;

type Unary = unsafe extern "C" fn(i64) -> i64;
type Ternary = unsafe extern "C" fn(i64, i64, i64) -> i64;

fn load(builder: Builder) -> TieredJit {
    let jit = builder.build().expect("the JIT starts");
    let module = ModuleSource::bytes("calls.cpp", bitcode("calls.cpp"));
    // SAFETY: our own program, free of undefined behaviour.
    unsafe { jit.add_module(module) }.expect("the program links");
    jit
}

fn entry_counter(criterion: &mut Criterion) {
    let without = load(TieredJit::builder().tiering(Tiering::Baseline));
    let with = load(TieredJit::builder().threshold(NonZeroU64::MAX));
    let ways = [("without", &without), ("with", &with)];

    for (name, function, argument) in [
        ("entry_counter_fib", "fib", 20),
        ("entry_counter_virtual", "virtual_calls", 1_000),
    ] {
        let mut group = criterion.benchmark_group(name);
        for (way, jit) in ways {
            let function = jit.function::<Unary>(function).expect("it is defined");
            // SAFETY: the program defines it with this type.
            group.bench_function(way, |b| b.iter(|| unsafe { function(black_box(argument)) }));
        }
        group.finish();
    }
    let mut group = criterion.benchmark_group("entry_counter_tak");
    for (way, jit) in ways {
        let tak = jit.function::<Ternary>("tak").expect("it is defined");
        // SAFETY: the program defines it with this type.
        group.bench_function(way, |b| b.iter(|| unsafe { tak(black_box(12), 8, 4) }));
    }
    group.finish();
}

criterion_group!(benches, entry_counter);
criterion_main!(benches);
