//! What becomes of versions that left their slots: kept for a while, retired, and freed when nobody can be in them.
//!
//! Whoever displaces a version only makes a note of it. The rest is done by the reaper, a thread of its own, or by those who ask for
//! memory: they look through the notes, retire what will not run again, and free what nobody can be in.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use crossbeam::queue::SegQueue;
use tjit_runtime::{
    EventKind, FunctionId, FunctionRecord, Pin, Retired, UnitId, VersionInfo, VersionStatus,
};

use crate::Error;
use crate::code::Code;
use crate::config::Config;
use crate::counters;
use crate::engine::Engine;

mod clock;
mod ledger;
pub(crate) mod reaper;

use clock::Clock;
use ledger::{Kept, Ledger};

/// The memory of versions of one JIT, and who may be in it.
pub(crate) struct Reclaim {
    /// Whether all threads enter through us, so that pins tell who may be in a version.
    is_promised: bool,
    budget: u64,
    /// How many displaced versions of each function are kept when others are freed.
    keep: usize,
    displaced: SegQueue<Kept>,
    retired: Retired<Dead>,
    ledger: Mutex<Ledger>,
    counts: Counts,
    reaper: Mutex<Option<Thread>>,
    /// Whether a promotion was declined since the hand of the clock last went round.
    is_wanted: AtomicBool,
    clock: Mutex<Clock>,
    /// Held by who looks through the notes, retires and frees: nobody else finds a version that was taken from one place and not
    /// put to the next yet.
    sorting: Mutex<()>,
}

/// A version that will not run again.
struct Dead {
    function: FunctionId,
    /// `None` for what was tried and never was a version.
    version: Option<Arc<VersionInfo>>,
    unit: UnitId,
    code: Code,
    bytes: u64,
}

#[derive(Default)]
struct Counts {
    versions: AtomicU64,
    bytes: AtomicU64,
}

/// What the versions above the baseline take, at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct CodeMemory {
    /// Bytes of code and data of all of them that have not been freed, in whole pages as they are allocated.
    pub bytes: u64,
    /// What they may take: [`Builder::code_budget`](crate::Builder::code_budget).
    pub budget: u64,
    /// How many were displaced and could be rolled back to.
    pub kept: usize,
    /// How many will not run again and wait until nobody can be in them.
    pub retired: usize,
    /// How many will not run again and are never freed, since the program may have addresses of theirs.
    pub unreclaimable: usize,
    /// How many were freed.
    pub reclaimed: u64,
    /// How many bytes those took.
    pub reclaimed_bytes: u64,
}

impl Reclaim {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            is_promised: config.reclaim,
            budget: config.code_budget,
            keep: config.keep_versions,
            displaced: SegQueue::new(),
            retired: Retired::default(),
            ledger: Mutex::default(),
            counts: Counts::default(),
            reaper: Mutex::new(None),
            is_wanted: AtomicBool::new(false),
            clock: Mutex::default(),
            sorting: Mutex::default(),
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sort(&self) -> MutexGuard<'_, ()> {
        self.sorting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be held for as long as this thread is in the program, or about to enter it. `None` where nobody looks at pins.
    pub(crate) fn pin(&self) -> Option<Pin> {
        self.is_promised.then(|| self.retired.pin())
    }

    /// For the child of a fork: only the threads that it has may be in what is retired.
    pub(crate) fn forget_other_threads(&self) {
        if self.is_promised {
            self.retired.forget_other_threads();
        }
    }

    pub(crate) fn memory(&self) -> CodeMemory {
        let ledger = self.ledger();
        CodeMemory {
            bytes: ledger.bytes(),
            budget: self.budget,
            kept: ledger.kept(),
            retired: self.retired.len(),
            unreclaimable: ledger.unreclaimable(),
            // Relaxed: counts, by which nothing is ordered.
            reclaimed: self.counts.versions.load(Ordering::Relaxed),
            reclaimed_bytes: self.counts.bytes.load(Ordering::Relaxed),
        }
    }

    /// `unit` is linked and about to be published.
    pub(crate) fn linked(
        &self,
        unit: UnitId,
        function: FunctionId,
        memory: (Code, Option<Arc<str>>),
    ) {
        self.ledger().enter(unit, function, memory);
    }

    /// Frees a unit that was linked and is not published after all.
    pub(crate) fn discard(&self, engine: &Engine, unit: UnitId) {
        let code = self.ledger().forget(unit);
        if let Some(tracker) = code.and_then(|code| engine.modules.take(code)) {
            // What can't be freed is lost: nobody uses it.
            // SAFETY: nobody but who compiled it has had its address, and it was not stored.
            let _freed = unsafe { tracker.remove() };
        }
    }

    /// The function begins anew, or is not the program's any more: its versions went with a module.
    pub(crate) fn forget_function(&self, function: FunctionId) {
        self.ledger().forget_function(function);
    }

    /// A version has left its slot. Called on any thread that publishes, invalidates or rolls back.
    pub(crate) fn displaced(&self, record: &FunctionRecord, version: &Arc<VersionInfo>) {
        let Some(unit) = version.unit else { return };
        self.displaced.push(Kept {
            function: record.id(),
            unit,
            version: version.clone(),
        });
        self.wake();
    }

    fn wake(&self) {
        let reaper = self.reaper.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reaper) = &*reaper {
            reaper.unpark();
        }
    }

    /// Whether anything waits to be looked at or freed.
    fn has_work(&self) -> bool {
        let could_free = !self.retired.is_empty() || self.turns();
        !self.displaced.is_empty() || (self.is_promised && could_free)
    }

    /// Looks through what was displaced: the last versions of each function are kept, and those before them retired if that has
    /// them freed.
    fn settle(&self, engine: &Engine) {
        while let Some(displaced) = self.displaced.pop() {
            let Some(record) = engine.runtime.table().get(displaced.function) else {
                continue;
            };
            let Some(version) = record.version(displaced.version.number) else {
                continue;
            };
            match version.status() {
                VersionStatus::Invalidated => self.retire(engine, displaced),
                VersionStatus::Kept if Arc::ptr_eq(&version, &displaced.version) => {
                    let function = displaced.function;
                    self.ledger().keep(displaced);
                    if self.is_promised {
                        self.retire_older(engine, function);
                    }
                }
                // It was retired before; or rolled back to, and is or will be noted again when it is displaced again.
                _ => {}
            }
        }
    }

    /// Keeps as many versions of a function as are to be kept.
    fn retire_older(&self, engine: &Engine, function: FunctionId) {
        let older = self.ledger().release_older(function, self.keep);
        for kept in older {
            self.retire(engine, kept);
        }
    }

    /// Sees to it that a version does not run again, and is freed if that can be.
    fn retire(&self, engine: &Engine, kept: Kept) {
        let Kept {
            function,
            unit,
            version,
        } = kept;
        let Some(record) = engine.runtime.table().get(function) else {
            return;
        };
        // Not if it runs, or has run since: then it is noted again when it is displaced again.
        if !record.reclaim(&version) {
            return;
        }
        engine.forget_unit(function, unit);
        let Some(linked) = self.ledger().retire(unit) else {
            return;
        };
        let bytes = linked.code.bytes();
        let kind = match linked.retained {
            Some(what) => EventKind::Unreclaimable {
                version,
                reason: format!("the program may keep {what}").into(),
            },
            None => {
                let heard = version.clone();
                self.retired.retire(Dead {
                    function,
                    version: Some(version),
                    unit,
                    code: linked.code,
                    bytes,
                });
                EventKind::Retired {
                    version: heard,
                    bytes,
                }
            }
        };
        // The function is there.
        let _reported = engine.runtime.report(function, kind);
    }

    /// A unit was tried on some of the calls and is not entered any more; it never was a version.
    pub(crate) fn retire_tried(&self, function: FunctionId, unit: UnitId) {
        let Some(linked) = self.ledger().retire(unit) else {
            return;
        };
        if linked.retained.is_none() {
            self.retired.retire(Dead {
                function,
                version: None,
                unit,
                code: linked.code,
                bytes: linked.code.bytes(),
            });
            self.wake();
        }
    }

    /// Frees what nobody can be in, if pins tell. Not for threads that are in the program.
    fn collect(&self, engine: &Engine) {
        if !self.is_promised {
            return;
        }
        for dead in self.retired.collect() {
            // SAFETY: its slot leads elsewhere, every thread that could have got its address from there has left the program
            // since, and whoever set the JIT up vouched for those that don't enter through us.
            unsafe { self.free(engine, dead) };
        }
    }

    /// Frees what can be freed while the budget is used up. Not for threads that are in the program.
    ///
    /// # Errors
    /// [`Error::CodeBudget`] if that did not help.
    pub(crate) fn make_room(
        &self,
        engine: &Engine,
        function: &FunctionRecord,
    ) -> Result<(), Error> {
        if self.excess() == 0 {
            return Ok(());
        }
        let sorting = self.sort();
        self.settle(engine);
        self.retire_kept(engine);
        self.collect(engine);
        drop(sorting);
        if self.excess() == 0 {
            return Ok(());
        }
        // Relaxed: a hint for the reaper, which looks again.
        self.is_wanted.store(true, Ordering::Relaxed);
        self.wake();
        Err(Error::CodeBudget {
            function: function.symbol().to_string(),
            bytes: self.ledger().bytes(),
            budget: self.budget,
        })
    }

    /// By how many bytes the budget is overdrawn; one when it is just used up.
    fn excess(&self) -> u64 {
        (self.ledger().bytes() + 1).saturating_sub(self.budget)
    }

    /// The same when all is freed that waits for it.
    fn excess_later(&self) -> u64 {
        let ledger = self.ledger();
        (ledger.bytes() + 1).saturating_sub(self.budget + ledger.bytes_retired())
    }

    /// Gives kept versions up, the oldest first, until the others are within the budget.
    fn retire_kept(&self, engine: &Engine) {
        while self.excess_later() > 0 {
            let oldest = self.ledger().release_oldest();
            let Some(oldest) = oldest else { break };
            self.retire(engine, oldest);
        }
    }

    /// Frees all that is retired.
    ///
    /// # Safety
    /// No thread is in a version that is retired, or keeps an address of one.
    pub(crate) unsafe fn collect_now(&self, engine: &Engine) {
        let _sorting = self.sort();
        self.settle(engine);
        let functions = self.ledger().functions_with_more(self.keep);
        for function in functions {
            self.retire_older(engine, function);
        }
        for dead in self.retired.take_all() {
            // SAFETY: says our caller.
            unsafe { self.free(engine, dead) };
        }
    }

    /// # Safety
    /// Nobody is in the version, or will be.
    unsafe fn free(&self, engine: &Engine, dead: Dead) {
        let Dead {
            function,
            version,
            unit,
            code,
            bytes,
        } = dead;
        // Its module may have gone, and with it the code.
        let Some(tracker) = engine.modules.take(code) else {
            return;
        };
        let unused = counters::unused();
        // SAFETY: says our caller; workers, who look at counters from outside, are done with them. What can't be freed is lost:
        // nobody uses it.
        let _freed = unsafe { tracker.remove() };
        drop(unused);
        self.ledger().forget(unit);
        // Relaxed: as where they are read.
        let freed = self.counts.versions.fetch_add(1, Ordering::Relaxed);
        self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
        if freed.is_multiple_of(SWEEP) {
            engine.dylib.session().forget_unused_names();
        }
        let Some(version) = version else { return };
        let kind = EventKind::Reclaimed { version, bytes };
        // The function may be gone.
        let _reported = engine.runtime.report(function, kind);
    }
}

/// After how many freed versions names that nobody uses are dropped: a sweep looks at every name of the session.
const SWEEP: u64 = 256;

impl fmt::Debug for Reclaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reclaim")
            .field("memory", &self.memory())
            .finish_non_exhaustive()
    }
}
