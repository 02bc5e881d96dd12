//! Questions and results as text.

use std::fmt::Write;

use super::goals::{Goal, Measure, Question};
use super::results::{Figure, Results};
use crate::error::Result;

#[cfg(test)]
mod tests;

/// One line per question that the run answered; nothing if it answered none.
pub(super) fn of(questions: &[Question], results: &Results) -> Result<String> {
    let mut rows = Vec::new();
    for question in questions {
        let Some(ours) = results.get(question.ours, question.measure)? else {
            continue;
        };
        let peer = match question.peer {
            Some(peer) => results.get(peer, question.measure)?,
            None => None,
        };
        // A peer that was left out leaves nothing to compare.
        if peer.is_some() == question.peer.is_some() {
            rows.push(row(question, ours, peer));
        }
    }
    Ok(text(&rows))
}

type Row = [String; 6];

/// Marks answers that another run may not give.
const UNSTEADY: &str = "?";
const LEGEND: &str =
    "?: the samples disagree; look at them, or run again when the machine has nothing else to do\n";

const HEAD: [&str; 6] = ["", "ours", "peer", "ratio", "goal", "met"];

fn row(question: &Question, ours: Figure, peer: Option<Figure>) -> Row {
    let steady = ours.steady && peer.is_none_or(|peer| peer.steady);
    let (ours, peer) = (ours.value, peer.map(|peer| peer.value));
    let ratio = peer.map(|peer| ours / peer);
    let (goal, met) = match question.goal {
        Goal::Ratio(most) => (
            format!("≤ {most:.2}×"),
            ratio.map(|ratio| rounded(ratio) <= most),
        ),
        Goal::Nanoseconds(most) => (
            format!("≤ {}", figure(most, question.measure)),
            Some(ours <= most),
        ),
        Goal::Open => (String::new(), None),
    };
    let met = match met {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "",
    };
    let met = format!("{met}{}", if steady { "" } else { UNSTEADY });
    [
        question.name.to_owned(),
        figure(ours, question.measure),
        peer.map_or_else(String::new, |peer| figure(peer, question.measure)),
        ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}×")),
        goal,
        met,
    ]
}

/// As it is shown, so that nobody reads `1.40×` beside `≤ 1.40×` and `NO`.
fn rounded(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}

/// Nanoseconds or bytes with a unit that leaves few digits.
fn figure(value: f64, measure: Measure) -> String {
    let units: &[(f64, &str)] = match measure {
        Measure::Time { .. } | Measure::Tail(_) => {
            &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")]
        }
        Measure::Memory => &[(1_048_576.0, "MiB"), (1_024.0, "KiB"), (1.0, "B")],
    };
    let smallest = units[units.len() - 1];
    let (size, unit) = units
        .iter()
        .copied()
        .find(|&(size, _)| value >= size)
        .unwrap_or(smallest);
    let value = value / size;
    let digits = if value < 10.0 { 2 } else { 1 };
    format!("{value:.digits$} {unit}")
}

/// Columns as wide as their widest cell; names to the left, figures to the right.
fn text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head = HEAD.map(str::to_owned);
    let all: Vec<&Row> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| {
        let widths = all.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let mut text = String::from("\n");
    for row in &all {
        let mut line = format!("{:<1$}", row[0], width(0));
        for (column, cell) in row.iter().enumerate().skip(1) {
            // Writing to a string can't fail.
            let _ = write!(line, "  {cell:>0$}", width(column));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if rows
        .iter()
        .any(|row| row[HEAD.len() - 1].ends_with(UNSTEADY))
    {
        text.push_str(LEGEND);
    }
    text
}
