//! Which steps run and how the end looks.

use std::time::Duration;

use super::{Outcome, Row, STEPS, choose, table};
use crate::error::Error;

fn names(only: &[&str]) -> Result<Vec<&'static str>, String> {
    let only: Vec<String> = only.iter().map(|&name| name.to_owned()).collect();
    let steps = choose(STEPS, &only).map_err(|error| error.to_string())?;
    Ok(steps.iter().map(|step| step.name).collect())
}

#[test]
fn all_steps_or_the_named_ones_in_our_order() {
    assert_eq!(names(&[]).map(|names| names.len()), Ok(STEPS.len()));
    assert_eq!(names(&["tidy", "fmt"]), Ok(vec!["fmt", "tidy"]));
    let message = names(&["fmt", "nope"]).err().unwrap_or_default();
    assert!(
        message.starts_with("no step `nope`; there are fmt, tidy"),
        "{message}"
    );
}

#[test]
fn the_table_has_a_line_per_step() {
    let row = |name, millis, result| Row {
        name,
        took: Duration::from_millis(millis),
        result,
    };
    let rows = [
        row("fmt", 1_240, Ok(Outcome::Done)),
        row("cross", 0, Ok(Outcome::Skipped("no qemu".into()))),
        row("test", 61_000, Err(Error::new("broken"))),
    ];
    let expected = "fmt                   1.2 s  ok\n\
                    cross                 0.0 s  skipped\n\
                    test                 61.0 s  FAILED\n";
    assert_eq!(table(&rows), expected);
}
