//! Trips: a counter in generated code has reached its threshold.

use crate::event::{DeclineReason, EventKind};
use crate::version::Cause;
use crate::word::Word;
use crate::{FunctionId, FunctionRecord, FunctionState, Runtime, Tier};
use std::num::NonZeroU32;

/// What a trip did.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum TripOutcome {
    /// The function waits for a worker.
    Queued,
    /// The queue was full. The counter was re-armed; nothing else happened.
    Full,
    /// There is nothing to promote: the function is queued, or has left the tier whose counter it was, or was rolled back, or its promotion failed.
    Settled(FunctionState),
    /// The version that tripped is just being published. Its counter was re-armed; nothing else happened.
    Early,
    /// The function has a directive that keeps it where it is.
    Directed,
    /// The runtime was shut down.
    Stopped,
    /// No such function.
    Unknown,
}

impl<R> Runtime<R> {
    /// A counter in the baseline of the function reached its threshold; see [`Runtime::trip_from`].
    pub fn trip(&self, id: FunctionId) -> TripOutcome {
        self.trip_from(id, Tier::BASELINE)
    }

    /// A counter in a version of the function at `tier` reached its threshold. Nothing happens if another tier runs by now: the
    /// caller is in a version that was replaced.
    ///
    /// One compare-and-swap on the state, one push into a bounded queue, one wake-up: no lock, no allocation. May be called in
    /// a signal handler. A full queue leaves the state alone and re-arms the counter after
    /// [`TierPolicy::retry_after`](crate::TierPolicy::retry_after).
    pub fn trip_from(&self, id: FunctionId, tier: Tier) -> TripOutcome {
        let Some(record) = self.core.table.get(id) else {
            return TripOutcome::Unknown;
        };
        record.count_trip();
        if self.queue.is_stopped() {
            self.note_declined(record, DeclineReason::Stopped);
            return TripOutcome::Stopped;
        }
        if record.is_never() || record.is_pinned() {
            self.note_declined(record, DeclineReason::Directive);
            return TripOutcome::Directed;
        }
        let word = record.word.load();
        if word.may_be_ahead(tier) {
            self.rearm(record);
            return TripOutcome::Early;
        }
        if next(word, tier).is_none() {
            return self.settled(record, word);
        }
        // The place comes before the state, so that a state is never changed for a push that can't follow.
        let Some(place) = self.queue.reserve_trip() else {
            return self.trip_without_place(record, tier);
        };
        match record.word.update(|word| next(word, tier)) {
            Ok((before, _)) if before.trip(tier).is_some() => {}
            // It waits in another lane or is being compiled, and gives the place back.
            Ok((_, word)) => return TripOutcome::Settled(word.state()),
            Err(word) => return self.settled(record, word),
        }
        self.core.events.note(id, EventKind::Queued);
        self.queue.push_trip(place, id);
        TripOutcome::Queued
    }

    /// Turns of loops in a version of the function at `tier`, which counts them by itself and tells of so many at a time. `None`
    /// as long as there are fewer than the policy's threshold; then it is as if its entry counter had tripped, and counting
    /// starts anew.
    ///
    /// May be called in a signal handler, as [`Runtime::trip_from`].
    pub fn turned(&self, id: FunctionId, tier: Tier, turns: NonZeroU32) -> Option<TripOutcome> {
        let record = self.core.table.get(id)?;
        // The loop of a version that was replaced says nothing of the one that runs.
        if record.tier() > Some(tier) {
            return None;
        }
        let threshold = self.core.policy.thresholds(record, tier).loops?;
        if record.turned(turns) < threshold.get() {
            return None;
        }
        record.reset_turns();
        Some(self.trip_from(id, tier))
    }

    fn rearm(&self, record: &FunctionRecord) {
        let calls = self.core.policy.retry_after(record);
        self.core.counters.rearm(record, calls);
    }

    /// The queue is full, which is of no matter to a function that waits in another lane or is being compiled.
    fn trip_without_place(&self, record: &FunctionRecord, tier: Tier) -> TripOutcome {
        if let Ok((_, word)) = record.word.update(|word| word.trip_behind(tier)) {
            return TripOutcome::Settled(word.state());
        }
        record.count_dropped();
        self.rearm(record);
        self.core.events.note(record.id(), EventKind::TripDropped);
        TripOutcome::Full
    }

    fn settled(&self, record: &FunctionRecord, word: Word) -> TripOutcome {
        let state = word.state();
        match state {
            FunctionState::Failed => self.note_declined(record, DeclineReason::Failed),
            FunctionState::Removed => self.note_declined(record, DeclineReason::Removed),
            // It has what it asks for, or is about to.
            _ => {}
        }
        TripOutcome::Settled(state)
    }

    /// Once for each reason, until the function is compiled or directed anew: loops go on to trip.
    fn note_declined(&self, record: &FunctionRecord, reason: DeclineReason) {
        let bit = match reason {
            DeclineReason::Stopped => 1,
            DeclineReason::Removed => 1 << 1,
            DeclineReason::Failed => 1 << 2,
            DeclineReason::Directive => 1 << 3,
            DeclineReason::Other(_) => 1 << 4,
        };
        if !record.declines_first(bit) {
            return;
        }
        let cause = Cause::Trip;
        self.core
            .events
            .note(record.id(), EventKind::Declined { cause, reason });
    }
}

fn next(word: Word, tier: Tier) -> Option<Word> {
    word.trip(tier).or_else(|| word.trip_behind(tier))
}
