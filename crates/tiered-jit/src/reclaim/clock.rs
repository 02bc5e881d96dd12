//! Which running versions go when there is no room: those that nobody calls.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tjit_runtime::{FunctionId, UnitId};
use tjit_stubs::StubId;

use super::Reclaim;
use crate::Error;
use crate::engine::Engine;

/// How long a version has to be called once: the hand takes that long to come round. As long as .NET waits for a method to be left
/// alone before it counts its calls (`TC_CallCountingDelayMs`).
const ROUND: Duration = Duration::from_millis(100);

/// The versions that were probed, and when.
#[derive(Debug, Default)]
pub(super) struct Clock {
    probed: Vec<(FunctionId, UnitId)>,
    since: Option<Instant>,
}

impl Reclaim {
    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the hand is on its way, or should be.
    pub(super) fn turns(&self) -> bool {
        // Relaxed: a hint.
        self.clock().since.is_some() || self.is_wanted.load(Ordering::Relaxed)
    }

    /// Turns the clock: probes what runs if there is no room, and when a round is over evicts of that what was not called, the
    /// oldest first, until there is room. Only where evicting frees anything.
    pub(super) fn turn(&self, engine: &Engine) {
        if !self.is_promised {
            return;
        }
        self.retire_kept(engine);
        let since = self.clock().since;
        match since {
            Some(since) if since.elapsed() >= ROUND => {
                let mut clock = self.clock();
                clock.since = None;
                let probed = std::mem::take(&mut clock.probed);
                drop(clock);
                self.evict_cold(engine, &probed);
            }
            Some(_) => {}
            None if self.is_wanted.swap(false, Ordering::Relaxed) && self.excess_later() > 0 => {
                self.probe_all(engine);
            }
            None => {}
        }
    }

    fn probe_all(&self, engine: &Engine) {
        let live = self.ledger().live();
        let probed = live.into_iter().filter(|&(function, unit)| {
            let stub = StubId::from_index(function.index());
            let make_lazy = || Ok::<_, Error>(engine.stubs.reset_lazy(stub)?);
            // One that can't be probed stays.
            engine
                .runtime
                .probe((function, unit), make_lazy)
                .unwrap_or(false)
        });
        let probed: Vec<_> = probed.collect();
        let mut clock = self.clock();
        clock.since = (!probed.is_empty()).then(Instant::now);
        clock.probed = probed;
    }

    fn evict_cold(&self, engine: &Engine, probed: &[(FunctionId, UnitId)]) {
        for &(function, unit) in probed {
            if self.excess_later() == 0 {
                break;
            }
            let install = |baseline| engine.fall_back(function, baseline);
            // One that can't be evicted stays.
            let _evicted = engine.runtime.evict((function, unit), install);
            self.settle(engine);
            self.retire_kept(engine);
        }
    }
}
