//! Trips: a counter in generated code has reached its threshold.

use crate::event::{DeclineReason, EventKind};
use crate::version::Cause;
use crate::word::Word;
use crate::{FunctionId, FunctionRecord, FunctionState, Runtime};

/// What a trip did.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TripOutcome {
    /// The function waits for a worker.
    Queued,
    /// The queue was full. The counter was re-armed; nothing else happened.
    Full,
    /// There is nothing to promote: the function is queued or beyond the baseline already, or its promotion failed.
    NotBaseline(FunctionState),
    /// The runtime was shut down.
    Stopped,
    /// No such function.
    Unknown,
}

impl<R> Runtime<R> {
    /// A counter of the function reached its threshold.
    ///
    /// One compare-and-swap on the state, one push into a bounded queue, one wake-up: no lock, no allocation. May be called in
    /// a signal handler. A full queue leaves the state alone and re-arms the counter after
    /// [`TierPolicy::retry_after`](crate::TierPolicy::retry_after).
    pub fn trip(&self, id: FunctionId) -> TripOutcome {
        let Some(record) = self.core.table.get(id) else {
            return TripOutcome::Unknown;
        };
        record.count_trip();
        if self.queue.is_stopped() {
            self.note_declined(record, DeclineReason::Stopped);
            return TripOutcome::Stopped;
        }
        let word = record.word.load();
        if next(word).is_none() {
            return self.not_baseline(record, word);
        }
        // The place comes before the state, so that a state is never changed for a push that can't follow.
        let Some(place) = self.queue.reserve_trip() else {
            return self.trip_without_place(record);
        };
        match record.word.update(next) {
            Ok((before, _)) if before.trip().is_some() => {}
            // It waits in another lane, and gives the place back.
            Ok((_, word)) => return TripOutcome::NotBaseline(word.state()),
            Err(word) => return self.not_baseline(record, word),
        }
        self.core.events.note(id, EventKind::Queued);
        self.queue.push_trip(place, id);
        TripOutcome::Queued
    }

    /// The queue is full, which is of no matter to a function that waits in another lane.
    fn trip_without_place(&self, record: &FunctionRecord) -> TripOutcome {
        if let Ok((_, word)) = record.word.update(Word::trip_behind_request) {
            return TripOutcome::NotBaseline(word.state());
        }
        record.count_dropped();
        let calls = self.core.policy.retry_after(record);
        self.core.counters.rearm(record, calls);
        self.core.events.note(record.id(), EventKind::TripDropped);
        TripOutcome::Full
    }

    fn not_baseline(&self, record: &FunctionRecord, word: Word) -> TripOutcome {
        let state = word.state();
        match state {
            FunctionState::Failed => self.note_declined(record, DeclineReason::Failed),
            FunctionState::Removed => self.note_declined(record, DeclineReason::Removed),
            // It has what it asks for, or is about to.
            _ => {}
        }
        TripOutcome::NotBaseline(state)
    }

    fn note_declined(&self, record: &FunctionRecord, reason: DeclineReason) {
        let cause = Cause::Trip;
        self.core
            .events
            .note(record.id(), EventKind::Declined { cause, reason });
    }
}

fn next(word: Word) -> Option<Word> {
    word.trip().or_else(|| word.trip_behind_request())
}
