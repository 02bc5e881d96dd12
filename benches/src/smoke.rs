//! Whether benchmarks are only to show that they still work.

/// Whether this process was started with criterion's `--test`: everything runs once, and what takes long may do less of it.
#[must_use]
pub fn is_smoke() -> bool {
    std::env::args().any(|argument| argument == "--test")
}
