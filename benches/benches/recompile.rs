//! From a request to its new version running: slice, O3, code generation, link, publish, and two changes of thread.

use std::num::NonZeroU64;

use criterion::{Criterion, criterion_group, criterion_main};
use tiered_jit::{ModuleSource, TieredJit};
use tjit_benches::bitcode;

fn recompile(criterion: &mut Criterion) {
    let builder = TieredJit::builder().threshold(NonZeroU64::MAX);
    let jit = builder.build().expect("the JIT starts");
    let module = ModuleSource::bytes("sizes.cpp", bitcode("sizes.cpp"));
    // SAFETY: our own program, free of undefined behaviour.
    unsafe { jit.add_module(module) }.expect("the program links");

    let mut group = criterion.benchmark_group("recompile");
    // Versions are kept as long as the JIT: fewer samples keep them few.
    group.sample_size(20);
    for function in ["add", "dot", "evaluate"] {
        group.bench_function(function, |bencher| {
            bencher.iter(|| {
                let request = jit.reoptimize(function).expect("it is defined");
                request.wait().expect("it compiles")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, recompile);
criterion_main!(benches);
