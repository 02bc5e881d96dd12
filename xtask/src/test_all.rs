//! `test-all`: every check there is. CI runs exactly this.

mod steps;
mod tally;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::setup::{self, BENCH};
use crate::toolchain::Toolchain;

use steps::STEPS;
use tally::Tally;

#[cfg(test)]
mod tests;

/// What the steps share.
struct Run {
    toolchain: Toolchain,
    tally: Tally,
}

/// How a step that did not fail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Done,
    Skipped(String),
}

/// One check, by the name the table shows.
struct Step {
    name: &'static str,
    run: fn(&mut Run) -> Result<Outcome>,
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
    let chosen = choose(only)?;
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
    };
    for step in chosen {
        println!("\n==> {}", step.name);
        let start = Instant::now();
        let result = (step.run)(&mut run);
        if let Ok(Outcome::Skipped(why)) = &result {
            println!("skipped {}: {why}", step.name);
        }
        let failed = result.is_err();
        rows.push(Row {
            name: step.name,
            took: start.elapsed(),
            result,
        });
        if failed {
            break;
        }
    }
    println!("\n{}{}", table(&rows), run.tally);
    match rows.pop() {
        Some(Row {
            name,
            result: Err(error),
            ..
        }) => Err(Error::new(format!("step `{name}` failed: {error}"))),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The steps of those names, in our order; all when none is named.
fn choose(only: &[String]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = only
        .iter()
        .find(|name| !STEPS.iter().any(|step| step.name == **name))
    {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(Error::new(format!(
            "no step `{unknown}`; there are {}",
            names.join(", ")
        )));
    }
    Ok(STEPS
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
