//! Runs stubs.

mod support;

mod calls;
mod concurrency;
mod protection;
mod registers;
mod resolution;
mod vectors;

// Starts the test binary again, which an emulator cannot do unless the system knows how to run foreign binaries.
#[cfg(target_arch = "x86_64")]
mod failure;
