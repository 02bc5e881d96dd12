//! Threads that get versions which are tried.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::fork;

/// How many threads a set can hold: every call goes through those that are in it.
const CAPACITY: usize = 64;

/// What no thread pointer is: the end of the table.
pub(super) const END: usize = usize::MAX;
/// A place that somebody left.
const FREE: usize = 0;

/// A set of threads whose calls get versions that are tried ([`Canary::threads`](crate::Canary::threads)), at most 64 at a time.
///
/// Threads enter it themselves, for as long as they like, such as while they serve the requests of chosen users. Clones are
/// handles on the same set, and one set may serve for many functions.
#[derive(Clone)]
pub struct CanaryThreads(Arc<Table>);

/// The thread pointers of those that are in, with gaps, up to the first `END`. Splitters read it.
pub(super) struct Table {
    places: [AtomicUsize; CAPACITY + 1],
    /// Held by who enters or leaves, behind the gate of `fork`.
    changing: Mutex<()>,
}

/// The calling thread is in the set until this is dropped.
///
/// Forgotten, it leaves its place behind, and a later thread that gets the same thread pointer counts as in the set.
#[derive(Debug)]
#[must_use = "the thread leaves the set when this is dropped"]
pub struct CanaryGuard {
    threads: CanaryThreads,
    place: usize,
    /// It is the thread that made it that has to leave.
    not_send: PhantomData<*const ()>,
}

/// The set is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "entering a set of canary threads: {CAPACITY} are in it; let one leave first, or use another set"
)]
pub struct TooManyThreads;

impl Default for CanaryThreads {
    fn default() -> Self {
        Self::new()
    }
}

impl CanaryThreads {
    /// A set without threads.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Table {
            places: [const { AtomicUsize::new(END) }; CAPACITY + 1],
            changing: Mutex::new(()),
        }))
    }

    /// The calling thread enters the set. Calls that it begins from now on get what is tried. It may enter several times.
    ///
    /// # Errors
    /// [`TooManyThreads`].
    pub fn here(&self) -> Result<CanaryGuard, TooManyThreads> {
        let table = &self.0;
        let _brief = fork::enter_briefly();
        let _changing = table.lock();
        let mut places = table.places[..CAPACITY].iter();
        let is_free = |place: &AtomicUsize| matches!(place.load(Ordering::Relaxed), FREE | END);
        let place = places.position(is_free).ok_or(TooManyThreads)?;
        // Relaxed: it matters to this thread only.
        table.places[place].store(thread_pointer(), Ordering::Relaxed);
        Ok(CanaryGuard {
            threads: self.clone(),
            place,
            not_send: PhantomData,
        })
    }

    pub(super) fn table(&self) -> Arc<Table> {
        self.0.clone()
    }
}

impl Table {
    fn lock(&self) -> std::sync::MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the splitter finds it.
    pub(super) fn address(&self) -> usize {
        self.places.as_ptr().addr()
    }
}

impl Drop for CanaryGuard {
    fn drop(&mut self) {
        let _brief = fork::enter_briefly();
        let _changing = self.threads.0.lock();
        // Relaxed: it matters to this thread only. Not `END`, as others may stand behind it.
        self.threads.0.places[self.place].store(FREE, Ordering::Relaxed);
    }
}

impl fmt::Debug for CanaryThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.0.places.iter();
        let inside = places.filter(|place| !matches!(place.load(Ordering::Relaxed), FREE | END));
        write!(f, "CanaryThreads({} inside)", inside.count())
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Table")
    }
}

/// What tells a thread from the others that there are: System V psABI for AMD64, "Thread-Local Storage": the word at `%fs:0` is
/// its own address.
#[cfg(target_arch = "x86_64")]
fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: reads a word that every thread has.
    unsafe {
        std::arch::asm!("mov {}, fs:[0]", out(reg) pointer, options(nostack, preserves_flags, readonly));
    }
    pointer
}

/// There is no splitter here that would compare it.
#[cfg(not(target_arch = "x86_64"))]
fn thread_pointer() -> usize {
    FREE
}
