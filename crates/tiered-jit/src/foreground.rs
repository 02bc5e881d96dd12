//! Promotions that the program waits for, so that they happen at the same call in each run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tjit_runtime::{FunctionRecord, Tier};

use crate::{ending, fork};

/// Between two looks at the function. A promotion takes a millisecond at least (`docs/architecture.md`, costs).
const PAUSE: Duration = Duration::from_micros(50);

/// Whether trips wait, and how many workers there are to wait for.
#[derive(Debug)]
pub(crate) struct Foreground {
    wanted: bool,
    workers: AtomicUsize,
}

impl Foreground {
    pub(crate) fn new(wanted: bool) -> Self {
        Self {
            wanted,
            workers: AtomicUsize::new(0),
        }
    }

    /// So many workers are about to start, and nobody else works: there are none yet, or they were left behind by `fork`.
    pub(crate) fn staff(&self, workers: usize) {
        // Relaxed, here and below: the number says whether waiting makes sense and nothing about memory.
        self.workers.store(workers, Ordering::Relaxed);
    }

    /// A worker has ended.
    pub(crate) fn leave(&self) {
        self.workers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Waits until the promotion of `function` from `tier` that it is queued for has been published or has failed, if trips shall
    /// wait. What somebody else than a worker compiles is not waited for: a canary takes its time.
    ///
    /// It looks again and again instead of being told: it may be called in a signal handler, and the code that was interrupted may
    /// hold whatever lock there was to sleep behind. A compile thread does not wait, it would be for itself; nor is there one to
    /// wait for when the process ends.
    #[expect(
        clippy::disallowed_methods,
        reason = "what could be waited for instead takes a lock, which a signal handler must not"
    )]
    pub(crate) fn wait(&self, function: &FunctionRecord, tier: Tier) {
        if !self.wanted || fork::is_inside() {
            return;
        }
        while is_under_way(function, tier)
            && self.workers.load(Ordering::Relaxed) > 0
            && !ending::has_begun()
        {
            std::thread::sleep(PAUSE);
        }
    }
}

fn is_under_way(function: &FunctionRecord, tier: Tier) -> bool {
    // A request that came meanwhile queues it once more; the first version will do.
    function.is_with_workers() && function.tier() <= Some(tier)
}
