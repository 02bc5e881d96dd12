//! What the command line hands to the commands.

use clap::{CommandFactory, Parser};

use super::{Flags, Subcommand};

#[track_caller]
fn run_args(line: &[&str]) -> Vec<String> {
    let words = ["xtask", "run"].iter().chain(line);
    match Flags::try_parse_from(words).map(|flags| flags.subcommand) {
        Ok(Subcommand::Run { args }) => args,
        other => panic!("{line:?} is not a run: {other:?}"),
    }
}

#[test]
fn the_definition_is_sound() {
    Flags::command().debug_assert();
}

#[test]
fn run_passes_everything_on_untouched() {
    for line in [
        &["a.cpp"][..],
        &["a.cpp", "b.cpp", "--", "-x", "--stats"],
        &["--threshold=5", "a.cpp", "--", "1"],
        &["-v", "a.cpp", "--", "--", "two"],
    ] {
        assert_eq!(run_args(line), line);
    }
}

#[test]
fn run_needs_a_file() {
    assert!(Flags::try_parse_from(["xtask", "run"]).is_err());
}

#[test]
fn bench_splits_targets_from_criterion_arguments() {
    let flags = Flags::try_parse_from(["xtask", "bench", "stub", "fib", "--", "--quick"]);
    match flags.map(|flags| flags.subcommand) {
        Ok(Subcommand::Bench { names, args }) => {
            assert_eq!(names, ["stub", "fib"]);
            assert_eq!(args, ["--quick"]);
        }
        other => panic!("not a bench: {other:?}"),
    }
}
