//! The target of a first call finds every register as the caller left it, whatever the calling convention.

use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

/// Held while a test uses the statics that its assembly reads and writes.
fn exclusive() -> MutexGuard<'static, ()> {
    static EXCLUSIVE: Mutex<()> = Mutex::new(());
    EXCLUSIVE.lock().unwrap_or_else(PoisonError::into_inner)
}
