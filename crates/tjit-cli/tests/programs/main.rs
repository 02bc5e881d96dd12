//! Every program of `tests/programs` does under `tjit` what it does natively, whatever the tiers.

mod program;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use program::{bitcode_of, directory, files_in, programs};
use tjit_test_util::{Input, Output, run};

/// How each program is run. At a threshold of 1 functions are recompiled while their first call runs, at 50 in their midst,
/// and at several tiers each function may be replaced twice,
/// by calls or by its loops. In the foreground the call of the threshold is the last of the baseline.
const MODES: [(&str, &[&str]); 6] = [
    ("baseline", &["--tier=baseline"]),
    ("optimized", &["--tier=optimized"]),
    ("auto-1", &["--tier=auto", "--threshold=1", "--hold-off=0"]),
    (
        "auto-50",
        &["--tier=auto", "--threshold=50", "--hold-off=0"],
    ),
    (
        "tiers-3",
        &["--tiers=baseline:2/100,quick=default<O1>:5/300,peak=default<O3>"],
    ),
    (
        "forced-7",
        &["--tier=auto", "--threshold=7", "--foreground"],
    ),
];

/// Names the only modes there shall be, by their thresholds, separated by commas: for runs that take longer.
const THRESHOLDS: &str = "TJIT_TEST_THRESHOLDS";

/// The modes by name, with their flags.
fn modes() -> Vec<(String, Vec<String>)> {
    let owned = |flags: &[&str]| flags.iter().map(|&flag| flag.to_owned()).collect();
    let Ok(thresholds) = std::env::var(THRESHOLDS) else {
        let fixed = MODES.map(|(mode, flags)| (mode.to_owned(), owned(flags)));
        return fixed.to_vec();
    };
    let of = |threshold: &str| {
        let flag = format!("--threshold={threshold}");
        [
            (format!("auto-{threshold}"), owned(&["--tier=auto", &flag])),
            (
                format!("forced-{threshold}"),
                owned(&["--tier=auto", &flag, "--foreground"]),
            ),
        ]
    };
    thresholds.split(',').flat_map(of).collect()
}

/// What every program is given; those that look at it say so in their first line.
const INPUT: Input<'_> = Input {
    args: &["first", "second argument"],
    env: &[("TJIT_TEST", "a value"), ("RUST_BACKTRACE", "0")],
    stdin: "a line of words\nanother line of words with more words\n",
};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let programs = programs();
    assert!(programs.len() >= 30, "only {} programs", programs.len());
    let trials = programs.into_iter().map(Arc::new).flat_map(|program| {
        let trial = move |(mode, flags): (String, Vec<String>)| {
            let program = program.clone();
            Trial::test(format!("{mode}::{}", program.name), move || {
                let flags: Vec<_> = flags.iter().map(String::as_str).collect();
                compare(program.native(), &program.run(&flags))
            })
        };
        modes().into_iter().map(trial)
    });
    let refused = files_in(&directory().join("refused"))
        .into_iter()
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            Trial::test(format!("refused::{name}"), move || check_refused(&path))
        });
    libtest_mimic::run(&arguments, trials.chain(refused).collect()).exit_code()
}

fn compare(native: &Output, tjit: &Output) -> Result<(), Failed> {
    if native.code <= 1 {
        return Err(format!("it finds fault with itself natively: {native:?}").into());
    }
    if (&native.stdout, native.code) == (&tjit.stdout, tjit.code) {
        return Ok(());
    }
    let lines = native.stdout.lines().zip(tjit.stdout.lines());
    let first = lines.enumerate().find(|(_, (native, tjit))| native != tjit);
    let difference = match first {
        Some((line, (native, tjit))) => {
            format!("line {}:\n  native: {native}\n  tjit:   {tjit}", line + 1)
        }
        None => format!(
            "{} lines natively, {} here",
            native.stdout.lines().count(),
            tjit.stdout.lines().count()
        ),
    };
    let message = format!(
        "{difference}\nexit code {} natively, {} here; standard error:\n{}",
        native.code, tjit.code, tjit.stderr
    );
    Err(message.into())
}

/// What can't be run rightly yet is refused, not run wrongly.
fn check_refused(path: &Path) -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tjit"));
    command.arg("run").arg(bitcode_of(path)).arg("--");
    let output = run(command, INPUT);
    if output.code == 2
        && output.stdout.is_empty()
        && output.stderr.starts_with("tjit: error: can't link ")
    {
        return Ok(());
    }
    Err(format!("it was not refused: {output:?}").into())
}
