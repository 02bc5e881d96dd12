//! `bench`: the criterion benchmarks.

use std::process::{Command, ExitCode};

use crate::error::Result;
use crate::setup::{self, BENCH};
use crate::sh;

/// `cargo xtask bench [names] [-- criterion arguments]`.
pub(crate) fn command(names: &[String], args: &[String]) -> Result<ExitCode> {
    let toolchain = setup::ensure(BENCH)?;
    sh::run(toolchain.export(&mut benches(names, args)))?;
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
    cargo
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
