//! Time that a thread has a processor, which other processes do not add to.

use std::time::Duration;

/// Runs `work` and returns what the processor did for this thread meanwhile, in the program and in the kernel.
///
/// # Panics
/// If the system does not tell.
pub fn cpu_time<R>(work: impl FnOnce() -> R) -> (Duration, R) {
    let start = thread_time();
    let result = work();
    (thread_time().saturating_sub(start), result)
}

fn thread_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a live `timespec`.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "the thread's clock can be read");
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}
