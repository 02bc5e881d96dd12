//! The end of the process: who compiles rests before LLVM's variables are destroyed.
//!
//! `exit` runs handlers last registered first. Ours is registered when LLVM is there and the first JIT is made: after the handlers
//! of every program, which may have functions compiled, and before the destructors that LLVM registered while it was loaded. From
//! then on only the thread that ends the process has something compiled; the others are about to be gone.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::fork;

/// The thread that ends the process, or [`NOBODY`].
static ENDING: AtomicUsize = AtomicUsize::new(NOBODY);

/// No thread has this identity: it is an address.
const NOBODY: usize = 0;

/// What is under way is waited for this long: a transformation may hang, and the process must end all the same. HotSpot waits as
/// long for its compilers (`VM_Exit::wait_for_threads_in_native_to_block`).
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks whether they are done.
const PAUSE: Duration = Duration::from_millis(1);

/// A thread, also one whose locals have been destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Thread(usize);

impl Thread {
    /// This one.
    pub(crate) fn current() -> Self {
        // SAFETY: has no preconditions.
        let identity = unsafe { libc::pthread_self() };
        Self(identity as usize)
    }

    /// Whether it may have something compiled.
    pub(crate) fn may_compile(self) -> bool {
        // Acquire: pairs with `rest`, whose thread waits for those that have seen nothing yet.
        [NOBODY, self.0].contains(&ENDING.load(Ordering::Acquire))
    }
}

/// Whether nothing is promoted any more, since the process is about to be gone.
pub(crate) fn has_begun() -> bool {
    ENDING.load(Ordering::Acquire) != NOBODY
}

/// Registers the handler, once, unless LLVM outlives the process.
pub(crate) fn register() {
    static REGISTERED: Once = Once::new();
    if !tjit_orc::is_llvm_destroyed() {
        return;
    }
    REGISTERED.call_once(|| {
        // SAFETY: a function without preconditions. Failure is want of memory, after which the end is merely less orderly.
        let _failed = unsafe { libc::atexit(rest) };
    });
}

/// Ends promotion and waits for what is being compiled.
#[expect(
    clippy::disallowed_methods,
    reason = "locks can't be waited for with a limit, and without one a transformation that hangs would keep the process"
)]
extern "C" fn rest() {
    fork::quieten();
    // Release: whoever sees it leaves the gate at once.
    ENDING.store(Thread::current().0, Ordering::Release);
    let deadline = Instant::now() + PATIENCE;
    while !fork::is_quiet() && Instant::now() < deadline {
        std::thread::sleep(PAUSE);
    }
}

/// Waits for the end of the process.
pub(crate) fn wait() -> ! {
    loop {
        // SAFETY: has no preconditions.
        unsafe { libc::pause() };
    }
}
