//! One program, many threads: some call, others change what they call, all the time.
//!
//! `TJIT_STRESS_SECONDS` says how long (5), `TJIT_STRESS_SEED` where the seeds begin (0). With `TJIT_STRESS_TSAN` compiled code is
//! watched by ThreadSanitizer, which this binary must be built with (`cargo xtask tsan`).

mod callers;
mod changers;
mod draw;
mod program;
mod run;

use std::env;
use std::time::{Duration, Instant};

fn number(variable: &str, otherwise: u64) -> u64 {
    let Ok(text) = env::var(variable) else {
        return otherwise;
    };
    text.parse()
        .unwrap_or_else(|_| panic!("{variable} must be a number, not `{text}`"))
}

/// Several programs, one after the other, so that starting and ending are part of it.
#[test]
fn calls_are_right_while_everything_changes() {
    let deadline = Instant::now() + Duration::from_secs(number("TJIT_STRESS_SECONDS", 5));
    let mut seed = number("TJIT_STRESS_SEED", 0);
    while Instant::now() < deadline {
        run::run(seed);
        seed += 1;
    }
}
