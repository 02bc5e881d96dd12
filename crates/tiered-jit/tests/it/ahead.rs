//! Functions that are compiled before they are called.

use std::fmt::Write as _;
use std::num::NonZeroUsize;

use crate::support::{load, unary, wait_for, with_threshold};
use tiered_jit::{Builder, EventKind, ModuleSource, TieredJit};

const CAPACITY: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// `f0` calls `f1` calls `f2` and so on, unless its argument is 0.
fn chain(length: usize) -> String {
    let mut ir = String::new();
    for n in 0..length {
        let next = n + 1;
        // Writing to a string does not fail.
        let _written = writeln!(
            ir,
            "define i64 @f{n}(i64 %x) {{\n  \
               %stop = icmp eq i64 %x, 0\n  \
               br i1 %stop, label %end, label %on\n\
             on:\n  \
               %left = sub i64 %x, 1\n  \
               %result = call i64 @f{next}(i64 %left)\n  \
               ret i64 %result\n\
             end:\n  \
               ret i64 {n}\n\
             }}"
        );
    }
    let _written = writeln!(ir, "define i64 @f{length}(i64 %x) {{\n  ret i64 -1\n}}");
    ir
}

/// First calls compile one function each.
fn one_by_one(ahead: usize) -> Builder {
    with_threshold(u64::MAX)
        .baseline_group(NonZeroUsize::MIN)
        .compile_ahead(ahead)
}

/// The functions that have a baseline when the JIT ends.
fn compiled(jit: TieredJit, events: &tiered_jit::EventReceiver) -> Vec<String> {
    drop(jit);
    let names = events.iter().filter_map(|event| match event.kind {
        EventKind::BaselineCompiled { .. } => Some(event.symbol.to_string()),
        _ => None,
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn callees_are_compiled_ahead_up_to_the_limit() {
    let jit = load(one_by_one(3), &chain(20));
    let events = jit.subscribe(CAPACITY);
    assert_eq!(unary(&jit, "f0", 0), 0);
    wait_for(&events, "f3", |kind| {
        matches!(kind, EventKind::BaselineCompiled { .. })
    });
    // The limit is for each first call, so this adds one and three.
    assert_eq!(unary(&jit, "f8", 0), 8);
    wait_for(&events, "f11", |kind| {
        matches!(kind, EventKind::BaselineCompiled { .. })
    });
    assert_eq!(compiled(jit, &events), [""; 0]);
}

#[test]
fn what_was_compiled_ahead_runs_without_a_first_call() {
    let jit = load(one_by_one(20), &chain(10));
    let events = jit.subscribe(CAPACITY);
    assert_eq!(unary(&jit, "f0", 0), 0);
    wait_for(&events, "f10", |kind| {
        matches!(kind, EventKind::BaselineCompiled { .. })
    });
    assert_eq!(unary(&jit, "f0", 4), 4);
    assert_eq!(unary(&jit, "f0", 10), -1);
    assert_eq!(compiled(jit, &events), [""; 0], "there was nothing left");
}

#[test]
fn nothing_is_compiled_ahead_that_was_not_asked_for() {
    for builder in [one_by_one(0), one_by_one(9).foreground(true)] {
        let jit = load(builder, &chain(10));
        let events = jit.subscribe(CAPACITY);
        assert_eq!(unary(&jit, "f0", 1), 1);
        assert_eq!(compiled(jit, &events), ["f0", "f1"]);
    }
}

/// `f1` can't be compiled: that is for who calls it, and `f0` and `f2` have nothing to do with it.
#[test]
fn what_can_not_be_compiled_ahead_fails_when_it_is_called() {
    let ir = r#"
define i64 @f0(i64 %x) {
  %a = call i64 @f2(i64 %x)
  ret i64 %a
}
define i64 @f1(i64 %x) {
  call void asm sideeffect "no such instruction", ""()
  ret i64 %x
}
define i64 @f2(i64 %x) {
  %is = icmp eq i64 %x, 7
  br i1 %is, label %call, label %end
call:
  %a = call i64 @f1(i64 %x)
  ret i64 %a
end:
  %b = call i64 @f3(i64 %x)
  ret i64 %b
}
define i64 @f3(i64 %x) {
  ret i64 %x
}
"#;
    let jit = load(one_by_one(9), ir);
    let events = jit.subscribe(CAPACITY);
    assert_eq!(unary(&jit, "f0", 1), 1);
    assert_eq!(unary(&jit, "f0", 2), 2);
    let names = compiled(jit, &events);
    assert_eq!(names, ["f0", "f2", "f3"]);
}

/// Failure is a crash: modules go while functions of theirs are compiled ahead, and come back.
#[test]
fn modules_may_go_while_they_are_compiled_ahead() {
    let jit = one_by_one(50).build().expect("the JIT starts");
    for round in 0..20 {
        let source = ModuleSource::bytes("chain.ll", chain(40));
        // SAFETY: the test's own module.
        let module = unsafe { jit.add_module(source) }.expect("the module links");
        assert_eq!(unary(&jit, "f0", round % 3), round % 3);
        // SAFETY: nothing of it is running, and nobody keeps an address of it.
        unsafe { jit.remove_modules(&[module]) }.expect("it can go");
    }
}
