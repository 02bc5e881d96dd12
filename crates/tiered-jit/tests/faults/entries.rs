//! Faults where the program can't go on without what failed: typed errors of whoever entered it.

use tiered_jit::{Error, ModuleSource, TieredJit, Tiering};
use tjit_failpoint::{Phase, Plan, Point};

use crate::generated::{self, enter, tiered};

/// What a first call goes through. It parses nothing, transforms nothing, and leaves verification to the pipeline.
const OF_BASELINES: [Point; 8] = [
    Point::Slice,
    Point::Optimize,
    Point::Emit,
    Point::Link,
    Point::Allocate,
    Point::Protect,
    Point::Register,
    Point::Publish,
];

fn quiet() -> TieredJit {
    generated::jit(tiered(u64::MAX), &generated::program(1))
}

/// A first call that fails is an error of the entry, each time and without another attempt; the rest of the process is not
/// disturbed.
pub(crate) fn are_told() {
    for point in OF_BASELINES {
        let jit = quiet();
        let armed = Plan::new(1).fail(point, 1000).only(Phase::Baseline).arm();
        let error = enter(&jit, 1).expect_err("nothing can be compiled");
        let expected = format!("injected fault at {point}");
        assert!(error.to_string().contains(&expected), "{point}: {error}");
        let hits = armed.hits(point);
        let again = enter(&jit, 1).expect_err("it failed before");
        assert!(again.to_string().contains(&expected), "{point}: {again}");
        assert_eq!(armed.hits(point), hits, "{point} was tried again");
    }
    let jit = quiet();
    assert_eq!(
        enter(&jit, 0).ok(),
        generated::expected(&generated::program(1), 1).pop()
    );
}

/// Functions that were compiled together are compiled one by one when that failed, and the program goes on.
pub(crate) fn are_tried_alone() {
    let expected = generated::expected(&generated::program(1), 1).pop();
    for point in OF_BASELINES {
        if point == Point::Publish {
            // By then the group is compiled, and the one that was not published is the one that failed.
            continue;
        }
        let jit = quiet();
        let armed = Plan::new(1)
            .fail(point, 1000)
            .at_most(1)
            .only(Phase::Baseline)
            .arm();
        let result = enter(&jit, 0);
        assert_eq!(armed.injected(point), 1, "{point}");
        match result {
            Ok(value) => assert_eq!(Some(value), expected, "{point}"),
            Err(error) => panic!("{point}: {error}"),
        }
    }
}

/// What can't be loaded is an error, and can be loaded once the fault is over.
pub(crate) fn leave_nothing() {
    let program = generated::program(2);
    let expected = generated::expected(&program, 1).pop();
    for point in Point::ALL {
        let builder = TieredJit::builder().tiering(Tiering::Auto);
        let jit = builder.build().expect("the JIT starts");
        let armed = Plan::new(3)
            .fail(point, 1000)
            .at_most(1)
            .only(Phase::Load)
            .arm();
        if let Err(error) = add(&jit, &program) {
            let message = error.to_string();
            assert!(message.contains("injected fault at "), "{point}: {message}");
            add(&jit, &program).unwrap_or_else(|error| panic!("{point}: left behind: {error}"));
        } else {
            assert_eq!(
                armed.injected(point),
                0,
                "{point} was kept from the embedder"
            );
        }
        assert_eq!(enter(&jit, 0).ok(), expected, "{point}");
    }
}

fn add(jit: &TieredJit, program: &str) -> Result<(), Error> {
    // SAFETY: a program of this test.
    unsafe { jit.add_module(ModuleSource::bytes("generated.ll", program)) }.map(drop)
}
