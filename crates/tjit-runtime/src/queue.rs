//! What waits for a worker: requests from outside first, then functions whose version was taken back or can be bettered, then
//! trips, the most urgent ones first.
//!
//! An entry is a hint. The state word decides: a worker that pops a function which is not queued any more drops the entry.

use crate::clock::Clock;
use crate::policy::HoldOff;
use crate::primitive::{AtomicBool, Mutex, lock};
use crate::ring::Place;
use crate::sleepers::{Look, Seat, Sleepers};
use crate::trips::{Taken, Tripped, Trips};
use crate::waiters::Rank;
use crate::{Error, FunctionId};
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The three lanes and the workers that wait for them.
#[derive(Debug)]
pub(crate) struct PromotionQueue {
    /// Bounded by the number of functions: a function enters only on the transition to "queued by a request".
    requests: Mutex<VecDeque<FunctionId>>,
    /// Bounded likewise, by the transition to "queued by a renewal".
    renewals: Mutex<VecDeque<FunctionId>>,
    trips: Trips,
    clock: Clock,
    sleepers: Sleepers,
    stopped: AtomicBool,
}

impl PromotionQueue {
    /// `capacity` bounds the lane of trips, and `hold_off` is for that lane.
    pub(crate) fn new(capacity: NonZeroUsize, hold_off: HoldOff) -> Self {
        Self {
            requests: Mutex::new(VecDeque::new()),
            renewals: Mutex::new(VecDeque::new()),
            trips: Trips::new(capacity, hold_off),
            clock: Clock::new(),
            sleepers: Sleepers::new(),
            stopped: AtomicBool::new(false),
        }
    }

    /// Takes a place in the lane of trips; `None` when it is full. No lock, no allocation.
    pub(crate) fn reserve_trip(&self) -> Option<Place<'_, Tripped>> {
        self.trips.reserve()
    }

    /// Queues a function that tripped and wakes a worker. No lock, no allocation.
    pub(crate) fn push_trip(&self, place: Place<'_, Tripped>, id: FunctionId) {
        Trips::push(place, id, &self.clock);
        self.sleepers.wake_one();
    }

    /// Queues a function that somebody asked for and wakes a worker.
    pub(crate) fn push_request(&self, id: FunctionId) {
        lock(&self.requests).push_back(id);
        self.sleepers.wake_one();
    }

    /// Queues a function behind those that somebody asked for and wakes a worker.
    pub(crate) fn push_renewal(&self, id: FunctionId) {
        lock(&self.renewals).push_back(id);
        self.sleepers.wake_one();
    }

    /// Takes a function out of the lane of requests, which it has left.
    pub(crate) fn drop_request(&self, id: FunctionId) {
        lock(&self.requests).retain(|waiting| *waiting != id);
    }

    /// A function without code is called: the program is still starting.
    pub(crate) fn note_first_call(&self) {
        self.trips.note_first_call(&self.clock);
    }

    /// The time that trips are stamped with.
    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Lets time pass.
    #[cfg(any(tjit_loom, tjit_shuttle))]
    pub(crate) fn advance(&self, time: Duration) {
        self.clock.advance(time);
        self.sleepers.tick();
    }

    /// Makes the calling thread a worker.
    pub(crate) fn sit(&self) -> Result<Seat, Error> {
        self.sleepers.sit()
    }

    /// Sleeps until there is an entry; `None` after [`PromotionQueue::stop`], even if entries are left.
    ///
    /// What `enter` returns is held while an entry is looked for, and returned with it.
    pub(crate) fn pop_blocking<G>(
        &self,
        seat: &Seat,
        enter: impl Fn() -> G,
        rank: Rank<'_>,
    ) -> Option<(G, Taken)> {
        let popped = self.sleepers.wait(seat, &self.clock, || {
            if self.is_stopped() {
                return Look::Found(None);
            }
            let inside = enter();
            match self.try_pop(rank) {
                Look::Found(taken) => Look::Found(Some((inside, taken))),
                Look::Until(time) => Look::Until(time),
                Look::Nothing => Look::Nothing,
            }
        });
        // A wake-up meant for an item that is still there may have been spent on this worker: pass it on. So is the wait for a
        // hold-off to end.
        if popped.is_some() && !self.is_empty() {
            self.sleepers.wake_one();
        }
        popped
    }

    /// The next entry, if there is one.
    fn try_pop(&self, rank: Rank<'_>) -> Look<Taken> {
        let asked_for = lock(&self.requests).pop_front();
        match asked_for.or_else(|| lock(&self.renewals).pop_front()) {
            Some(function) => Look::Found(Taken {
                function,
                held: None,
            }),
            None => self.trips.take(&self.clock, rank),
        }
    }

    /// Ends the queue: workers get `None` from now on and nobody waits for what is left.
    pub(crate) fn stop(&self) {
        // Relaxed: `wake_all` starts with the fence that orders it before the look at the sleepers.
        self.stopped.store(true, Ordering::Relaxed);
        self.sleepers.wake_all();
    }

    /// Forgets the workers, which a child of `fork` has none of.
    pub(crate) fn forget_workers(&self) {
        self.sleepers.forget();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        // Relaxed: the fences of `stop` and of `Sleepers::wait` order it; other readers only save themselves work.
        self.stopped.load(Ordering::Relaxed)
    }

    /// Runs `f` while every lock of this object is held.
    #[cfg(all(test, not(tjit_loom)))]
    pub(crate) fn hold_locks<R>(&self, f: impl FnOnce() -> R) -> R {
        let _requests = lock(&self.requests);
        let _renewals = lock(&self.renewals);
        self.trips.hold_locks(f)
    }

    fn is_empty(&self) -> bool {
        self.trips.is_empty() && lock(&self.requests).is_empty() && lock(&self.renewals).is_empty()
    }
}
