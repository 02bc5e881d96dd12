//! `--events`: everything that happens, one JSON object on each line of a file.
//!
//! Every line has `sequence`, `at_us` (microseconds since the JIT was made), `function` (its number), `symbol`, `name` (demangled) and
//! `event`; the rest depends on the event. The last line is `{"event":"end","lost":N}`, but for a process that dies of a signal or
//! ends with `_exit`: its file ends with some earlier line, a whole one. More keys and events may come, none
//! changes its meaning.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tiered_jit::link::demangle;
use tiered_jit::{Event, EventKind, Published, VersionInfo};

use crate::error::Error;
use crate::frontend::create_failure;
use crate::tier_names::TierNames;
use crate::watch::Reader;

/// Writes events to a file.
#[derive(Debug)]
pub(crate) struct Journal {
    /// Without a buffer: a program may die at any moment, and what it leaves is then whole lines.
    file: File,
    tiers: TierNames,
}

impl Journal {
    pub(crate) fn create(path: &Path, tiers: TierNames) -> Result<Self, Error> {
        let file = File::create(path).map_err(|error| {
            let what = format!("the file of events `{}`", path.display());
            create_failure(&what, &error)
        })?;
        Ok(Self { file, tiers })
    }

    fn write(&mut self, line: &Value) {
        // A disk that is full must not end the program.
        let _written = self.file.write_all(format!("{line}\n").as_bytes());
    }
}

impl Reader for Journal {
    fn read(&mut self, event: &Event) {
        let line = line(event, &self.tiers);
        self.write(&line);
    }

    fn end(&mut self, lost: u64) {
        self.write(&json!({ "event": "end", "lost": lost }));
    }
}

fn line(event: &Event, tiers: &TierNames) -> Value {
    let mut line = Map::new();
    line.insert("sequence".to_owned(), event.sequence.into());
    line.insert("at_us".to_owned(), micros(event.at));
    line.insert("function".to_owned(), event.function.index().into());
    line.insert("symbol".to_owned(), event.symbol.to_string().into());
    line.insert("name".to_owned(), demangle(&event.symbol).into());
    let (name, details) = details(&event.kind, tiers);
    line.insert("event".to_owned(), name.into());
    if let Value::Object(details) = details {
        line.extend(details);
    }
    Value::Object(line)
}

/// The name of an event, and what only such events have.
fn details(kind: &EventKind, tiers: &TierNames) -> (&'static str, Value) {
    match kind {
        EventKind::BaselineCompiled { version, published } => {
            let installed = *published == Published::Installed;
            let details = json!({ "version": describe(version, tiers), "installed": installed });
            ("baseline_compiled", details)
        }
        EventKind::BaselineFailed { reason } => ("baseline_failed", because(reason)),
        EventKind::Queued => ("tripped", Value::Null),
        EventKind::TripDropped => ("trip_dropped", json!({ "reason": "the queue was full" })),
        EventKind::Requested { outcome } => ("requested", json!({ "outcome": word(outcome) })),
        EventKind::Declined { cause, reason } => {
            let details = json!({ "cause": cause.to_string(), "reason": reason.to_string() });
            ("declined", details)
        }
        EventKind::Cancelled { requests, outcome } => {
            let details = json!({ "requests": requests, "outcome": word(outcome) });
            ("cancelled", details)
        }
        EventKind::Expired { requests } => ("expired", json!({ "requests": requests })),
        EventKind::HeldOff { waited } => ("held_off", json!({ "waited_us": micros(*waited) })),
        EventKind::Reset => ("reset", Value::Null),
        EventKind::Removed => ("removed", Value::Null),
        _ => of_version(kind, tiers),
    }
}

/// What becomes of versions above the baseline.
fn of_version(kind: &EventKind, tiers: &TierNames) -> (&'static str, Value) {
    let aim = |tier, cause: &dyn ToString, reason: &str| {
        let (tier, cause) = (tiers.name(tier), cause.to_string());
        json!({ "tier": tier, "cause": cause, "reason": reason })
    };
    match kind {
        EventKind::PromotionStarted { tier, cause } => {
            let details = json!({ "tier": tiers.name(*tier), "cause": cause.to_string() });
            ("promotion_started", details)
        }
        EventKind::Promoted { version } => {
            ("promoted", json!({ "version": describe(version, tiers) }))
        }
        EventKind::PromotionFailed {
            tier,
            cause,
            reason,
        } => ("promotion_failed", aim(*tier, cause, reason)),
        EventKind::PromotionWithdrawn {
            tier,
            cause,
            reason,
        } => ("promotion_withdrawn", aim(*tier, cause, reason)),
        EventKind::PromotionRestarted { tier, reason } => {
            let details = json!({ "tier": tiers.name(*tier), "reason": &**reason });
            ("promotion_restarted", details)
        }
        EventKind::Invalidated { version, now } => {
            let reason = version.invalidated.as_deref().unwrap_or_default();
            let now = now.map(|tier| tiers.name(tier));
            let details =
                json!({ "version": describe(version, tiers), "now": now, "reason": reason });
            ("invalidated", details)
        }
        // Those that only a program with the API in hand brings about, in words.
        other => ("other", json!({ "text": format!("{other:?}") })),
    }
}

fn because(reason: &str) -> Value {
    json!({ "reason": reason })
}

/// The name of a variant, in lower case.
fn word(outcome: &dyn std::fmt::Debug) -> String {
    format!("{outcome:?}").to_lowercase()
}

fn describe(version: &VersionInfo, tiers: &TierNames) -> Value {
    let phases = version.phases.iter();
    let phases: Map<String, Value> = phases
        .map(|(phase, time)| (phase.name().to_owned(), micros(time)))
        .collect();
    json!({
        "number": version.number,
        "body": &*version.body,
        "tier": tiers.name(version.tier),
        "cause": version.cause.to_string(),
        "code_bytes": version.size,
        "guards": version.facts.guards,
        "values": version.facts.values,
        "total_us": micros(version.phases.total()),
        "phases_us": phases,
    })
}

fn micros(time: Duration) -> Value {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_in_the_file_as_soon_as_it_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let mut journal = Journal::create(&path, TierNames::default()).unwrap();
        journal.write(&json!({ "event": "reset" }));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "{\"event\":\"reset\"}\n");
    }
}
