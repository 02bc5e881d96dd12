//! `test-all`: every check there is. CI runs exactly this.

mod steps;
mod tally;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::setup::{self, BENCH};
use crate::toolchain::Toolchain;

use steps::STEPS;
pub(crate) use steps::count;
use tally::Tally;

#[cfg(test)]
mod tests;

/// What the steps share.
pub(crate) struct Run {
    toolchain: Toolchain,
    tally: Tally,
    /// How long steps take that could go on for ever.
    pub(crate) minutes: u64,
}

/// How a step that did not fail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Skipped(String),
}

/// One check, by the name the table shows.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Run) -> Result<Outcome>,
}

/// What to do when a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// What comes after it costs more and says less.
    Stop,
    /// The others say something of their own.
    GoOn,
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    name: &'static str,
    took: Duration,
    result: Result<Outcome>,
}

/// `cargo xtask test-all [STEP]…`: stops at the first step that fails.
pub(crate) fn command(only: &[String]) -> Result<ExitCode> {
    run_all(STEPS, only, OnFailure::Stop, 0)
}

/// Runs the named steps, or all, and prints what became of each. An error if one failed.
pub(crate) fn run_all(
    steps: &'static [Step],
    only: &[String],
    on_failure: OnFailure,
    minutes: u64,
) -> Result<ExitCode> {
    let chosen = choose(steps, only)?;
    let start = Instant::now();
    let toolchain = setup::ensure(BENCH)?;
    let mut rows = vec![Row {
        name: "setup",
        took: start.elapsed(),
        result: Ok(Outcome::Done),
    }];
    let mut run = Run {
        toolchain,
        tally: Tally::default(),
        minutes,
    };
    for step in chosen {
        println!("\n==> {}", step.name);
        let start = Instant::now();
        let result = (step.run)(&mut run);
        if let Ok(Outcome::Skipped(why)) = &result {
            println!("skipped {}: {why}", step.name);
        }
        if let Err(error) = &result {
            println!("{} failed: {error}", step.name);
        }
        let failed = result.is_err();
        rows.push(Row {
            name: step.name,
            took: start.elapsed(),
            result,
        });
        if failed && on_failure == OnFailure::Stop {
            break;
        }
    }
    println!("\n{}{}", table(&rows), run.tally);
    match rows.into_iter().find(|row| row.result.is_err()) {
        Some(Row {
            name,
            result: Err(error),
            ..
        }) => Err(Error::new(format!("step `{name}` failed: {error}"))),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The steps of those names, in our order; all when none is named.
fn choose(steps: &'static [Step], only: &[String]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = only
        .iter()
        .find(|name| !steps.iter().any(|step| step.name == **name))
    {
        let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
        return Err(Error::new(format!(
            "no step `{unknown}`; there are {}",
            names.join(", ")
        )));
    }
    Ok(steps
        .iter()
        .filter(|step| only.is_empty() || only.iter().any(|name| name == step.name))
        .collect())
}

/// Steps, seconds and results in columns, one line each.
fn table(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let result = match &row.result {
            Ok(Outcome::Done) => "ok",
            Ok(Outcome::Skipped(_)) => "skipped",
            Err(_) => "FAILED",
        };
        format!(
            "{:<16} {:>8.1} s  {result}\n",
            row.name,
            row.took.as_secs_f64()
        )
    };
    rows.iter().map(line).collect()
}
