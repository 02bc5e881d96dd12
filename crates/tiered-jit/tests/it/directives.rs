//! What functions say of themselves, and that `never` holds whoever asks.

use std::num::{NonZeroU64, NonZeroUsize};

use tiered_jit::{
    Canary, Cause, DeclineReason, Directive, Error, EventKind, ModuleSource, Trigger,
};

use crate::support::{load, with_threshold};
use crate::tiers::{STEPS, tiers_of};

fn never() -> Directive {
    Directive {
        never: true,
        ..Directive::default()
    }
}

#[test]
fn never_is_declined_however_one_asks() {
    let builder = with_threshold(3).directive("st?p", never());
    let jit = load(builder, STEPS);
    let events = jit.subscribe(NonZeroUsize::new(64).unwrap());
    let is_declined =
        |error: &Error| matches!(error, Error::Directive(name) if name == "step" || name == "sum");
    let error = jit.reoptimize("step").unwrap_err();
    assert!(is_declined(&error), "{error}");
    let error = jit.reoptimize_all("step").unwrap_err();
    assert!(matches!(error, Error::NoMatch(_)), "{error}");
    // Said when the requests were begun already.
    let early = jit.reoptimize("sum").unwrap();
    let canary = jit.reoptimize("sum").unwrap();
    let (trigger, fire) = Trigger::manual();
    let waiting = jit.reoptimize("sum").unwrap();
    let waiting = jit.reoptimize_when(trigger, waiting).unwrap();
    let pattern = jit.reoptimize_all("su*").unwrap();
    jit.set_directive("sum", never()).unwrap();
    fire.fire();
    let error = early.wait().unwrap_err();
    assert!(is_declined(&error), "{error}");
    let error = waiting.wait().unwrap_err();
    assert!(is_declined(&error), "{error}");
    let answers = pattern.submit().wait();
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().is_err_and(is_declined))
    );
    let error = canary.canary(Canary::fraction(0.5)).wait().unwrap_err();
    assert!(is_declined(&error), "{error}");
    let declined = events.try_iter().filter(|event| {
        matches!(
            &event.kind,
            EventKind::Declined {
                reason: DeclineReason::Directive,
                ..
            }
        )
    });
    assert_eq!(declined.count(), 4);
    assert_eq!(tiers_of(&jit, "sum"), []);
}

/// Annotated as by clang, and by a front end that has attributes only.
const ANNOTATED: &str = r#"
    @eager = private constant [11 x i8] c"tjit:eager\00", section "llvm.metadata"
    @bad = private constant [28 x i8] c"tjit:calls=soon;hurry;never\00", section "llvm.metadata"
    @other = private constant [4 x i8] c"old\00", section "llvm.metadata"
    @file = private constant [2 x i8] c"f\00", section "llvm.metadata"
    @llvm.global.annotations = appending global [3 x { ptr, ptr, ptr, i32, ptr }] [
        { ptr, ptr, ptr, i32, ptr } { ptr @sum, ptr @eager, ptr @file, i32 1, ptr null },
        { ptr, ptr, ptr, i32, ptr } { ptr @sum, ptr @other, ptr @file, i32 1, ptr null },
        { ptr, ptr, ptr, i32, ptr } { ptr @step, ptr @bad, ptr @file, i32 2, ptr null }
    ], section "llvm.metadata"
    define internal i64 @step(i64 %x) {
        %r = add i64 %x, 3
        ret i64 %r
    }
    define i64 @sum(i64 %x) {
        %r = call i64 @step(i64 %x)
        ret i64 %r
    }
    define i64 @own(i64 %x) "tjit"="calls=2;pipeline=no-such-pass" {
        ret i64 %x
    }
"#;

#[test]
fn functions_speak_for_themselves() {
    let builder = with_threshold(1_000).foreground(true);
    let later = Directive {
        eager: true,
        ..Directive::default()
    };
    let jit = builder.directive("st*", later).build().unwrap();
    let expected = [
        "`own` says `pipeline=no-such-pass` of itself: ",
        "`step` says `calls=soon` of itself: the value is to be a number from 1",
        "`step` says `hurry` of itself: it is unknown",
    ];
    let directive = |name: &str| {
        let mut found = None;
        jit.for_each_function(|record| {
            if record.symbol().starts_with(name) {
                found = Some(record.directive());
            }
        });
        found.unwrap_or_default()
    };
    for _ in 0..2 {
        // SAFETY: the module is sound.
        let module =
            unsafe { jit.add_module(ModuleSource::bytes("annotated", ANNOTATED)) }.unwrap();
        let warnings = jit.directive_warnings();
        assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
        for (warning, expected) in warnings.iter().zip(expected) {
            assert!(warning.starts_with(expected), "{warning}");
        }
        assert!(directive("sum").eager && !directive("sum").never);
        // What the embedder says goes before.
        assert!(directive("step").eager && !directive("step").never);
        assert_eq!(directive("own").calls, NonZeroU64::new(2));
        assert_eq!(directive("own").pipeline, None);
        {
            let sum = jit.function::<unsafe extern "C" fn(i64) -> i64>("sum");
            let own = jit.function::<unsafe extern "C" fn(i64) -> i64>("own");
            let (sum, own) = (sum.unwrap(), own.unwrap());
            for _ in 0..3 {
                // SAFETY: those are their types.
                assert_eq!(unsafe { (sum.call(1), own.call(5)) }, (4, 5));
            }
        }
        assert_eq!(tiers_of(&jit, "sum"), [(1, Cause::Request)]);
        assert_eq!(
            tiers_of(&jit, "own"),
            [(0, Cause::FirstCall), (1, Cause::Trip)]
        );
        // SAFETY: nobody uses it any more.
        unsafe { jit.remove_module(&module) }.unwrap();
    }
    // A module of the same names that says nothing.
    let silent = ANNOTATED
        .replace("tjit:", "exit:")
        .replace("\"tjit\"", "\"else\"");
    // SAFETY: the module is sound.
    unsafe { jit.add_module(ModuleSource::bytes("silent", silent.as_str())) }.unwrap();
    assert!(directive("sum").is_empty() && directive("own").is_empty());
}
