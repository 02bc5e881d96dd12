//! Threads that call the program and know what it returns.

use std::sync::atomic::{AtomicU64, Ordering};

use tiered_jit::TieredJit;

use crate::draw::Draw;
use crate::program::FUNCTIONS;
use crate::run::Stage;

pub(crate) type Unary = unsafe extern "C" fn(i64) -> i64;

pub(crate) fn call(jit: &TieredJit, name: &str, argument: i64) -> i64 {
    let function = jit.function::<Unary>(name).expect("it is there");
    let _inside = jit.enter();
    // SAFETY: all functions of the program are of that type.
    unsafe { function.call(argument) }
}

/// Calls functions through handles that it took once, until the stage is over. Adds its calls of `count` to `counted`.
pub(crate) fn call_all(stage: &Stage, seed: u64, counted: &AtomicU64) {
    let mut draw = Draw::new(seed);
    let handles = FUNCTIONS.map(|known| {
        let handle = stage.jit.function::<Unary>(known.name);
        (known, handle.expect("it is there"))
    });
    let mut counts = 0;
    while !stage.is_over() {
        // As short as a call, or long enough for versions to come and go.
        let _inside = stage.jit.enter();
        for _ in 0..draw.below(64) {
            let (known, handle) = &handles[usize::try_from(draw.below(8)).expect("small")];
            let argument = i64::try_from(draw.below(200)).expect("small");
            // SAFETY: all functions of the program are of that type.
            let result = unsafe { handle.call(argument) };
            let expected = (known.model)(argument);
            assert_eq!(
                result, expected,
                "{}({argument}), seed {}",
                known.name, stage.seed
            );
            counts += u64::from(known.name == "count");
        }
    }
    // Relaxed: read after the thread was joined.
    counted.fetch_add(counts, Ordering::Relaxed);
}
