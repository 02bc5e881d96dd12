//! `fork`: waits for compilations to end, so that the child finds nothing half done, and gives the child compile threads of its
//! own.
//!
//! A child has a copy of the JIT but only the thread that forked. A lock that another thread held would stay held in it, so what
//! compiles does so behind a gate which is closed while the process is copied.

use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::sync::{
    Mutex, MutexGuard, Once, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError,
    Weak,
};

use crate::ending::{self, Thread};

/// Who compiles or links reads; who forks or unloads writes.
static GATE: RwLock<()> = RwLock::new(());

/// Who takes a lock of a JIT for a moment reads; who forks writes. Order: the gate, then this.
static BRIEFS: RwLock<()> = RwLock::new(());

/// What has threads to be started again in a child. Order: this lock, then the gate.
static JITS: Mutex<Vec<Weak<dyn Restart>>> = Mutex::new(Vec::new());

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static BRIEF: Cell<bool> = const { Cell::new(false) };
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

/// Something whose threads a child does not have.
pub(crate) trait Restart: Send + Sync {
    /// Called on the only thread of a child, with all signals blocked.
    fn restart(&self);

    /// Ends promotion.
    fn quieten(&self);
}

/// What the thread that forks holds from before to after.
struct Held {
    jits: MutexGuard<'static, Vec<Weak<dyn Restart>>>,
    gate: RwLockWriteGuard<'static, ()>,
    briefs: RwLockWriteGuard<'static, ()>,
    // Dropped last.
    signals: Signals,
}

/// The signals that the thread had blocked; dropped, it has those blocked again.
struct Signals(libc::sigset_t);

/// The right to compile; nobody forks while it exists, except the thread that has it.
pub(crate) struct Inside(Option<RwLockReadGuard<'static, ()>>);

/// Waits until nobody is forking. A thread that is inside may enter again: transformations may use the JIT. At the end of the
/// process it does not return, unless it is called by the thread that ends it.
pub(crate) fn enter() -> Inside {
    enter_for(Thread::current()).unwrap_or_else(|| ending::wait())
}

/// As [`enter`], to compile for a thread; none if that one has nothing compiled any more.
pub(crate) fn enter_for(thread: Thread) -> Option<Inside> {
    if INSIDE.get() {
        return Some(Inside(None));
    }
    let gate = GATE.read().unwrap_or_else(PoisonError::into_inner);
    // Behind the gate: whoever ends the process first says so and then waits for the gate.
    if !thread.may_compile() {
        return None;
    }
    INSIDE.set(true);
    Some(Inside(Some(gate)))
}

/// Ends promotion in all JITs.
pub(crate) fn quieten() {
    let jits: Vec<_> = {
        let jits = JITS.lock().unwrap_or_else(PoisonError::into_inner);
        jits.iter().filter_map(Weak::upgrade).collect()
    };
    jits.iter().for_each(|jit| jit.quieten());
    // A handle that was on its way out on another thread must not end the JIT here.
    std::mem::forget(jits);
}

/// Whether nobody but this thread compiles or links.
pub(crate) fn is_quiet() -> bool {
    INSIDE.get() || !matches!(GATE.try_write(), Err(TryLockError::WouldBlock))
}

/// The right to take a lock of a JIT for a moment; nobody forks while it exists. No signal handler runs on its thread.
pub(crate) struct Brief {
    // Dropped first of the two.
    gate: Option<RwLockReadGuard<'static, ()>>,
    _signals: Signals,
}

/// As [`enter`], for look-ups: it does not wait for a fork that waits for compilers. Whoever has it must not [`enter`] then, nor wait
/// for anything but locks.
pub(crate) fn enter_briefly() -> Brief {
    // Handlers come here as well, and must not find the gate half entered.
    let signals = Signals(block_signals());
    let is_open = !INSIDE.get() && !BRIEF.get();
    let gate = is_open.then(|| BRIEFS.read().unwrap_or_else(PoisonError::into_inner));
    if gate.is_some() {
        BRIEF.set(true);
    }
    Brief {
        gate,
        _signals: signals,
    }
}

impl Drop for Brief {
    fn drop(&mut self) {
        if self.gate.is_some() {
            BRIEF.set(false);
        }
    }
}

/// Whether this thread is compiling or linking.
pub(crate) fn is_inside() -> bool {
    INSIDE.get()
}

impl Drop for Inside {
    fn drop(&mut self) {
        if self.0.is_some() {
            INSIDE.set(false);
        }
    }
}

/// The right to take away what compilers and linkers use: nobody else compiles, links or forks while it exists.
pub(crate) struct Alone {
    // Dropped first of the two.
    _gate: RwLockWriteGuard<'static, ()>,
    _signals: Signals,
}

/// Waits until nobody compiles, links or forks. `None` for a thread that is inside, which would wait for itself.
///
/// Signals are blocked meanwhile: a handler that called a function for the first time would wait for ever.
pub(crate) fn alone() -> Option<Alone> {
    if INSIDE.get() {
        return None;
    }
    let signals = Signals(block_signals());
    let gate = GATE.write().unwrap_or_else(PoisonError::into_inner);
    INSIDE.set(true);
    Some(Alone {
        _gate: gate,
        _signals: signals,
    })
}

impl Drop for Alone {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

/// Has the threads of `jit` started again in every child from now on.
pub(crate) fn register(jit: Weak<dyn Restart>) {
    static HANDLERS: Once = Once::new();
    HANDLERS.call_once(|| {
        // SAFETY: the handlers have no preconditions and live as long as this code. Failure is want of memory, after which
        // children are merely unable to compile.
        let _failed =
            unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
    });
    let mut jits = JITS.lock().unwrap_or_else(PoisonError::into_inner);
    jits.retain(|jit| jit.strong_count() > 0);
    jits.push(jit);
}

/// Runs after the handlers that the program registered, which may call functions for the first time.
unsafe extern "C" fn prepare() {
    // A transformation that forks would wait for itself; its child can't compile.
    if INSIDE.get() {
        return;
    }
    let signals = Signals(block_signals());
    let jits = JITS.lock().unwrap_or_else(PoisonError::into_inner);
    let gate = GATE.write().unwrap_or_else(PoisonError::into_inner);
    let briefs = BRIEFS.write().unwrap_or_else(PoisonError::into_inner);
    let held = Held {
        jits,
        gate,
        briefs,
        signals,
    };
    // A thread that forks while its locals are destroyed has nowhere to keep it: the gate opens again at once.
    let _kept = HELD.try_with(|place| place.replace(Some(held)));
}

unsafe extern "C" fn in_parent() {
    drop(HELD.try_with(RefCell::take));
}

/// Runs before the handlers that the program registered.
unsafe extern "C" fn in_child() {
    let Ok(Some(held)) = HELD.try_with(RefCell::take) else {
        return;
    };
    drop(held.briefs);
    drop(held.gate);
    let jits: Vec<_> = held.jits.iter().filter_map(Weak::upgrade).collect();
    drop(held.jits);
    jits.iter().for_each(|jit| jit.restart());
    // A handle that was on its way out on another thread must not end the JIT here.
    std::mem::forget(jits);
    drop(held.signals);
}

/// Keeps signals from this thread and those it starts, which are for the program. A handler that ran while the gate is closed
/// and called a function for the first time would wait for ever.
fn block_signals() -> libc::sigset_t {
    let mut old = MaybeUninit::<libc::sigset_t>::zeroed();
    let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: both sets are valid for writes, the calls initialise them, and zeros are valid too.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), old.as_mut_ptr());
        old.assume_init()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // SAFETY: the set is one that the system wrote; null means that nothing is to be written.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut())
        };
    }
}
