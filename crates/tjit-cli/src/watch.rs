//! Who reads events while the program runs, and `--print-compilation`: a line for each compilation, as it happens.

use std::fmt::{Debug, Write as _};
use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tiered_jit::link::demangle;
use tiered_jit::{Event, EventKind, EventReceiver, Tier, TieredJit, VersionInfo};

use crate::error::{Error, one_line};
use crate::frontend::create_failure;
use crate::tier_names::TierNames;

/// Events that may wait to be read; a whole program may be compiled while a terminal scrolls.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(1 << 16).unwrap();

/// What is done with events.
pub(crate) trait Reader: Debug + Send {
    /// The next event.
    fn read(&mut self, event: &Event);

    /// There are no more, and so many were lost because reading was too slow.
    fn end(&mut self, lost: u64);
}

/// Has events read until it is told to stop.
#[derive(Debug)]
pub(crate) struct Watch {
    /// `None` once stopped. Events are taken and read under the lock, so that none is on its way when it stops.
    state: Mutex<Option<(EventReceiver, Box<dyn Reader>)>>,
}

impl Watch {
    /// Starts to read the events of `jit`, on a thread of its own.
    pub(crate) fn start(jit: &TieredJit, reader: Box<dyn Reader>) -> Result<Arc<Self>, Error> {
        let watch = Arc::new(Self {
            state: Mutex::new(Some((jit.subscribe(CAPACITY), reader))),
        });
        // A second subscription tells that there is something to take. It comes after the first in the list of those who
        // are told, and that it loses events is no loss.
        let bell = jit.subscribe(NonZeroUsize::MIN);
        let listener = watch.clone();
        let listen = move || bell.iter().all(|_| listener.read());
        let thread = thread::Builder::new()
            .name("tjit-events".to_owned())
            .spawn(listen);
        thread.map_err(|error| create_failure("a thread", &error))?;
        Ok(watch)
    }

    /// Reads what there is; `false` when stopped.
    fn read(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = state.as_mut();
        state
            .map(|(events, reader)| read_all(events, &mut **reader))
            .is_some()
    }

    /// Reads what is left and stops.
    pub(crate) fn stop(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((events, mut reader)) = state.take() else {
            return;
        };
        read_all(&events, &mut *reader);
        reader.end(events.lost());
    }
}

fn read_all(events: &EventReceiver, reader: &mut dyn Reader) {
    events.try_iter().for_each(|event| reader.read(&event));
}

/// Prints a line for each compilation.
#[derive(Debug)]
pub(crate) struct Printer {
    tiers: TierNames,
}

impl Printer {
    pub(crate) fn new(tiers: TierNames) -> Self {
        Self { tiers }
    }
}

impl Reader for Printer {
    fn read(&mut self, event: &Event) {
        if let Some(line) = self.line(event) {
            // When standard error is closed there is nobody to read it.
            let _written = io::stderr().lock().write_all(line.as_bytes());
        }
    }

    fn end(&mut self, lost: u64) {
        if lost > 0 {
            let line = format!("{lost} events were lost\n");
            // As above.
            let _written = io::stderr().lock().write_all(line.as_bytes());
        }
    }
}

impl Printer {
    /// The line for an event; `None` for those that are no compilation.
    fn line(&self, event: &Event) -> Option<String> {
        match &event.kind {
            EventKind::BaselineCompiled { version, .. } | EventKind::Promoted { version } => {
                Some(self.compiled(event, version))
            }
            EventKind::Invalidated { version, now } => Some(self.invalidated(event, version, *now)),
            EventKind::RolledBack { version } => Some(self.rolled_back(event, version)),
            EventKind::BaselineFailed { reason } => {
                Some(self.failed(event, Tier::BASELINE, reason))
            }
            EventKind::PromotionFailed { tier, reason, .. } => {
                Some(self.failed(event, *tier, reason))
            }
            _ => None,
        }
    }

    fn compiled(&self, event: &Event, version: &VersionInfo) -> String {
        let VersionInfo {
            size, cause, facts, ..
        } = version;
        let time = version.phases.total().as_micros();
        let mut line =
            self.start(event, version.tier) + &format!("({size} bytes), {cause}, {time} µs");
        for (name, count) in [("guards", facts.guards), ("values", facts.values)] {
            if count > 0 {
                // Writing to a string does not fail.
                let _written = write!(line, ", {name}={count}");
            }
        }
        line + "\n"
    }

    /// Taken back: the tier is that of the version, and then comes what runs instead.
    fn invalidated(&self, event: &Event, version: &VersionInfo, now: Option<Tier>) -> String {
        let now = now.map_or_else(|| "lazy".to_owned(), |tier| self.tiers.name(tier));
        let reason = version.invalidated.as_deref().unwrap_or_default();
        self.start(event, version.tier)
            + &format!("invalidated, back to {now}: {}\n", one_line(reason))
    }

    /// The tier is that of the version that runs again.
    fn rolled_back(&self, event: &Event, version: &VersionInfo) -> String {
        self.start(event, version.tier) + &format!("rolled back to version {}\n", version.number)
    }

    fn failed(&self, event: &Event, tier: Tier, reason: &str) -> String {
        self.start(event, tier) + &format!("failed: {}\n", one_line(reason))
    }

    /// Milliseconds since the JIT was made, function, tier, name.
    fn start(&self, event: &Event, tier: Tier) -> String {
        let ms = event.at.as_secs_f64() * 1_000.0;
        let mut line = format!(
            "{ms:>10.3} {:>5} {:<9} ",
            event.function.index(),
            self.tiers.name(tier)
        );
        // Writing to a string does not fail.
        let _written = write!(line, "{} ", demangle(&event.symbol));
        line
    }
}
