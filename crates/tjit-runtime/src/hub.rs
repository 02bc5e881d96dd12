//! Brings events to those who subscribed, without ever making the program wait for them.
//!
//! A channel's `send` may take a lock to wake its receiver, which the path of a trip must not. So a trip leaves a small note
//! in a [`Ring`], and whoever emits next off that path turns the notes into events.

use crate::event::{Event, EventKind};
use crate::ring::Ring;
use crate::{FunctionId, FunctionRecord, FunctionTable};
use crossbeam::channel::{self, Receiver, RecvTimeoutError, Sender, TrySendError};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many trips may happen between two events of other kinds before their notes are lost. A trip is followed by the
/// events of its job, so this matters only when thousands of functions trip within one compile job.
const NOTES: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// The source of events of one runtime.
#[derive(Debug)]
pub struct EventHub {
    start: Instant,
    sequence: AtomicU64,
    /// How many subscribers there are: the one load that emitting costs when there is none.
    active: AtomicUsize,
    subscribers: Mutex<Vec<Subscriber>>,
    notes: Ring<Note>,
    lost_notes: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Subscriber {
    sender: Sender<Event>,
    lost: Arc<AtomicU64>,
}

/// What a trip leaves behind.
#[derive(Debug)]
struct Note {
    sequence: u64,
    at: Duration,
    function: FunctionId,
    kind: EventKind,
}

impl EventHub {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            sequence: AtomicU64::new(0),
            active: AtomicUsize::new(0),
            subscribers: Mutex::new(Vec::new()),
            notes: Ring::new(NOTES),
            lost_notes: Arc::new(AtomicU64::new(0)),
        }
    }

    /// From now on, brings every event to the receiver. At most `capacity` wait for it; further ones are lost and counted.
    pub fn subscribe(&self, capacity: NonZeroUsize) -> EventReceiver {
        let (sender, receiver) = channel::bounded(capacity.get());
        let lost = Arc::new(AtomicU64::new(0));
        let lost_notes = self.lost_notes.clone();
        let lost_notes_before = lost_notes.load(Ordering::Relaxed);
        let mut subscribers = self
            .subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        subscribers.push(Subscriber {
            sender,
            lost: lost.clone(),
        });
        self.active.store(subscribers.len(), Ordering::Relaxed);
        EventReceiver {
            receiver,
            lost,
            lost_notes,
            lost_notes_before,
        }
    }

    /// Time since the runtime was made.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Does anybody listen? Relaxed: an event that races with a subscription may or may not be seen by it.
    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed) != 0
    }

    /// Sends an event, after the notes that trips left. May lock and allocate.
    pub(crate) fn emit(
        &self,
        table: &FunctionTable,
        record: &FunctionRecord,
        kind: impl FnOnce() -> EventKind,
    ) {
        if !self.is_active() {
            return;
        }
        self.flush(table);
        let (sequence, at) = self.stamp();
        let symbol = record.symbol().clone();
        self.send(&Event {
            sequence,
            at,
            function: record.id(),
            symbol,
            kind: kind(),
        });
    }

    /// Leaves a note of an event. No lock, no allocation, given that `kind` is made without.
    pub(crate) fn note(&self, function: FunctionId, kind: EventKind) {
        if !self.is_active() {
            return;
        }
        let (sequence, at) = self.stamp();
        match self.notes.reserve() {
            Some(place) => place.fill(Note {
                sequence,
                at,
                function,
                kind,
            }),
            None => drop(self.lost_notes.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Turns the notes into events.
    pub(crate) fn flush(&self, table: &FunctionTable) {
        while let Some(Note {
            sequence,
            at,
            function,
            kind,
        }) = self.notes.pop()
        {
            if let Some(record) = table.get(function) {
                self.send(&Event {
                    sequence,
                    at,
                    function,
                    symbol: record.symbol().clone(),
                    kind,
                });
            }
        }
    }

    /// Runs `f` while every lock of this object is held.
    #[cfg(all(test, not(tjit_loom)))]
    pub(crate) fn hold_locks<R>(&self, f: impl FnOnce() -> R) -> R {
        let _subscribers = self
            .subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.notes.hold_locks(f)
    }

    fn stamp(&self) -> (u64, Duration) {
        (self.sequence.fetch_add(1, Ordering::Relaxed), self.now())
    }

    fn send(&self, event: &Event) {
        let mut subscribers = self
            .subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(
            |subscriber| match subscriber.sender.try_send(event.clone()) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    subscriber.lost.fetch_add(1, Ordering::Relaxed);
                    true
                }
                Err(TrySendError::Disconnected(_)) => false,
            },
        );
        self.active.store(subscribers.len(), Ordering::Relaxed);
    }
}

/// The receiving end of a subscription; dropping it ends the subscription.
#[derive(Debug)]
pub struct EventReceiver {
    receiver: Receiver<Event>,
    lost: Arc<AtomicU64>,
    lost_notes: Arc<AtomicU64>,
    lost_notes_before: u64,
}

impl EventReceiver {
    /// Waits for the next event; `None` when the runtime is gone and everything was received.
    #[must_use]
    pub fn recv(&self) -> Option<Event> {
        self.receiver.recv().ok()
    }

    /// The next event if there is one now.
    #[must_use]
    pub fn try_recv(&self) -> Option<Event> {
        self.receiver.try_recv().ok()
    }

    /// Waits for the next event for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvTimeoutError`] when the time is over or the runtime is gone.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Event, RecvTimeoutError> {
        self.receiver.recv_timeout(timeout)
    }

    /// Waits for events until the runtime is gone.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.receiver.iter()
    }

    /// The events that are there now.
    pub fn try_iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.receiver.try_iter()
    }

    /// How many events this receiver did not get because it was too slow, or because trips came faster than their notes
    /// were collected.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let notes = self.lost_notes.load(Ordering::Relaxed) - self.lost_notes_before;
        self.lost.load(Ordering::Relaxed) + notes
    }
}
