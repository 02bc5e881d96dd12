//! Cutting functions out of their program: one, a baseline group of them, and a unit for an optimising worker.

use std::ffi::CString;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::path::Path;
use tjit_benches::{common_bitcode, debug_bitcode, optimized};
use tjit_link::{HostSymbols, ImportBudget, Program};
use tjit_orc::ThreadSafeContext;

/// Functions of a baseline group, as the JIT has it by default.
const GROUP: usize = 16;

/// What this process is linked with, and what a static linker would add.
#[derive(Debug)]
struct Process;

impl HostSymbols for Process {
    fn find(&self, linker_name: &str) -> Option<u64> {
        if linker_name == "__dso_handle" {
            return Some(std::ptr::from_ref(self).addr() as u64 | 1);
        }
        let name = CString::new(linker_name).ok()?;
        // SAFETY: the name is terminated; only the address is taken.
        let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
        Some(address as u64).filter(|&address| address != 0)
    }
}

const SOURCE: &str = "examples/programs/shapes.cpp";

fn program(bitcode: &Path) -> Program {
    let module = ThreadSafeContext::new().parse_file(bitcode);
    let mut program = Program::new(Arc::new(Process));
    program
        .link(vec![module.expect("clang's bitcode")])
        .expect("the program links");
    program
}

fn slice(criterion: &mut Criterion) {
    let with_debug_info = program(&debug_bitcode(SOURCE));
    let program = program(&common_bitcode(SOURCE));
    let functions: Vec<String> = program.functions().map(str::to_owned).collect();
    let names: Vec<&str> = functions.iter().map(String::as_str).collect();
    let mut group = criterion.benchmark_group("slice");

    // Each function in turn: the figure is the mean over the program.
    let mut next = names.iter().cycle();
    group.bench_function("one", |bencher| {
        bencher.iter(|| program.baseline_slice(&[next.next().expect("a cycle")]));
    });
    // Of the same functions, of which the local ones are called otherwise; debug information is stripped when they are linked.
    let of_debug_info: Vec<String> = with_debug_info.functions().map(str::to_owned).collect();
    let mut next = of_debug_info.iter().cycle();
    group.bench_function("one_of_debug_info", |bencher| {
        bencher.iter(|| with_debug_info.baseline_slice(&[next.next().expect("a cycle")]));
    });
    let mut next = names.iter().cycle();
    let imports = ImportBudget::default();
    group.bench_function("unit", |bencher| {
        bencher.iter(|| {
            let root = next.next().expect("a cycle");
            program.unit_slice(root, &optimized(root), &imports)
        });
    });
    let mut next = names.chunks_exact(GROUP).cycle();
    group.throughput(Throughput::Elements(GROUP as u64));
    group.bench_function("group_of_16", |bencher| {
        bencher.iter(|| program.baseline_slice(next.next().expect("a cycle")));
    });
    group.finish();
}

criterion_group!(benches, slice);
criterion_main!(benches);
