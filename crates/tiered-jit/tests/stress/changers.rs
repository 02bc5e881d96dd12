//! Threads that change what others are calling.

use std::num::NonZeroUsize;
use std::time::Duration;

use tiered_jit::{Canary, Compare, EventKind, ModuleSource};

use crate::callers::call;
use crate::draw::Draw;
use crate::program::{FUNCTIONS, visitor};
use crate::run::Stage;

/// Asks for new versions, in several ways, and waits for some of them.
pub(crate) fn request(stage: &Stage, seed: u64) {
    let mut draw = Draw::new(seed);
    while !stage.is_over() {
        let known = &FUNCTIONS[usize::try_from(draw.below(8)).expect("small")];
        let request = stage.jit.reoptimize(known.name).expect("it is there");
        let request = match draw.below(4) {
            0 => request.transform(|_, _| Ok(())),
            1 => request.pipeline("default<O1>"),
            2 => request.transform(|_, _| Err("on purpose".into())),
            _ => request,
        };
        let ticket = request.submit();
        if draw.below(2) == 0 {
            // Some were asked to fail.
            let _version = ticket.wait();
        }
    }
}

/// Tries new versions on some of the calls.
pub(crate) fn try_out(stage: &Stage, seed: u64) {
    let mut draw = Draw::new(seed);
    while !stage.is_over() {
        let known = &FUNCTIONS[usize::try_from(draw.below(8)).expect("small")];
        let canary = Canary::fraction(0.5)
            .samples(1 + draw.below(100))
            .compare(Compare::time(2.0))
            .deadline(Duration::from_millis(100));
        let request = stage.jit.reoptimize(known.name).expect("it is there");
        let ticket = request.canary(canary);
        if draw.below(4) == 0 {
            ticket.cancel();
        }
        // Others may be in the way, or end it.
        let _outcome = ticket.wait();
    }
}

/// Lets versions rely on the value of a variable, and takes them back.
pub(crate) fn freeze(stage: &Stage) {
    while !stage.is_over() {
        // SAFETY: nobody writes the variable.
        unsafe { stage.jit.freeze("knob") }.expect("it can be frozen");
        let ticket = stage
            .jit
            .reoptimize("turned")
            .expect("it is there")
            .submit();
        let _version = ticket.wait();
        stage.jit.thaw("knob").expect("it is there");
    }
}

/// Adds modules, calls them and removes them.
pub(crate) fn visit(stage: &Stage) {
    for number in 0.. {
        if stage.is_over() {
            return;
        }
        let source = ModuleSource::bytes(format!("visitor{number}.ll"), visitor(number));
        // SAFETY: a module of this test.
        let module = unsafe { stage.jit.add_module(source) }.expect("it links");
        let name = format!("visitor{number}");
        for visit in 1..20 {
            assert_eq!(
                call(&stage.jit, &name, 3),
                36 + visit,
                "seed {}",
                stage.seed
            );
        }
        // SAFETY: nobody else knows its functions.
        unsafe { stage.jit.remove_module(&module) }.expect("it goes");
    }
}

/// Reads everything that can be read.
pub(crate) fn inspect(stage: &Stage) {
    let capacity = NonZeroUsize::new(16).expect("not zero");
    while !stage.is_over() {
        let events = stage.jit.subscribe(capacity);
        let mut bytes = 0;
        for _ in 0..50 {
            stage.jit.for_each_function(|function| {
                let versions = function.versions();
                bytes += versions.iter().map(|version| version.size).sum::<usize>();
                assert!(!function.symbol().is_empty());
            });
            for event in events.try_iter() {
                if let EventKind::PromotionFailed { reason, .. } = event.kind {
                    assert!(
                        reason.contains("on purpose"),
                        "seed {}: {reason}",
                        stage.seed
                    );
                }
            }
        }
        assert!(stage.jit.stats().failures() < u64::MAX && bytes < usize::MAX);
    }
}
