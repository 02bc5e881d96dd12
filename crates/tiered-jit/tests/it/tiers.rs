//! More than two tiers, and loops that make functions hot.

use std::num::NonZeroU64;

use tiered_jit::{Cause, Directive, Error, Tier, TieredJit, Tiers};

use crate::support::{load, with_threshold};

pub(crate) const STEPS: &str = "
define i64 @step(i64 %x) {
  %y = mul i64 %x, 3
  %z = add i64 %y, 1
  ret i64 %z
}
define i64 @sum(i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %loop ]
  %s = phi i64 [ 0, %entry ], [ %s.next, %loop ]
  %s.next = add i64 %s, %i
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %n
  br i1 %more, label %loop, label %end
end:
  ret i64 %s.next
}";

pub(crate) fn tiers_of(jit: &TieredJit, name: &str) -> Vec<(u8, Cause)> {
    let mut tiers = Vec::new();
    jit.for_each_function(|record| {
        if &**record.symbol() == name {
            let versions = record.versions();
            tiers.extend(
                versions
                    .iter()
                    .map(|version| (version.tier.number(), version.cause)),
            );
        }
    });
    tiers
}

fn three_tiers(text: &str) -> TieredJit {
    let tiers: Tiers = text.parse().unwrap();
    load(TieredJit::builder().tiers(tiers.0).foreground(true), STEPS)
}

#[test]
fn a_function_goes_up_tier_by_tier() {
    let jit = three_tiers("baseline:10,quick=default<O1>:20,peak=default<O3>");
    let step = jit
        .function::<unsafe extern "C" fn(i64) -> i64>("step")
        .unwrap();
    for call in 1..=40 {
        // SAFETY: that is its type.
        assert_eq!(unsafe { step.call(call) }, call * 3 + 1);
        let expected = match call {
            1..10 => 1,
            10..30 => 2,
            _ => 3,
        };
        assert_eq!(tiers_of(&jit, "step").len(), expected, "call {call}");
    }
    assert_eq!(
        tiers_of(&jit, "step"),
        [(0, Cause::FirstCall), (1, Cause::Trip), (2, Cause::Trip)]
    );
    assert_eq!(jit.stats().tiers.len(), 3);
    let names: Vec<&str> = jit.tiers().iter().map(|tier| &*tier.name).collect();
    assert_eq!(names, ["baseline", "quick", "peak"]);
}

#[test]
fn loops_make_a_function_hot_at_each_tier() {
    let jit = three_tiers("baseline:never/5000,quick=default<O1>:never/9000,peak=default<O3>");
    let sum = jit
        .function::<unsafe extern "C" fn(i64) -> i64>("sum")
        .unwrap();
    let mut seen = Vec::new();
    for _ in 0..8 {
        // SAFETY: that is its type.
        assert_eq!(unsafe { sum.call(3_000) }, 4_498_500);
        seen.push(tiers_of(&jit, "sum").len());
    }
    // Of 3,000 turns a call tells 2,048: three calls at the first tier, and five at the second.
    assert_eq!(seen, [1, 1, 2, 2, 2, 2, 2, 3]);
}

#[test]
fn a_request_leads_to_the_highest_tier() {
    let jit = three_tiers("baseline:1000,quick=default<O1>:1000,peak=default<O3>");
    let version = jit.reoptimize("step").unwrap().wait().unwrap();
    assert_eq!(version.tier.number(), 2);
    assert_eq!(version.counter, None);
}

#[test]
fn loops_count_by_default() {
    let jit = load(with_threshold(1_000).foreground(true), STEPS);
    let sum = jit
        .function::<unsafe extern "C" fn(i64) -> i64>("sum")
        .unwrap();
    for _ in 0..2 {
        // SAFETY: that is its type.
        assert_eq!(unsafe { sum.call(59_000) }, 1_740_470_500);
    }
    assert_eq!(
        tiers_of(&jit, "sum").last(),
        Some(&(Tier::OPTIMIZED.number(), Cause::Trip))
    );
    let quiet = with_threshold(1_000).loop_threshold(NonZeroU64::MAX);
    let jit = load(quiet.foreground(true), STEPS);
    let sum = jit
        .function::<unsafe extern "C" fn(i64) -> i64>("sum")
        .unwrap();
    // SAFETY: that is its type.
    unsafe { sum.call(1_000_000) };
    assert_eq!(tiers_of(&jit, "sum").len(), 1);
}

#[test]
fn a_pipeline_that_llvm_does_not_understand_is_an_error_at_once() {
    let tiers: Tiers = "b:1,o=no-such-pass".parse().unwrap();
    let error = TieredJit::builder().tiers(tiers.0).build().unwrap_err();
    assert!(
        matches!(&error, Error::Pipeline { pipeline, .. } if pipeline == "no-such-pass"),
        "{error}"
    );
    let error = TieredJit::builder().tiers(Vec::new()).build().unwrap_err();
    assert!(matches!(error, Error::Tiers(_)), "{error}");
}

#[test]
fn directives_hold_for_the_functions_they_name() {
    let directive = |never, eager| Directive {
        never,
        eager,
        ..Directive::default()
    };
    let builder = with_threshold(3).foreground(true);
    let builder = builder
        .directive("st?p", directive(true, false))
        .directive("su*", directive(false, true))
        .directive("nobody", directive(true, false));
    let jit = load(builder, STEPS);
    let step = jit
        .function::<unsafe extern "C" fn(i64) -> i64>("step")
        .unwrap();
    let sum = jit
        .function::<unsafe extern "C" fn(i64) -> i64>("sum")
        .unwrap();
    for _ in 0..9 {
        // SAFETY: those are their types.
        assert_eq!(unsafe { (step.call(1), sum.call(3)) }, (4, 3));
    }
    assert_eq!(tiers_of(&jit, "step"), [(0, Cause::FirstCall)]);
    assert_eq!(tiers_of(&jit, "sum"), [(1, Cause::Request)]);
    let error = jit.reoptimize("step").unwrap_err();
    assert!(
        matches!(&error, Error::Directive(name) if name == "step"),
        "{error}"
    );
    assert_eq!(
        jit.directive_warnings(),
        ["directive: no function matches `nobody`"]
    );
    let calls = Directive {
        pipeline: Some("no-such-pass".into()),
        ..Directive::default()
    };
    let error = jit.set_directive("sum", calls).unwrap_err();
    assert!(matches!(error, Error::Pipeline { .. }), "{error}");
}
