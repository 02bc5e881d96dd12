//! What the filetests cannot express: arguments that are wrong, names that are chosen.

use inkwell::context::Context;
use tjit_instrument::{Error, OptNone, Outcome, SkipReason, TRIP_FUNCTION};

use crate::{counter, parse};

const BODY: &str = "define void @f_baseline() { ret void }";

#[test]
fn the_counter_is_named_after_the_stub() {
    let context = Context::create();
    let module = parse(&context, BODY);
    let body = module.get_function("f_baseline").unwrap();
    let outcome = counter(1000).instrument(&module, body, "f").unwrap();
    let name = tjit_mangle::counter_name("f");
    assert_eq!(
        outcome,
        Outcome::Instrumented {
            counter: name.clone()
        }
    );
    assert_eq!(module.get_global(&name).unwrap().get_alignment(), 8);
    assert!(module.get_function(TRIP_FUNCTION).is_some());
    module.verify().unwrap();
}

#[test]
fn counter_and_trip_function_can_be_named() {
    let context = Context::create();
    let module = parse(&context, BODY);
    let mut config = counter(1000);
    "my_runtime_trip".clone_into(&mut config.trip_function);
    let body = module.get_function("f_baseline").unwrap();
    let outcome = config.instrument_as(&module, body, "f", "hits").unwrap();
    assert_eq!(
        outcome,
        Outcome::Instrumented {
            counter: "hits".to_owned()
        }
    );
    assert!(module.get_global("hits").is_some());
    assert!(
        module.get_function("my_runtime_trip").is_some()
            && module.get_function(TRIP_FUNCTION).is_none()
    );
}

#[test]
fn optnone_is_respected_unless_told() {
    let context = Context::create();
    let module = parse(&context, "define void @f() noinline optnone { ret void }");
    let body = module.get_function("f").unwrap();
    let mut config = counter(1000);
    assert_eq!(
        config.instrument(&module, body, "f").unwrap(),
        Outcome::Skipped(SkipReason::OptNone)
    );
    config.optnone = OptNone::Ignore;
    assert!(matches!(
        config.instrument(&module, body, "f").unwrap(),
        Outcome::Instrumented { .. }
    ));
}

#[test]
fn a_second_counter_is_refused() {
    let context = Context::create();
    let module = parse(&context, BODY);
    let body = module.get_function("f_baseline").unwrap();
    let _ = counter(1000).instrument(&module, body, "f").unwrap();
    let before = module.print_to_string();
    let error = counter(1000).instrument(&module, body, "f").unwrap_err();
    assert!(matches!(error, Error::CounterTaken { .. }), "{error}");
    assert_eq!(module.print_to_string(), before);
}

#[test]
fn a_function_of_another_module_is_refused() {
    let context = Context::create();
    let (module, other) = (parse(&context, BODY), parse(&context, BODY));
    let body = other.get_function("f_baseline").unwrap();
    let error = counter(1000).instrument(&module, body, "f").unwrap_err();
    assert_eq!(
        error.to_string(),
        "instrumenting `f_baseline`: no such function in this module"
    );
}

#[test]
fn names_that_llvm_would_cut_are_refused() {
    let context = Context::create();
    let module = parse(&context, BODY);
    let body = module.get_function("f_baseline").unwrap();
    let error = counter(1000).instrument(&module, body, "f\0g").unwrap_err();
    assert_eq!(
        error.to_string(),
        r"instrumenting `f_baseline`: NUL byte in the name `f\0g`"
    );
}

#[test]
fn names_may_have_any_other_character() {
    let context = Context::create();
    let module = parse(&context, "define void @\"\\01odd name é\"() { ret void }");
    let body = module.get_first_function().unwrap();
    let _ = counter(u64::MAX)
        .instrument(&module, body, "\u{1}odd name é")
        .unwrap();
    module.verify().unwrap();
}
