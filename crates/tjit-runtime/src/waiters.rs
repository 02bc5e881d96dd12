//! Functions that tripped and wait for a worker, in no order: the best is looked for when one is taken.
//!
//! How urgent a function is changes while it waits, so an order kept from when it came would be wrong. Asking the policy about
//! every function for every job would read as many counters in memory that is not in any cache. So each function has the
//! priority that was last found for it; taking one compares those, and a few are asked for anew each time, in turn.
//!
//! A take costs [`REFRESHED`] calls of the policy and one pass over an array of 40 bytes per waiting function: with 10,000 of them
//! in the order of 10 µs, where compiling one takes a millisecond at least.

use crate::FunctionId;
use std::time::Duration;

/// How many priorities are found anew for each function that is taken. With so many waiting or fewer, all are exact.
pub(crate) const REFRESHED: usize = 64;

/// The functions that wait.
#[derive(Default, Debug)]
pub(crate) struct Waiters {
    entries: Vec<Waiter>,
    /// Where the next refresh starts.
    hand: usize,
    arrivals: u64,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    function: FunctionId,
    /// When it tripped.
    at: Duration,
    /// Its place among all that came, to serve equals in order.
    arrival: u64,
    priority: u64,
}

/// How urgent a function is that tripped at this time; `None` if it does not wait any more.
pub(crate) type Rank<'a> = &'a dyn Fn(FunctionId, Duration) -> Option<u64>;

impl Waiters {
    /// Takes a function in; `false` if it does not wait any more.
    pub(crate) fn add(&mut self, function: FunctionId, at: Duration, rank: Rank<'_>) -> bool {
        let Some(priority) = rank(function, at) else {
            return false;
        };
        self.entries.push(Waiter {
            function,
            at,
            arrival: self.arrivals,
            priority,
        });
        self.arrivals += 1;
        true
    }

    /// Finds the priorities of the next few anew. Returns how many were dropped because they don't wait any more.
    pub(crate) fn refresh(&mut self, rank: Rank<'_>) -> usize {
        let mut dropped = 0;
        for _ in 0..REFRESHED.min(self.entries.len()) {
            if self.hand >= self.entries.len() {
                self.hand = 0;
            }
            let Some(waiter) = self.entries.get_mut(self.hand) else {
                break;
            };
            match rank(waiter.function, waiter.at) {
                Some(priority) => {
                    waiter.priority = priority;
                    self.hand += 1;
                }
                None => {
                    self.entries.swap_remove(self.hand);
                    dropped += 1;
                }
            }
        }
        dropped
    }

    /// Takes the most urgent of those that tripped at such a time, and of equals the first that came.
    pub(crate) fn take(
        &mut self,
        is_free: impl Fn(Duration) -> bool,
    ) -> Option<(FunctionId, Duration)> {
        let free = self.entries.iter().enumerate();
        let free = free.filter(|(_, waiter)| is_free(waiter.at));
        let best = free.max_by_key(|(_, waiter)| (waiter.priority, u64::MAX - waiter.arrival));
        let (index, _) = best?;
        let taken = self.entries.swap_remove(index);
        Some((taken.function, taken.at))
    }

    /// When the first of them tripped.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        self.entries.iter().map(|waiter| waiter.at).min()
    }
}

#[cfg(all(test, not(tjit_loom)))]
mod tests;
