//! The first call of a function.

use crate::support::{BASELINE, OPTIMIZED, code, install, lazy, runtime, state};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tjit_runtime::{
    Baseline, BaselineTicket, Error, FunctionId, FunctionState, Published, TripOutcome,
};

#[test]
fn one_caller_compiles_and_later_ones_find_it() {
    let (runtime, _) = runtime(1);
    let id = lazy(&runtime, "f");
    let record = runtime.table().get(id).unwrap();
    assert_eq!(
        (record.state(), record.code(), record.tier()),
        (FunctionState::Lazy, None, None)
    );
    let Ok(BaselineTicket::Mine(guard)) = runtime.begin_baseline(id) else {
        panic!("nobody else compiles")
    };
    assert_eq!(record.state(), FunctionState::CompilingBaseline);
    assert!(matches!(
        runtime.begin_baseline(id),
        Ok(BaselineTicket::Wait(_))
    ));
    assert_eq!(
        guard.publish(code("f_baseline", BASELINE), install),
        Ok(Published::Installed)
    );
    assert!(matches!(
        runtime.begin_baseline(id),
        Ok(BaselineTicket::Done(BASELINE))
    ));
    assert_eq!(record.state(), FunctionState::Baseline);
}

#[test]
fn a_failure_is_final_for_callers_but_not_for_requests() {
    let (runtime, _) = runtime(1);
    let id = lazy(&runtime, "f");
    let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
        panic!("nobody else compiles")
    };
    guard.fail("undefined symbol `g`");
    let error = runtime.baseline(id).unwrap_err();
    assert_eq!(
        error.to_string(),
        "calling `f`: compiling its baseline failed: undefined symbol `g`"
    );
    assert_eq!(
        runtime.trip(id),
        TripOutcome::Settled(FunctionState::Failed)
    );

    runtime.request(id, 1).unwrap();
    let job = runtime.worker().unwrap().next_job().unwrap();
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
    assert!(matches!(
        runtime.baseline(id),
        Ok(Baseline::Ready(OPTIMIZED))
    ));
}

#[test]
fn a_panic_and_a_failing_install_fail_the_function() {
    let (runtime, _) = runtime(1);
    let panicked = lazy(&runtime, "panicked");
    let compile = || {
        let Ok(Baseline::Mine(_guard)) = runtime.baseline(panicked) else {
            return;
        };
        std::panic::resume_unwind(Box::new("compiler bug"));
    };
    assert!(catch_unwind(AssertUnwindSafe(compile)).is_err());
    let reason = |id: FunctionId| match runtime.baseline(id) {
        Err(Error::BaselineFailed { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(&*reason(panicked), "the compilation was abandoned");

    let refused = lazy(&runtime, "refused");
    let Ok(Baseline::Mine(guard)) = runtime.baseline(refused) else {
        panic!("nobody else compiles")
    };
    assert_eq!(
        guard.publish(code("refused_baseline", BASELINE), |_| Err("no such stub")),
        Err("no such stub")
    );
    assert_eq!(&*reason(refused), "no such stub");
    let record = runtime.table().get(refused).unwrap();
    assert!(record.versions().is_empty() && record.code().is_none());
}

#[test]
fn a_panic_in_install_leaves_the_record_usable() {
    let (runtime, _) = runtime(1);
    let id = lazy(&runtime, "f");
    let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
        panic!("nobody else compiles")
    };
    let publish = || {
        guard.publish(code("f_baseline", BASELINE), |_| -> Result<(), String> {
            std::panic::resume_unwind(Box::new("bug in the embedder"))
        })
    };
    assert!(catch_unwind(AssertUnwindSafe(publish)).is_err());
    assert_eq!(state(&runtime, id), FunctionState::Failed);
    assert!(runtime.table().get(id).unwrap().failure().is_some());
}

#[test]
fn unknown_functions_are_errors() {
    let (runtime, _) = runtime(1);
    let nobody = FunctionId::new(9);
    assert_eq!(
        runtime.baseline(nobody).unwrap_err(),
        Error::UnknownFunction(nobody)
    );
    assert_eq!(
        runtime.request(nobody, 1).unwrap_err().to_string(),
        "looking up function #9: not registered"
    );
    assert_eq!(runtime.trip(nobody), TripOutcome::Unknown);
}
