//! The steps, cheapest failure first.

use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::{Outcome, Run, Step};
use crate::error::{Context, Error, Result};
use crate::host::{Host, Machine};
use crate::sh::{self, Stream};
use crate::{bench, cross, run, tidy, torture};

/// In this order: what fails often and fast comes first.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        run: fmt,
    },
    Step {
        name: "tidy",
        run: check_tidy,
    },
    Step {
        name: "clippy",
        run: clippy,
    },
    Step {
        name: "test",
        run: test,
    },
    Step {
        name: "doctest",
        run: doctest,
    },
    Step {
        name: "doc",
        run: doc,
    },
    Step {
        name: "loom",
        run: loom,
    },
    Step {
        name: "shuttle",
        run: shuttle,
    },
    Step {
        name: "faults",
        run: faults,
    },
    Step {
        name: "miri",
        run: miri,
    },
    Step {
        name: "examples",
        run: examples,
    },
    Step {
        name: "run",
        run: run_shapes,
    },
    Step {
        name: "cross",
        run: cross_short,
    },
    Step {
        name: "bench",
        run: bench_smoke,
    },
];

/// Most bugs of concurrency need two preemptions (Musuvathi and Qadeer, "Iterative context bounding", PLDI 2007); one to spare.
const LOOM_PREEMPTIONS: u32 = 3;
/// Schedules of each model that shuttle tries: seconds.
const SHORT_SCHEDULES: u32 = 2_000;
/// Programs with faults: half a minute.
const SHORT_FAULT_RUNS: u32 = 50;

/// The program the README's first command runs.
const SHAPES: &str = "examples/programs/shapes.cpp";

fn fmt(_run: &mut Run) -> Result<Outcome> {
    done(sh::run(&mut sh::cargo(&["fmt", "--all", "--", "--check"])))
}

fn check_tidy(_run: &mut Run) -> Result<Outcome> {
    done(tidy::check())
}

fn clippy(run: &mut Run) -> Result<Outcome> {
    let mut cargo = sh::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    done(sh::run(run.toolchain.export(&mut cargo)))
}

fn test(run: &mut Run) -> Result<Outcome> {
    let nextest = Machine.which("cargo-nextest").is_some();
    let mut cargo = match nextest {
        true => sh::cargo(&[
            "nextest",
            "run",
            "--workspace",
            "--no-fail-fast",
            "--no-tests=pass",
        ]),
        false => sh::cargo(&[
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ]),
    };
    count(run, &mut cargo)
}

fn doctest(run: &mut Run) -> Result<Outcome> {
    count(run, &mut sh::cargo(&["test", "--doc", "--workspace"]))
}

fn doc(run: &mut Run) -> Result<Outcome> {
    let mut cargo = sh::cargo(&["doc", "--no-deps", "--workspace"]);
    done(sh::run(
        run.toolchain
            .export(&mut cargo)
            .env("RUSTDOCFLAGS", "-Dwarnings"),
    ))
}

/// The concurrent core under a scheduler that tries every interleaving of few threads.
fn loom(run: &mut Run) -> Result<Outcome> {
    count(run, &mut torture::loom(LOOM_PREEMPTIONS))
}

/// The same with more threads and some interleavings of them.
fn shuttle(run: &mut Run) -> Result<Outcome> {
    count(run, &mut torture::shuttle(SHORT_SCHEDULES))
}

/// Programs while their compile jobs fail.
fn faults(run: &mut Run) -> Result<Outcome> {
    count(run, &mut torture::failpoints())?;
    count(run, &mut torture::faults(SHORT_FAULT_RUNS))
}

fn miri(run: &mut Run) -> Result<Outcome> {
    torture::count_if(run, torture::miri_short(&Machine))
}

/// Every example of every crate, from the root of the workspace, with exit code 0.
fn examples(run: &mut Run) -> Result<Outcome> {
    let mut cargo = sh::cargo(&[
        "build",
        "--workspace",
        "--examples",
        "--message-format=json-render-diagnostics",
    ]);
    let mut found = Vec::new();
    sh::run_lines(
        run.toolchain.export(&mut cargo),
        |stream, line| match stream {
            Stream::Out => found.extend(run::any_executable_in(line, "example")),
            Stream::Err => sh::echo(Stream::Err, line),
        },
    )?;
    found.sort();
    if found.is_empty() {
        return Err(Error::new("no crate has an example"));
    }
    for (name, path) in found {
        println!("example {name}");
        sh::run_captured(
            run.toolchain
                .export(&mut sh::program(path))
                .current_dir(sh::root()),
        )?;
    }
    Ok(Outcome::Done)
}

/// The README's first command, compared with the same program compiled ahead of time.
fn run_shapes(run: &mut Run) -> Result<Outcome> {
    let native = build_native(run)?;
    let tjit = run::build_tjit(&run.toolchain)?;
    let expected = capture(&mut sh::program(native))?;
    let jitted = capture(run.toolchain.export(run::tjit_run(tjit, &[]).arg(SHAPES)))?;
    let shown = String::from_utf8_lossy(&jitted.stderr);
    if jitted.status.code() != expected.status.code() {
        return Err(Error::new(format!(
            "{SHAPES}: native {}, tiered {}\n{shown}",
            expected.status, jitted.status
        )));
    }
    if jitted.stdout != expected.stdout {
        let text = String::from_utf8_lossy(&jitted.stdout);
        return Err(Error::new(format!(
            "{SHAPES}: standard output differs from native:\n{text}"
        )));
    }
    if shown.trim().is_empty() {
        return Err(Error::new(format!(
            "{SHAPES}: no tier report on standard error"
        )));
    }
    eprint!("{shown}");
    Ok(Outcome::Done)
}

fn build_native(run: &Run) -> Result<PathBuf> {
    let dir = sh::target_dir().join("xtask");
    fs::create_dir_all(&dir).context(|| format!("creating {}", dir.display()))?;
    let native = dir.join(format!("shapes{}", env::consts::EXE_SUFFIX));
    let mut clang = sh::program(&run.toolchain.clangxx);
    sh::run(
        clang
            .args(["-O2", SHAPES, "-o"])
            .arg(&native)
            .current_dir(sh::root()),
    )?;
    Ok(native)
}

fn capture(command: &mut Command) -> Result<Output> {
    let output = command
        .current_dir(sh::root())
        .stdin(Stdio::null())
        .output();
    output.context(|| format!("starting `{}`", sh::show(command)))
}

fn cross_short(run: &mut Run) -> Result<Outcome> {
    torture::count_if(run, cross::short(&Machine))
}

/// Each benchmark once, so that it still works; not measured.
fn bench_smoke(run: &mut Run) -> Result<Outcome> {
    let mut cargo = bench::benches(&[], &["--test".to_owned()]);
    done(sh::run(run.toolchain.export(&mut cargo)))
}

/// Runs tests and adds their summaries to the total.
pub(crate) fn count(run: &mut Run, command: &mut Command) -> Result<Outcome> {
    if !sh::is_ci() && io::stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let Run {
        toolchain, tally, ..
    } = run;
    done(sh::run_lines(toolchain.export(command), |stream, line| {
        tally.read(&String::from_utf8_lossy(line));
        sh::echo(stream, line);
    }))
}

fn done(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Done)
}
