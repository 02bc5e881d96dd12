//! Whole processes, from nothing to the exit code: `tjit run` against LLVM's own `lli` on the same bitcode.

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use tjit_benches::{Memory, Way, alternate, common_bitcode, lli, output, run, tjit};

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

/// The runners in turn on the same bitcode, and then their peaks of memory.
#[expect(
    clippy::print_stdout,
    reason = "criterion reports on standard output, and this belongs to its report"
)]
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    label: &str,
    runners: &[Runner<'_>],
    bitcode: &Path,
) {
    let peaks: Vec<_> = runners.iter().map(|_| RefCell::default()).collect();
    alternate(group, ways(runners, &peaks, bitcode));
    for (runner, peaks) in runners.iter().zip(peaks) {
        // Empty when a filter left them all out.
        if let Some(memory) = Memory::of(peaks.into_inner()) {
            println!("{label}/{}  peak memory: {memory}", runner.name);
            memory.save(label, runner.name);
        }
    }
}

fn ways<'a>(
    runners: &[Runner<'_>],
    peaks: &'a [RefCell<Vec<u64>>],
    bitcode: &Path,
) -> Vec<Way<'a>> {
    let way = |(runner, peaks): (&Runner<'_>, &'a RefCell<Vec<u64>>)| -> Way<'a> {
        let mut command = runner.command(bitcode);
        let time = move |iterations| {
            let once = |_| {
                let finished = run(&mut command);
                peaks.borrow_mut().push(finished.peak_bytes);
                finished.wall
            };
            (0..iterations).map(once).sum::<Duration>()
        };
        (runner.name, Box::new(time))
    };
    runners.iter().zip(peaks).map(way).collect()
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
        group.sample_size(20);
        measure(&mut group, label, &runners, &bitcode);
        group.finish();
    }
}

criterion_group!(benches, startup);
criterion_main!(benches);
