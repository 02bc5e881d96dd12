//! The lane of trips: a ring that mutators fill without a lock, and what workers have taken out of it and not served yet.
//!
//! A function has its place in the ring until it is served, so that the capacity bounds both together: 40 bytes here and 24
//! there for each place.

use crate::FunctionId;
use crate::clock::Clock;
use crate::policy::HoldOff;
use crate::primitive::{Mutex, lock};
use crate::ring::{Place, Ring};
use crate::sleepers::Look;
use crate::waiters::{Rank, Waiters};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A function that tripped, and when.
#[derive(Debug)]
pub(crate) struct Tripped {
    function: FunctionId,
    at: Duration,
}

/// A function taken to be served, and for how long it waited if it was held off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Taken {
    pub(crate) function: FunctionId,
    pub(crate) held: Option<Duration>,
}

#[derive(Debug)]
pub(crate) struct Trips {
    ring: Ring<Tripped>,
    /// Only workers come here.
    waiting: Mutex<Waiting>,
    hold_off: HoldOff,
    /// Nanoseconds on the clock, 0 before the first. Not modelled: a time that is a little old makes a look a little early.
    last_first_call: AtomicU64,
}

#[derive(Default, Debug)]
struct Waiting {
    waiters: Waiters,
    /// When a look last found functions that it had to leave alone.
    held: Option<Duration>,
}

impl Trips {
    pub(crate) fn new(capacity: NonZeroUsize, hold_off: HoldOff) -> Self {
        Self {
            ring: Ring::new(capacity),
            waiting: Mutex::default(),
            hold_off,
            last_first_call: AtomicU64::new(0),
        }
    }

    /// Takes a place, or `None` when there is none. No lock, no allocation.
    pub(crate) fn reserve(&self) -> Option<Place<'_, Tripped>> {
        self.ring.reserve()
    }

    /// Queues a function. No lock, no allocation.
    pub(crate) fn push(place: Place<'_, Tripped>, function: FunctionId, clock: &Clock) {
        let at = clock.now();
        place.fill(Tripped { function, at });
    }

    /// A function without code is called.
    pub(crate) fn note_first_call(&self, clock: &Clock) {
        if !self.hold_off.quiet.is_zero() {
            // Relaxed: two first calls at once are as good as one.
            self.last_first_call
                .store(nanos(clock.now()).max(1), Ordering::Relaxed);
        }
    }

    /// The function to serve next, or until when all that wait are to be left alone.
    pub(crate) fn take(&self, clock: &Clock, rank: Rank<'_>) -> Look<Taken> {
        if self.is_empty() {
            return Look::Nothing;
        }
        let mut waiting = lock(&self.waiting);
        let Waiting { waiters, held } = &mut *waiting;
        let mut gone = waiters.refresh(rank);
        self.ring.take_all(|Tripped { function, at }| {
            gone += usize::from(!waiters.add(function, at, rank));
        });
        let now = clock.now();
        let quiet_at = self.quiet_at();
        let free_at = |at: Duration| quiet_at.min(at.saturating_add(self.hold_off.at_most));
        let taken = waiters.take(|at| free_at(at) <= now);
        self.ring.give_back(gone + usize::from(taken.is_some()));
        let next = waiters.oldest().map(free_at).filter(|next| *next > now);
        let held_before = *held;
        if next.is_some() {
            *held = Some(now);
        }
        match (taken, next) {
            (Some((function, at)), _) => Look::Found(Taken {
                function,
                held: held_before
                    .filter(|held| *held >= at)
                    .map(|_| now.saturating_sub(at)),
            }),
            (None, Some(next)) => Look::Until(next),
            (None, None) => Look::Nothing,
        }
    }

    /// Does any function wait? One that is just coming counts.
    pub(crate) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Runs `f` while every lock of this object is held.
    #[cfg(all(test, not(tjit_loom)))]
    pub(crate) fn hold_locks<R>(&self, f: impl FnOnce() -> R) -> R {
        let _waiting = lock(&self.waiting);
        self.ring.hold_locks(f)
    }

    /// From when on first calls have not come for long enough.
    fn quiet_at(&self) -> Duration {
        match self.last_first_call.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            last => Duration::from_nanos(last).saturating_add(self.hold_off.quiet),
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(all(test, not(tjit_loom)))]
mod tests;
