//! One program from its start to its end.

use std::env;
use std::num::{NonZeroU64, NonZeroUsize};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tiered_jit::{ModuleSource, TieredJit};

use crate::callers::{call, call_all};
use crate::changers;
use crate::draw::Draw;
use crate::program::PROGRAM;

/// How long a program runs: long enough for a few hundred versions.
const ACT: Duration = Duration::from_millis(1500);
const CALLERS: u64 = 4;
/// Bytes for a few versions, so that others make room for each.
const SMALL_BUDGET: u64 = 1 << 15;

/// What the threads share.
pub(crate) struct Stage {
    pub(crate) jit: TieredJit,
    pub(crate) seed: u64,
    deadline: Instant,
    stopped: AtomicBool,
}

impl Stage {
    fn new(seed: u64) -> Self {
        Self {
            jit: jit(seed),
            seed,
            deadline: Instant::now() + ACT,
            stopped: AtomicBool::new(false),
        }
    }

    /// Whether everybody is to stop: time is up, or one of them has failed.
    pub(crate) fn is_over(&self) -> bool {
        // Relaxed: it orders nothing.
        self.stopped.load(Ordering::Relaxed) || Instant::now() >= self.deadline
    }

    /// Runs one thread's part; when it fails, the others end too.
    fn play(&self, part: impl FnOnce(&Self)) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| part(self))) {
            self.stopped.store(true, Ordering::Relaxed);
            resume_unwind(panic);
        }
    }
}

fn jit(seed: u64) -> TieredJit {
    let mut draw = Draw::new(seed);
    let threshold = 1 + draw.below(100);
    let workers = 1 + draw.below(3);
    let mut builder = TieredJit::builder()
        .threshold(NonZeroU64::new(threshold).expect("not zero"))
        .workers(NonZeroUsize::new(usize::try_from(workers).expect("small")).expect("not zero"))
        .foreground(draw.below(4) == 0)
        .thread_sanitizer(env::var_os("TJIT_STRESS_TSAN").is_some());
    if seed % 2 == 1 {
        // SAFETY: all calls are made inside of `TieredJit::enter`.
        builder = unsafe { builder.reclaim() };
    }
    if seed % 4 == 3 {
        builder = builder.code_budget(SMALL_BUDGET);
    }
    let jit = builder.build().expect("the JIT starts");
    // SAFETY: the program of this test.
    unsafe { jit.add_module(ModuleSource::bytes("program.ll", PROGRAM)) }.expect("it links");
    jit
}

pub(crate) fn run(seed: u64) {
    let stage = Stage::new(seed);
    let counted = AtomicU64::new(0);
    thread::scope(|scope| {
        let stage = &stage;
        for caller in 0..CALLERS {
            let counted = &counted;
            scope
                .spawn(move || stage.play(|stage| call_all(stage, seed ^ (caller << 32), counted)));
        }
        scope.spawn(move || stage.play(|stage| changers::request(stage, !seed)));
        scope.spawn(move || stage.play(|stage| changers::try_out(stage, seed)));
        scope.spawn(move || stage.play(changers::freeze));
        scope.spawn(move || stage.play(changers::visit));
        scope.spawn(move || stage.play(changers::inspect));
    });
    let expected = i64::try_from(counted.into_inner()).expect("not that many");
    assert_eq!(call(&stage.jit, "counted", 0), expected, "seed {seed}");
}
