//! What the embedder, a file or the program itself says of one function.

use crate::Thresholds;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The say of one function against the policy's for all. The default says nothing.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Directive {
    /// It stays at the baseline: its trips do nothing, and requests for it are declined.
    pub never: bool,
    /// It is optimised when it is first called.
    pub eager: bool,
    /// The version that runs is neither evicted nor replaced because of a trip.
    pub pin: bool,
    /// Calls until it leaves a tier, instead of the tier's own threshold.
    pub calls: Option<NonZeroU64>,
    /// Turns of its loops until it leaves a tier, instead of the tier's own threshold.
    pub loops: Option<NonZeroU64>,
    /// How it is optimised above the baseline, in the syntax of `opt -passes=`, instead of the tier's own pipeline.
    pub pipeline: Option<Arc<str>>,
}

impl Directive {
    /// What `self` and, where it says nothing, `other` say. `never` and `eager` are one say: whoever says either of them
    /// overrides both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let decides = self.never || self.eager;
        Self {
            never: if decides { self.never } else { other.never },
            eager: if decides { self.eager } else { other.eager },
            pin: self.pin || other.pin,
            calls: self.calls.or(other.calls),
            loops: self.loops.or(other.loops),
            pipeline: self.pipeline.or(other.pipeline),
        }
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

const NEVER: u8 = 1;
const EAGER: u8 = 1 << 1;
const PIN: u8 = 1 << 2;

/// The directive of a record. All but the pipeline is read on the path of a trip: no lock.
///
/// Relaxed throughout: a trip that races with a new directive is one that came before or after it, and nothing else is read
/// because of what is read here.
#[derive(Default, Debug)]
pub(crate) struct DirectiveCell {
    flags: AtomicU8,
    calls: AtomicU64,
    loops: AtomicU64,
    pipeline: Mutex<Option<Arc<str>>>,
}

impl DirectiveCell {
    pub(crate) fn set(&self, directive: Directive) {
        let mut pipeline = self.pipeline();
        let flags = [
            (directive.never, NEVER),
            (directive.eager, EAGER),
            (directive.pin, PIN),
        ];
        let flags = flags.into_iter().filter(|(says, _)| *says);
        let flags = flags.fold(0, |flags, (_, flag)| flags | flag);
        let number = |threshold: Option<NonZeroU64>| threshold.map_or(0, NonZeroU64::get);
        self.flags.store(flags, Ordering::Relaxed);
        self.calls.store(number(directive.calls), Ordering::Relaxed);
        self.loops.store(number(directive.loops), Ordering::Relaxed);
        *pipeline = directive.pipeline;
    }

    pub(crate) fn get(&self) -> Directive {
        // Under the lock, so that a directive is read as it was set.
        let pipeline = self.pipeline();
        let thresholds = self.thresholds();
        Directive {
            never: self.never(),
            eager: self.eager(),
            pin: self.pinned(),
            calls: thresholds.calls,
            loops: thresholds.loops,
            pipeline: pipeline.clone(),
        }
    }

    fn pipeline(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        self.pipeline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn thresholds(&self) -> Thresholds {
        Thresholds {
            calls: NonZeroU64::new(self.calls.load(Ordering::Relaxed)),
            loops: NonZeroU64::new(self.loops.load(Ordering::Relaxed)),
        }
    }

    pub(crate) fn never(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & NEVER != 0
    }

    pub(crate) fn eager(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & EAGER != 0
    }

    pub(crate) fn pinned(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & PIN != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_gives_what_was_set() {
        let cell = DirectiveCell::default();
        assert!(cell.get().is_empty());
        let directive = Directive {
            never: true,
            pin: true,
            calls: NonZeroU64::new(7),
            loops: NonZeroU64::new(u64::MAX),
            pipeline: Some("default<O1>".into()),
            ..Directive::default()
        };
        cell.set(directive.clone());
        assert_eq!(cell.get(), directive);
        cell.set(Directive::default());
        assert!(cell.get().is_empty());
    }

    #[test]
    fn the_first_to_say_something_is_heard() {
        let calls = |calls| Directive {
            calls: NonZeroU64::new(calls),
            ..Directive::default()
        };
        let never = Directive {
            never: true,
            ..Directive::default()
        };
        let eager = Directive {
            eager: true,
            ..Directive::default()
        };
        assert_eq!(calls(1).or(calls(2)), calls(1));
        assert_eq!(Directive::default().or(calls(2)), calls(2));
        assert_eq!(never.clone().or(eager.clone()), never);
        assert_eq!(eager.clone().or(never), eager);
        let both = eager.or(calls(3));
        assert!(both.eager && both.calls == NonZeroU64::new(3));
    }
}
