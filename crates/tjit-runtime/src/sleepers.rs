//! Lets workers sleep until there is work, without a lock on the side that brings the work.
//!
//! Each worker has a seat: one bit in a word of idle workers and the handle to wake its thread. The lost wake-up is ruled
//! out as in Dekker's algorithm: the producer stores its item and then reads the word, the worker sets its bit and then
//! looks for items, each with a `SeqCst` fence between, so at least one of the two sees the other.

use crate::Error;
use crate::clock::Clock;
use crate::primitive::{AtomicU64, Parker, fence};
use std::marker::PhantomData;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How many workers one runtime can have registered over its life: one bit of a word each.
///
/// A seat is not used twice: a producer may be about to wake its thread, and could not know that it is another one.
pub const MAX_WORKERS: usize = u64::BITS as usize;

/// The workers that sleep or are about to.
#[derive(Debug)]
pub(crate) struct Sleepers {
    idle: AtomicU64,
    seats: [OnceLock<Parker>; MAX_WORKERS],
    taken: AtomicUsize,
}

/// What a worker that looks for work finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Look<T> {
    /// Something to do.
    Found(T),
    /// Nothing.
    Nothing,
    /// Nothing that may be begun before this time, unless more comes.
    Until(Duration),
}

/// The right of one thread to sleep; stays on that thread.
#[derive(Debug)]
pub(crate) struct Seat {
    index: usize,
    stays_on_its_thread: PhantomData<*const ()>,
}

impl Sleepers {
    pub(crate) fn new() -> Self {
        Self {
            idle: AtomicU64::new(0),
            seats: [const { OnceLock::new() }; MAX_WORKERS],
            taken: AtomicUsize::new(0),
        }
    }

    /// Gives the calling thread a seat.
    pub(crate) fn sit(&self) -> Result<Seat, Error> {
        let next = |taken: usize| (taken < MAX_WORKERS).then_some(taken + 1);
        let taken = self
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let index = taken.map_err(|_| Error::TooManyWorkers)?;
        // The index was handed out once, so the cell is empty.
        self.seats[index].get_or_init(Parker::current);
        Ok(Seat {
            index,
            stays_on_its_thread: PhantomData,
        })
    }

    /// Sleeps until `look` finds something. It is called again after each wake-up, and when the time it named has come.
    pub(crate) fn wait<T>(
        &self,
        seat: &Seat,
        clock: &Clock,
        mut look: impl FnMut() -> Look<T>,
    ) -> T {
        let bit = 1u64 << seat.index;
        loop {
            if let Look::Found(value) = look() {
                return value;
            }
            self.idle.fetch_or(bit, Ordering::Relaxed);
            // The worker's half of the Dekker pair; see the module documentation.
            fence(Ordering::SeqCst);
            let until = match look() {
                Look::Found(value) => {
                    // If the bit is gone already, a producer chose this worker for an item that it may not have taken. The
                    // caller therefore wakes another when items are left. AcqRel: it must see that producer's item.
                    self.idle.fetch_and(!bit, Ordering::AcqRel);
                    return value;
                }
                Look::Nothing => None,
                Look::Until(time) => Some(time),
            };
            self.park(seat.index, (clock, until));
        }
    }

    /// Sleeps until a producer has cleared the worker's bit, or clears it when the time has come.
    fn park(&self, index: usize, (clock, until): (&Clock, Option<Duration>)) {
        let Some(parker) = self.seats[index].get() else {
            return;
        };
        let bit = 1u64 << index;
        // Acquire: pairs with the producer's Release; its item is visible to the next look.
        while self.idle.load(Ordering::Acquire) & bit != 0 {
            match until {
                None => parker.park(),
                Some(time) if clock.now() < time => parker.park_until(clock, time),
                Some(_) => {
                    // A producer may have been first and is about to unpark this thread: the next sleep ends early then, which
                    // does no harm. AcqRel: its item is visible to the next look.
                    self.idle.fetch_and(!bit, Ordering::AcqRel);
                    return;
                }
            }
        }
    }

    /// Time has passed: those who wait for it look at the clock again.
    #[cfg(any(tjit_loom, tjit_shuttle))]
    pub(crate) fn tick(&self) {
        self.seats
            .iter()
            .filter_map(OnceLock::get)
            .for_each(Parker::tick);
    }

    /// Wakes one sleeping worker, if there is one. To be called after the item is in the queue. No lock, no allocation.
    pub(crate) fn wake_one(&self) {
        // The producer's half of the Dekker pair.
        fence(Ordering::SeqCst);
        let mut idle = self.idle.load(Ordering::Relaxed);
        while idle != 0 {
            let index = idle.trailing_zeros();
            let bit = 1u64 << index;
            // Only who clears the bit wakes the worker, so that two items wake two workers.
            let before = self.idle.fetch_and(!bit, Ordering::AcqRel);
            if before & bit != 0 {
                self.unpark(index);
                return;
            }
            idle = before & !bit;
        }
    }

    /// Forgets who sleeps: nobody does in a child of `fork`, which has none of the threads.
    pub(crate) fn forget(&self) {
        // Relaxed: the child has one thread, and starts the others after this.
        self.idle.store(0, Ordering::Relaxed);
    }

    /// Wakes all sleeping workers.
    pub(crate) fn wake_all(&self) {
        fence(Ordering::SeqCst);
        let mut idle = self.idle.swap(0, Ordering::AcqRel);
        while idle != 0 {
            let index = idle.trailing_zeros();
            self.unpark(index);
            idle &= idle - 1;
        }
    }

    fn unpark(&self, index: u32) {
        // A seat whose bit was set has a parker; reading the cell is one Acquire load.
        if let Some(parker) = self.seats.get(index as usize).and_then(OnceLock::get) {
            parker.unpark();
        }
    }
}
