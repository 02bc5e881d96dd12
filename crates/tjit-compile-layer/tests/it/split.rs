//! Modules with bodies of both tiers.

use tjit_compile_layer::{ErrorKind, ModuleTiers, module_tiers};
use tjit_mangle::Tier;

use crate::support::{Jit, baseline, call, optimized, parse};

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

#[test]
fn locals_without_a_body_have_no_tier() {
    let ir = format!(
        "define internal i32 @helper() {{ ret i32 3 }}
        define available_externally i32 @copy() {{ ret i32 3 }}
        define i32 @\"{}\"() {{ %r = call i32 @helper() ret i32 %r }}",
        optimized("f")
    );
    let tiers = parse(&ir).with_module(module_tiers);
    assert_eq!(tiers, ModuleTiers::One(Tier::Optimized));
    let tiers = parse("@v = global i32 1").with_module(module_tiers);
    assert_eq!(tiers, ModuleTiers::One(Tier::Baseline));
}

#[test]
fn a_users_own_suffix_is_not_a_tier() {
    let name = baseline(&optimized("bar"));
    let ir = format!("define void @\"{name}\"() {{ ret void }}");
    let tiers = parse(&ir).with_module(module_tiers);
    assert_eq!(tiers, ModuleTiers::One(Tier::Baseline));
}

/// What is local to both halves keeps one address, and an alias stays with its target.
#[test]
fn halves_share_addresses() {
    let ir = format!(
        "
@0 = private unnamed_addr constant [3 x i8] c\"ab\\00\"
@counter = internal global i32 0
@also = alias i32, ptr @counter
define internal ptr @where() {{ ret ptr @0 }}
define weak_odr ptr @\"{slow}\"() {{ %p = call ptr @where() ret ptr %p }}
define ptr @\"{fast}\"() {{ %p = call ptr @where() ret ptr %p }}
define ptr @\"{fast2}\"() {{ ret ptr @counter }}
define ptr @other() {{ ret ptr @also }}",
        slow = baseline("f"),
        fast = optimized("f"),
        fast2 = optimized("g"),
    );
    let jit = Jit::new();
    jit.add(&ir).unwrap();
    let get = |name: &str| call!(jit.dylib.lookup(name).unwrap(), fn() -> usize,);
    assert_eq!(get(&baseline("f")), get(&optimized("f")));
    assert_eq!(get(&optimized("g")), get("other"));
    assert_eq!(jit.reports().len(), 2);
}

#[test]
fn what_cannot_be_split_is_refused() {
    let bodies = format!(
        "define ptr @\"{slow}\"() {{ ret ptr null }}
        define ptr @\"{fast}\"() {{ ret ptr null }}",
        slow = baseline("f"),
        fast = optimized("f"),
    );
    let label = format!(
        "define ptr @\"{slow}\"() {{ ret ptr blockaddress(@\"{fast}\", %there) }}
        define void @\"{fast}\"() {{ br label %there\nthere:\n ret void }}",
        slow = baseline("f"),
        fast = optimized("f"),
    );
    let ctors =
        format!("@llvm.global_ctors = appending global [0 x {{ i32, ptr, ptr }}] []\n{bodies}");
    for (ir, expected) in [
        (label, "have to stay together"),
        (ctors, "`llvm.global_ctors` is an appending array"),
    ] {
        let jit = Jit::new();
        jit.add(&ir).unwrap();
        let error = jit.dylib.lookup(&optimized("f")).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let jit = Jit::new();
    let asm = format!("module asm \"nop\"\n{bodies}");
    let error = jit.add(&asm).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MixedTiers);
}
