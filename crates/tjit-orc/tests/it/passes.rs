//! Pipelines that are told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tjit_orc::{ErrorKind, Stop};

use crate::support::{machine, parse};

const FUNCTION: &str = "define i32 @f(i32 %x) { %a = add i32 %x, 0\n ret i32 %a }";

#[test]
fn passes_are_skipped_once_nobody_wants_them() {
    let module = parse(FUNCTION);
    module.with_module(|module| {
        let before = module.print_to_string();
        let stop = Stop::new(|| true);
        let error = machine()
            .run_passes_unless(module, "default<O3>", &stop)
            .expect_err("it is stopped");
        assert_eq!(error.kind(), ErrorKind::Stopped);
        // The pipeline may set attributes on its way, but simplifies nothing.
        let after = module.print_to_string();
        assert!(after.to_string().contains("add i32"), "{before} {after}");
    });
}

#[test]
fn the_question_is_asked_before_each_pass() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let stop = Stop::new(move || counter.fetch_add(1, Ordering::Relaxed) >= 3);
    let module = parse(FUNCTION);
    let result =
        module.with_module(|module| machine().run_passes_unless(module, "default<O2>", &stop));
    assert_eq!(
        result.expect_err("it is stopped").kind(),
        ErrorKind::Stopped
    );
    assert!(asked.load(Ordering::Relaxed) > 10);
}

#[test]
fn a_question_that_panics_stops_the_passes() {
    let stop = Stop::new(|| panic!("out of cheese"));
    let module = parse(FUNCTION);
    let result =
        module.with_module(|module| machine().run_passes_unless(module, "instcombine", &stop));
    assert_eq!(
        result.expect_err("it is stopped").kind(),
        ErrorKind::Stopped
    );
}

#[test]
fn who_is_not_told_to_stop_goes_on() {
    let module = parse(FUNCTION);
    module.with_module(|module| {
        let stop = Stop::default();
        machine()
            .run_passes_unless(module, "default<O1>", &stop)
            .expect("nobody stops it");
        assert!(!module.print_to_string().to_string().contains("add i32"));
    });
}
