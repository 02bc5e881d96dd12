//! Adding, looking up, running.

use tjit_mangle::Tier;

use crate::support::{Jit, baseline, call, optimized};

const SUM: &str = "
define i32 @NAME(ptr %p, i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %more, %loop ]
  %q = getelementptr i32, ptr %p, i32 %i
  %v = load i32, ptr %q
  %more = add i32 %sum, %v
  %next = add i32 %i, 1
  %done = icmp eq i32 %next, %n
  br i1 %done, label %exit, label %loop
exit:
  ret i32 %more
}";

#[test]
fn each_tier_gets_its_own_code() {
    let jit = Jit::new();
    for name in [baseline("sum"), optimized("sum")] {
        jit.add(&SUM.replace("NAME", &name)).unwrap();
        let address = jit.dylib.lookup(&name).unwrap();
        let numbers: Vec<i32> = (1..=1000).collect();
        let sum = call!(address, fn(*const i32, i32) -> i32, numbers.as_ptr(), 1000);
        assert_eq!(sum, 500_500, "{name}");
    }
    let reports = jit.reports();
    assert_eq!(reports[0].tier, Tier::Baseline);
    assert_eq!(reports[1].tier, Tier::Optimized);
    assert!(
        reports[1].code_bytes > 2 * reports[0].code_bytes,
        "{reports:#?}"
    );
}

#[test]
fn mixed_modules_are_split() {
    let ir = format!(
        "
@shared = internal global i32 5
@mine = private global i32 1
define i32 @\"{slow}\"() {{
  %v = load i32, ptr @shared
  %w = add i32 %v, 1
  store i32 %w, ptr @shared
  ret i32 %w
}}
define i32 @\"{fast}\"() {{
  %a = call i32 @\"{slow}\"()
  %v = load i32, ptr @shared
  %m = load i32, ptr @mine
  store i32 7, ptr @mine
  %r = mul i32 %v, %a
  %s = add i32 %r, %m
  ret i32 %s
}}",
        slow = baseline("f"),
        fast = optimized("g"),
    );
    let jit = Jit::new();
    jit.add(&ir).unwrap();
    let fast = jit.dylib.lookup(&optimized("g")).unwrap();
    assert_eq!(call!(fast, fn() -> i32,), 37);
    assert_eq!(call!(fast, fn() -> i32,), 56);
    let slow = jit.dylib.lookup(&baseline("f")).unwrap();
    assert_eq!(call!(slow, fn() -> i32,), 8);
    let reports = jit.reports();
    let tiers: Vec<_> = reports.iter().map(|report| report.tier).collect();
    assert_eq!(tiers, [Tier::Baseline, Tier::Optimized]);
}
