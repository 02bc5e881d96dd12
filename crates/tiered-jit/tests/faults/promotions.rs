//! Faults in background jobs, which the program must not feel.

use std::num::NonZeroUsize;

use tiered_jit::{Ticket, TieredJit};
use tjit_failpoint::{Phase, Plan, Point};

use crate::generated::{self, FUNCTIONS, call, tiered};
use crate::outcomes::{check, settle};
use crate::seeds::{Draw, seeds};

const ROUNDS: i64 = 24;
/// Rounds after the faults have ended.
const AFTERWARDS: i64 = 8;

pub(crate) fn fail_anywhere() {
    for seed in seeds(1) {
        let per_mille = [30, 120, 400, 1000][usize::try_from(seed % 4).expect("small")];
        run(seed, Plan::new(seed).fail_anywhere(per_mille));
    }
}

pub(crate) fn fail_at_each_point() {
    for point in Point::ALL {
        let failed = run(1, Plan::new(1).fail(point, 1000));
        assert!(failed > 0, "{point} is never hit");
    }
}

/// Runs a program while jobs fail, and then some more while they don't. Returns how many failed.
fn run(seed: u64, plan: Plan) -> usize {
    let program = generated::program(seed % 16);
    let expected = generated::expected(&program, ROUNDS + AFTERWARDS);
    let mut draw = Draw::new(!seed);
    let jit = generated::jit(
        tiered(1 + seed % 5).foreground(seed.is_multiple_of(3)),
        &program,
    );
    let events = jit.subscribe(NonZeroUsize::new(1 << 16).expect("not zero"));

    let armed = plan.only(Phase::Promotion).arm();
    // One with a transformation in any case: whether others come is up to the draw.
    let mut tickets = vec![request(&jit, 0, 1)];
    for (round, &expected) in (0..ROUNDS).zip(&expected) {
        if draw.below(3) == 0 {
            tickets.push(request(&jit, draw.below(FUNCTIONS), draw.below(3)));
        }
        assert_eq!(call(&jit, round), expected, "seed {seed}, round {round}");
    }
    let refused = tickets.into_iter().filter_map(|ticket| ticket.wait().err());
    for error in refused {
        let message = error.to_string();
        assert!(
            message.contains("injected fault at "),
            "seed {seed}: {message}"
        );
    }
    settle(&jit);
    let failed = check(&events);
    let injected: u64 = Point::ALL.map(|point| armed.injected(point)).iter().sum();
    assert!(
        injected >= failed as u64,
        "seed {seed}: {failed} failures of {injected} faults"
    );
    drop(armed);

    for index in 0..FUNCTIONS {
        let version = request(&jit, index, 0).wait();
        version.unwrap_or_else(|error| panic!("seed {seed}: a fault was left behind: {error}"));
    }
    for (round, &expected) in (0..)
        .zip(&expected)
        .skip(usize::try_from(ROUNDS).expect("small"))
    {
        assert_eq!(call(&jit, round), expected, "seed {seed}, round {round}");
    }
    failed
}

/// Asks for a function: as it is, with a transformation that changes nothing, or with a pipeline.
fn request(jit: &TieredJit, index: usize, kind: usize) -> Ticket {
    let request = jit.reoptimize(&format!("f{index}")).expect("it is there");
    match kind {
        0 => request.submit(),
        1 => request.transform(|_, _| Ok(())).submit(),
        _ => request.pipeline("default<O1>").submit(),
    }
}
