//! What facts of the running program are worth: static locals whose guards are not checked any more against a plain global, and
//! kernels whose configuration is frozen against the same kernels compiled ahead of time with `-O3`.

use std::hint::black_box;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tiered_jit::{FactCounts, FunctionPointer, ModuleSource, TieredJit};
use tjit_benches::{Library, Way, alternate, bitcode};

const PROGRAM: &str = "facts.cpp";

type Getter = unsafe extern "C" fn() -> i64;
type Setter = unsafe extern "C" fn(i64);
type Filter = unsafe extern "C" fn(*const f64, *mut f64, i64);
type Evaluate = unsafe extern "C" fn(*const i32, i64) -> i64;
type Configure = unsafe extern "C" fn();

/// Elements that a kernel goes through in one call: they fit into the first-level cache.
const ELEMENTS: usize = 1_024;

/// Optimised when asked for, and only then.
fn program() -> TieredJit {
    let builder = TieredJit::builder().threshold(NonZeroU64::MAX);
    let jit = builder.build().expect("the JIT starts");
    let module = ModuleSource::bytes(PROGRAM, bitcode(PROGRAM));
    // SAFETY: our own program, free of undefined behaviour.
    unsafe { jit.add_module(module) }.expect("the program links");
    jit
}

/// A function, called through its stub, optimised with these facts folded in.
fn optimized<F: FunctionPointer>(jit: &TieredJit, name: &str, facts: FactCounts) -> F {
    let request = jit.reoptimize(name).expect("it is defined");
    let version = request.wait().expect("it compiles");
    assert_eq!(version.facts, facts, "{name}");
    let function = jit.function::<F>(name).expect("it is defined");
    // SAFETY: the JIT outlives the group, and does not reclaim.
    unsafe { function.pointer() }
}

fn time(iterations: u64, mut call: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..iterations {
        call();
    }
    start.elapsed()
}

fn getters(criterion: &mut Criterion) {
    let jit = program();
    let way = |name: &str, guards, values, setter: Option<&str>| {
        let first = jit.function::<Getter>(name).expect("it is defined");
        // SAFETY: the program defines it with this type, here and below.
        assert_eq!(unsafe { first.call() }, 7, "{name}");
        let getter: Getter = optimized(
            &jit,
            name,
            FactCounts {
                guards,
                values,
                arguments: 0,
            },
        );
        if let Some(setter) = setter {
            let set = jit.function::<Setter>(setter).expect("it is defined");
            // SAFETY: as above.
            unsafe { set.call(8) };
        }
        let expected = if setter.is_some() { 8 } else { 7 };
        // SAFETY: as above.
        assert_eq!(unsafe { getter() }, expected, "{name}");
        let call = move || {
            // SAFETY: as above; the JIT outlives the group.
            black_box(unsafe { getter() });
        };
        Box::new(move |iterations| time(iterations, call))
    };
    let mut group = criterion.benchmark_group("facts_getter");
    let ways: Vec<Way<'_>> = vec![
        ("global", way("get_plain", 0, 0, Some("set_plain"))),
        ("kept", way("get_kept", 1, 1, None)),
        ("changing", way("get_changing", 1, 0, Some("set_changing"))),
    ];
    alternate(&mut group, ways);
    group.finish();
}

/// The program in the JIT and compiled ahead of time, configured alike, its configuration frozen in the JIT.
fn configured() -> (TieredJit, Library) {
    let jit = program();
    let configure = jit
        .function::<Configure>("configure")
        .expect("it is defined");
    // SAFETY: the program defines it with this type.
    unsafe { configure.call() };
    for variable in ["taps", "coefficients", "plan"] {
        // SAFETY: nobody configures it again.
        unsafe { jit.freeze(variable) }.expect("it is the program's");
    }
    let native = Library::native(PROGRAM, &["-O3"]);
    // SAFETY: as above.
    unsafe { native.function::<Configure>("configure")() };
    (jit, native)
}

const fn values(values: usize) -> FactCounts {
    FactCounts {
        guards: 0,
        values,
        arguments: 0,
    }
}

fn filters(criterion: &mut Criterion) {
    let (jit, native) = configured();
    let input: Vec<f64> = (0..ELEMENTS + 16).map(|index| index as f64 / 3.0).collect();
    let run = |filter: Filter, output: &mut [f64]| {
        // SAFETY: it reads as many elements as there are and fifteen more at most, and writes as many as there are.
        unsafe {
            filter(
                black_box(input.as_ptr()),
                output.as_mut_ptr(),
                ELEMENTS as i64,
            );
        }
    };
    let ahead_of_time: Filter = native.function("filter");
    let frozen: Filter = optimized(&jit, "filter", values(2));
    let result = |filter| {
        let mut output = vec![0.0; ELEMENTS];
        run(filter, &mut output);
        output.into_iter().map(f64::to_bits).collect::<Vec<_>>()
    };
    assert!(result(ahead_of_time) == result(frozen));
    let way = |filter| {
        let mut output = vec![0.0; ELEMENTS];
        Box::new(move |iterations| time(iterations, || run(filter, &mut output)))
    };
    let mut group = criterion.benchmark_group("facts_filter");
    let ways: Vec<Way<'_>> = vec![
        ("ahead_of_time", way(ahead_of_time)),
        ("frozen", way(frozen)),
    ];
    alternate(&mut group, ways);
    group.finish();
}

fn evaluations(criterion: &mut Criterion) {
    let (jit, native) = configured();
    let rows: Vec<i32> = (0..).take(ELEMENTS).collect();
    // SAFETY: it reads as many elements as there are.
    let run = |evaluate: Evaluate| unsafe { evaluate(black_box(rows.as_ptr()), ELEMENTS as i64) };
    let ahead_of_time: Evaluate = native.function("evaluate");
    let frozen: Evaluate = optimized(&jit, "evaluate", values(1));
    assert_eq!(run(ahead_of_time), run(frozen));
    let way = |evaluate| {
        let call = move || {
            black_box(run(evaluate));
        };
        Box::new(move |iterations| time(iterations, call))
    };
    let mut group = criterion.benchmark_group("facts_evaluate");
    let ways: Vec<Way<'_>> = vec![
        ("ahead_of_time", way(ahead_of_time)),
        ("frozen", way(frozen)),
    ];
    alternate(&mut group, ways);
    group.finish();
}

criterion_group!(benches, getters, filters, evaluations);
criterion_main!(benches);
