//! `bench`: the criterion benchmarks, and what they say about the goals.

mod goals;
mod results;
mod table;

use std::process::{Command, ExitCode};
use std::time::SystemTime;

use crate::error::Result;
use crate::setup::{self, BENCH};
use crate::sh;

use results::Results;

/// `cargo xtask bench [names] [-- criterion arguments]`.
pub(crate) fn command(names: &[String], args: &[String]) -> Result<ExitCode> {
    let toolchain = setup::ensure(BENCH)?;
    let start = SystemTime::now();
    sh::run(toolchain.export(&mut benches(names, args)))?;
    let results = Results::since(start, criterion_home());
    print!("{}", table::of(goals::QUESTIONS, &results)?);
    Ok(ExitCode::SUCCESS)
}

/// The bench targets of that name, or all of them.
pub(crate) fn benches(names: &[String], args: &[String]) -> Command {
    let mut cargo = sh::cargo(&["bench", "--package", "tjit-benches"]);
    match names {
        [] => cargo.arg("--benches"),
        names => cargo.args(names.iter().flat_map(|name| ["--bench", name])),
    };
    cargo.arg("--").args(args);
    cargo.env("CRITERION_HOME", criterion_home());
    cargo
}

/// Where criterion writes its results. The benches write theirs there, too.
fn criterion_home() -> std::path::PathBuf {
    sh::target_dir().join("criterion")
}

#[cfg(test)]
mod tests {
    use super::benches;
    use crate::sh::show;

    #[test]
    fn names_are_bench_targets_and_the_rest_is_criterions() {
        assert_eq!(
            show(&benches(&[], &[])),
            "cargo bench --package tjit-benches --benches --"
        );
        let line = show(&benches(&["stub".into()], &["--quick".into()]));
        assert_eq!(
            line,
            "cargo bench --package tjit-benches --bench stub -- --quick"
        );
    }
}
