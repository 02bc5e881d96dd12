//! Whether linking is linear: time and memory per function for programs of three sizes, and adding one module to each.
//!
//! Times are those of 1,000 functions, whatever the size, so that sizes can be compared. They are times of the processor that the
//! thread had, which linking needs alone: what else runs on the machine tells in it less than in the time that passes.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use tiered_jit::{ModuleSource, TieredJit};
use tjit_benches::{Generated, Memory, Way, alternate, cpu_time};
use tjit_link::Program;
use tjit_orc::ThreadSafeContext;

const SIZES: [(&str, usize); 3] = [("1k", 1_000), ("10k", 10_000), ("50k", 50_000)];

/// Functions of each module of a program of many.
const PER_MODULE: usize = 100;

/// Live bytes of all heaps.
fn heap() -> usize {
    // SAFETY: no preconditions.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}

/// What the time is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Timed {
    /// Parsing and linking, one module after the other, as `TieredJit::add_modules` does it.
    Whole,
    /// Linking of modules that have all been parsed before.
    Link,
}

/// Parses and links a program. The bytes are what the program and its data modules take, per function.
fn link(bitcode: &[Vec<u8>], functions: usize, timed: Timed) -> (Duration, u64) {
    let before = heap();
    let context = ThreadSafeContext::new();
    let parse = |bytes: &Vec<u8>| context.parse("generated", bytes).expect("it is bitcode");
    let modules = bitcode.iter().map(parse);
    let mut program = Program::new(Arc::new(()));
    let (time, linked) = match timed {
        Timed::Whole => cpu_time(|| program.link(modules)),
        Timed::Link => {
            let modules: Vec<_> = modules.collect();
            cpu_time(|| program.link(modules))
        }
    };
    let linked = linked.expect("it links");
    let kept = heap().saturating_sub(before) / functions;
    drop((linked, program));
    (time, kept as u64)
}

/// The whole of adding a program to a JIT.
fn add(bitcode: &[Vec<u8>]) -> Duration {
    let jit = TieredJit::new().expect("the JIT starts");
    let source = |bytes: &Vec<u8>| ModuleSource::bytes("generated", bytes.clone());
    let sources: Vec<_> = bitcode.iter().map(source).collect();
    // SAFETY: the program has no constructors and refers to itself only.
    let (time, added) = cpu_time(|| unsafe { jit.add_modules(sources) });
    added.expect("it links");
    time
}

fn per_thousand(time: Duration, functions: usize) -> Duration {
    time.mul_f64(1_000.0 / functions as f64)
}

fn generated(functions: usize, modules: usize, debug: bool) -> Vec<Vec<u8>> {
    let generated = Generated {
        functions,
        modules,
        debug,
    };
    generated.bitcode()
}

/// One sample is one link, however long criterion would like it to be.
fn once_per_sample(group: &mut BenchmarkGroup<'_, WallTime>) {
    group
        .sample_size(10)
        .measurement_time(Duration::from_nanos(1));
}

fn linking(
    criterion: &mut Criterion,
    label: &'static str,
    timed: Timed,
    programs: impl Fn(usize) -> Vec<Vec<u8>>,
) {
    let bitcode: Vec<_> = SIZES
        .iter()
        .map(|&(_, functions)| programs(functions))
        .collect();
    let kept: Vec<RefCell<Vec<u64>>> = SIZES.iter().map(|_| RefCell::default()).collect();
    let way = |(index, &(name, functions)): (usize, &(&'static str, usize))| -> Way<'_> {
        let (bitcode, kept) = (&bitcode[index], &kept[index]);
        let time = move |iterations| {
            let once = |_| {
                let (time, bytes) = link(bitcode, functions, timed);
                kept.borrow_mut().push(bytes);
                per_thousand(time, functions)
            };
            (0..iterations).map(once).sum()
        };
        (name, Box::new(time))
    };
    let mut group = criterion.benchmark_group(label);
    once_per_sample(&mut group);
    alternate(&mut group, SIZES.iter().enumerate().map(way).collect());
    group.finish();
    for ((name, _), kept) in SIZES.iter().zip(&kept) {
        // Empty when a filter left them all out.
        if let Some(memory) = Memory::of(kept.take()) {
            memory.save(label, name);
        }
    }
}

fn link_scaling(criterion: &mut Criterion) {
    let one = |n| generated(n, 1, false);
    let many = |n| generated(n, n / PER_MODULE, false);
    let debug = |n| generated(n, n / PER_MODULE, true);
    linking(criterion, "link_one_module", Timed::Whole, one);
    linking(criterion, "link_many_modules", Timed::Whole, many);
    linking(criterion, "link_debug_info", Timed::Whole, debug);
    linking(criterion, "link_alone_many_modules", Timed::Link, many);
}

fn add_modules(criterion: &mut Criterion) {
    let sizes = [SIZES[0], SIZES[SIZES.len() - 1]];
    let programs = sizes.map(|(_, functions)| generated(functions, functions / PER_MODULE, false));
    let way = |(bitcode, &(name, functions)): (&'_ Vec<Vec<u8>>, &(&'static str, usize))| {
        let bitcode = bitcode.clone();
        let once = move |_| per_thousand(add(&bitcode), functions);
        let time = move |iterations| (0..iterations).map(&once).sum();
        let way: Way<'_> = (name, Box::new(time));
        way
    };
    let mut group = criterion.benchmark_group("add_modules");
    once_per_sample(&mut group);
    alternate(&mut group, programs.iter().zip(&sizes).map(way).collect());
    group.finish();
}

/// A query engine's work: one module of one function to a program that is there.
fn add_one(criterion: &mut Criterion) {
    let way = |&(name, functions): &(&'static str, usize)| -> Way<'_> {
        let jit = TieredJit::new().expect("the JIT starts");
        let sources = generated(functions, functions / PER_MODULE, false).into_iter();
        let sources = sources.map(|bytes| ModuleSource::bytes("generated", bytes));
        // SAFETY: the program has no constructors and refers to itself only.
        unsafe { jit.add_modules(sources) }.expect("it links");
        let mut number = 0;
        let time = move |iterations| {
            let once = |_| {
                number += 1;
                let text = Generated::query(number, functions);
                let start = Instant::now();
                // SAFETY: the module has no constructors and refers to the program only.
                unsafe { jit.add_module(ModuleSource::bytes("query", text)) }.expect("it links");
                start.elapsed()
            };
            (0..iterations).map(once).sum()
        };
        (name, Box::new(time))
    };
    let mut group = criterion.benchmark_group("add_one_module");
    group
        .sample_size(20)
        .measurement_time(Duration::from_millis(200));
    alternate(&mut group, SIZES.iter().map(way).collect());
    group.finish();
}

criterion_group!(benches, link_scaling, add_modules, add_one);
criterion_main!(benches);
