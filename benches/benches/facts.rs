//! What facts of the running program are worth: a static local whose guard is not checked any more against a plain global, and
//! kernels whose configuration is frozen against the same kernels compiled ahead of time with `-O3`.

use std::hint::black_box;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tiered_jit::{ModuleSource, TieredJit};
use tjit_benches::{Library, alternate, bitcode};

const PROGRAM: &str = "facts.cpp";

type Getter = unsafe extern "C" fn() -> i64;
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

fn optimized<F: tiered_jit::FunctionPointer>(jit: &TieredJit, name: &str) -> F {
    let request = jit.reoptimize(name).expect("it is defined");
    let _version = request.wait().expect("it compiles");
    jit.function::<F>(name).expect("it is defined").pointer()
}

fn time(iterations: u64, call: impl Fn()) -> Duration {
    let start = Instant::now();
    for _ in 0..iterations {
        call();
    }
    start.elapsed()
}

fn getters(criterion: &mut Criterion) {
    let jit = program();
    let way = |name: &str| {
        let first = jit.function::<Getter>(name).expect("it is defined");
        // SAFETY: the program defines it with this type.
        assert_eq!(unsafe { first() }, 7);
        let getter: Getter = optimized(&jit, name);
        let call = move || {
            // SAFETY: as above; the JIT outlives the group.
            black_box(unsafe { getter() });
        };
        Box::new(move |iterations| time(iterations, call))
    };
    let mut group = criterion.benchmark_group("facts_getter");
    alternate(
        &mut group,
        vec![("global", way("get_plain")), ("static", way("get_static"))],
    );
    group.finish();
}

/// Both ways of one kernel, configured: what `pointer` finds in a program is called by `run`.
fn kernels(criterion: &mut Criterion) {
    let jit = program();
    let configure = jit
        .function::<Configure>("configure")
        .expect("it is defined");
    // SAFETY: the program defines it with this type.
    unsafe { configure() };
    for variable in ["taps", "coefficients", "plan"] {
        // SAFETY: nobody configures it again.
        unsafe { jit.freeze(variable) }.expect("it is the program's");
    }
    let native = Library::native(PROGRAM, &["-O3"]);
    // SAFETY: as above.
    unsafe { native.function::<Configure>("configure")() };

    let input = vec![0.5; ELEMENTS + 16];
    let rows: Vec<i32> = (0..1_024).collect();
    let filter = |filter: Filter| {
        let input = &input;
        let mut output = vec![0.0; ELEMENTS];
        // SAFETY: it reads as many elements as there are and fifteen more at most, and writes as many as there are.
        let mut call = move || unsafe {
            filter(
                black_box(input.as_ptr()),
                output.as_mut_ptr(),
                ELEMENTS as i64,
            );
        };
        move |iterations| {
            let start = Instant::now();
            (0..iterations).for_each(|_| call());
            start.elapsed()
        }
    };
    let evaluate = |evaluate: Evaluate| {
        let rows = &rows;
        let call = move || {
            // SAFETY: it reads as many elements as there are.
            black_box(unsafe { evaluate(black_box(rows.as_ptr()), ELEMENTS as i64) });
        };
        move |iterations| time(iterations, call)
    };
    let mut group = criterion.benchmark_group("facts_filter");
    alternate(
        &mut group,
        vec![
            ("ahead_of_time", Box::new(filter(native.function("filter")))),
            ("frozen", Box::new(filter(optimized(&jit, "filter")))),
        ],
    );
    group.finish();
    let mut group = criterion.benchmark_group("facts_evaluate");
    alternate(
        &mut group,
        vec![
            (
                "ahead_of_time",
                Box::new(evaluate(native.function("evaluate"))),
            ),
            ("frozen", Box::new(evaluate(optimized(&jit, "evaluate")))),
        ],
    );
    group.finish();
}

criterion_group!(benches, getters, kernels);
criterion_main!(benches);
