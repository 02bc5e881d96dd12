//! Model-checked: every interleaving (up to a bound on preemptions) of the few threads that matter.
//!
//! Run with `RUSTFLAGS="--cfg tjit_loom" cargo test -p tjit-runtime --test loom --release`.
#![cfg(tjit_loom)]

mod eviction;
mod first_calls;
mod hold_off;
mod invalidation;
mod promotion;
mod requests;
mod retire;
mod shutdown;
mod support;
mod versions;

use std::panic::{AssertUnwindSafe, catch_unwind};
use support::{check, with_baselines};

/// Sanity of the set-up: loom finds a deadlock when a worker waits for work that never comes.
#[test]
fn loom_reports_a_missing_wake_up() {
    let hang = || {
        let (runtime, _) = with_baselines(1, 1);
        runtime.worker().unwrap().next_job();
    };
    assert!(catch_unwind(AssertUnwindSafe(|| check(hang))).is_err());
}
