//! `--print-compilation`: a line for each compilation, as it happens.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tiered_jit::link::demangle;
use tiered_jit::{Event, EventKind, EventReceiver, Tier, TieredJit, VersionInfo};

use crate::error::{Error, one_line};
use crate::frontend::create_failure;

/// Events that may wait to be printed; a whole program may be compiled while a terminal scrolls.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(1 << 16).unwrap();

/// Prints what is compiled until it is told to stop.
#[derive(Debug)]
pub(crate) struct Watch {
    /// `None` once stopped. Events are taken and printed under the lock, so that none is on its way when it stops.
    events: Mutex<Option<EventReceiver>>,
}

impl Watch {
    /// Starts to print the events of `jit`, on a thread of its own.
    pub(crate) fn start(jit: &TieredJit) -> Result<Arc<Self>, Error> {
        let watch = Arc::new(Self {
            events: Mutex::new(Some(jit.subscribe(CAPACITY))),
        });
        // A second subscription tells that there is something to take. It comes after the first in the list of those who
        // are told, and that it loses events is no loss.
        let bell = jit.subscribe(NonZeroUsize::MIN);
        let printer = watch.clone();
        let print = move || bell.iter().all(|_| printer.print());
        let thread = thread::Builder::new()
            .name("tjit-print".to_owned())
            .spawn(print);
        thread.map_err(|error| create_failure("a thread", &error))?;
        Ok(watch)
    }

    /// Prints what there is; `false` when stopped.
    fn print(&self) -> bool {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.as_ref().map(print_all).is_some()
    }

    /// Prints what is left and stops.
    pub(crate) fn stop(&self) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(events) = events.take() else { return };
        print_all(&events);
        if events.lost() > 0 {
            let line = format!("{} events were lost\n", events.lost());
            // When standard error is closed there is nobody to read it.
            let _written = io::stderr().lock().write_all(line.as_bytes());
        }
    }
}

fn print_all(events: &EventReceiver) {
    for line in events.try_iter().filter_map(|event| line(&event)) {
        // As above.
        let _written = io::stderr().lock().write_all(line.as_bytes());
    }
}

/// The line for an event; `None` for those that are no compilation.
fn line(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::BaselineCompiled { version, .. } | EventKind::Promoted { version } => {
            Some(compiled(event, version))
        }
        EventKind::Invalidated { version, now } => Some(invalidated(event, version, *now)),
        EventKind::BaselineFailed { reason } => Some(failed(event, Tier::BASELINE, reason)),
        EventKind::PromotionFailed { tier, reason, .. } => Some(failed(event, *tier, reason)),
        _ => None,
    }
}

fn compiled(event: &Event, version: &VersionInfo) -> String {
    let VersionInfo {
        size, cause, facts, ..
    } = version;
    let time = version.phases.total().as_micros();
    let mut line = start(event, version.tier) + &format!("({size} bytes), {cause}, {time} µs");
    for (name, count) in [("guards", facts.guards), ("values", facts.values)] {
        if count > 0 {
            // Writing to a string does not fail.
            let _written = write!(line, ", {name}={count}");
        }
    }
    line + "\n"
}

/// Taken back: the tier is that of the version, and then comes what runs instead.
fn invalidated(event: &Event, version: &VersionInfo, now: Option<Tier>) -> String {
    let now = now.map_or_else(|| "lazy".to_owned(), tier_name);
    let reason = version.invalidated.as_deref().unwrap_or_default();
    start(event, version.tier) + &format!("invalidated, back to {now}: {}\n", one_line(reason))
}

fn failed(event: &Event, tier: Tier, reason: &str) -> String {
    start(event, tier) + &format!("failed: {}\n", one_line(reason))
}

/// Milliseconds since the JIT was made, function, tier, name.
fn start(event: &Event, tier: Tier) -> String {
    let ms = event.at.as_secs_f64() * 1_000.0;
    let mut line = format!(
        "{ms:>10.3} {:>5} {:<9} ",
        event.function.index(),
        tier_name(tier)
    );
    // Writing to a string does not fail.
    let _written = write!(line, "{} ", demangle(&event.symbol));
    line
}

/// What a tier is called in reports and on the command line.
pub(crate) fn tier_name(tier: Tier) -> String {
    match tier {
        Tier::BASELINE => "baseline".to_owned(),
        Tier::OPTIMIZED => "optimized".to_owned(),
        other => other.to_string(),
    }
}
