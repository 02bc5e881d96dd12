//! Whole processes, from nothing to the exit code: `tjit run` against LLVM's own `lli` on the same bitcode.

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, criterion_group, criterion_main};
use tjit_benches::{Memory, common_bitcode, lli, output, run, tjit};

/// What runs the bitcode: a program and its arguments before the file.
#[derive(Debug)]
struct Runner<'a> {
    name: &'static str,
    program: &'a Path,
    arguments: &'static [&'static str],
}

impl Runner<'_> {
    fn command(&self, bitcode: &Path) -> Command {
        let mut command = Command::new(self.program);
        command.args(self.arguments).arg(bitcode);
        command
    }
}

#[expect(
    clippy::print_stdout,
    reason = "criterion reports on standard output, and this belongs to its report"
)]
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    label: &str,
    runner: &Runner<'_>,
    bitcode: &Path,
) {
    let mut command = runner.command(bitcode);
    let peaks = RefCell::new(Vec::new());
    group.bench_function(runner.name, |bencher| {
        bencher.iter_custom(|iterations| {
            let once = |_| {
                let finished = run(&mut command);
                peaks.borrow_mut().push(finished.peak_bytes);
                finished.wall
            };
            (0..iterations).map(once).sum::<Duration>()
        });
    });
    // Empty when a filter left this one out.
    if let Some(memory) = Memory::of(peaks.into_inner()) {
        println!("{label}/{}  peak memory: {memory}", runner.name);
        memory.save(label, runner.name);
    }
}

fn startup(criterion: &mut Criterion) {
    let (tjit, lli) = (tjit(), lli());
    let runners = [
        Runner {
            name: "tjit",
            program: &tjit,
            arguments: &["run"],
        },
        Runner {
            name: "lli",
            program: &lli,
            arguments: &[],
        },
        Runner {
            name: "lli_orc_lazy",
            program: &lli,
            arguments: &["--jit-kind=orc-lazy"],
        },
    ];
    for (label, path) in [
        ("startup_hello", "benches/programs/hello.cpp"),
        ("startup_shapes", "examples/programs/shapes.cpp"),
    ] {
        let bitcode = common_bitcode(path);
        let expected = output(&mut runners[1].command(&bitcode));
        assert_eq!(
            output(&mut runners[0].command(&bitcode)),
            expected,
            "{path}: `tjit` and `lli` differ"
        );
        let mut group = criterion.benchmark_group(label);
        group.sample_size(20).sampling_mode(SamplingMode::Flat);
        for runner in &runners {
            measure(&mut group, label, runner, &bitcode);
        }
        group.finish();
    }
}

criterion_group!(benches, startup);
criterion_main!(benches);
