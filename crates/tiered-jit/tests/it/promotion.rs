//! Functions that get hot, and what they do not lose.

use std::num::NonZeroUsize;

use tiered_jit::{Cause, EventKind, ModuleSource, Tier, TieredJit, Tiering};

use crate::support::{
    TALLY, bodies, load, load_cpp, nullary, quiet, sizes, unary, wait_for, with_threshold,
};

const CAPACITY: NonZeroUsize = NonZeroUsize::new(1024).expect("not zero");

#[test]
fn the_threshold_call_promotes_and_state_survives() {
    let jit = with_threshold(10).build().expect("the JIT starts");
    let events = jit.subscribe(CAPACITY);
    // SAFETY: no undefined behaviour in it.
    unsafe { jit.add_module(ModuleSource::bytes("tally.ll", TALLY)) }.expect("the module links");
    for call in 1..=9 {
        assert_eq!(nullary(&jit, "tally"), call);
    }
    assert_eq!(bodies(&jit, "tally"), ["tally_baseline"]);
    assert_eq!(jit.stats().trips, 0);

    assert_eq!(nullary(&jit, "tally"), 10);
    let promoted = wait_for(&events, "tally", |kind| {
        matches!(kind, EventKind::Promoted { .. })
    });
    let EventKind::Promoted { version } = promoted else {
        unreachable!()
    };
    assert_eq!(&*version.body, "tally_optimized");
    assert_eq!(
        (version.tier, version.cause),
        (Tier::OPTIMIZED, Cause::Trip)
    );
    assert!(version.size > 0 && version.phases.total().as_nanos() > 0);

    assert_eq!(
        nullary(&jit, "tally"),
        11,
        "the optimised version goes on with the same variable"
    );
    assert_eq!(jit.stats().trips, 1);
}

#[test]
fn a_function_keeps_its_address_through_its_versions() {
    let jit = quiet(
        "define ptr @self() {\n  ret ptr @self\n}\n@table = constant [1 x ptr] [ptr @self]\n\
         define i64 @same() {\n  %a = load ptr, ptr @table\n  %b = call ptr @self()\n  %c = icmp eq ptr %a, %b\n  \
         %d = zext i1 %c to i64\n  ret i64 %d\n}\n",
    );
    let stub = jit
        .function::<unsafe extern "C" fn() -> usize>("self")
        .expect("it exists");
    // SAFETY: that is its type, but for the pointer's target.
    let call = || unsafe { stub.call() };
    let address = stub.address();
    assert_eq!(call(), address);
    assert_eq!(nullary(&jit, "same"), 1);
    jit.reoptimize("self")
        .expect("it exists")
        .wait()
        .expect("it compiles");
    jit.reoptimize("same")
        .expect("it exists")
        .wait()
        .expect("it compiles");
    assert_eq!(call(), address);
    assert_eq!(nullary(&jit, "same"), 1);
}

#[test]
fn nothing_is_promoted_without_counters() {
    let jit = load(with_threshold(1).tiering(Tiering::Baseline), TALLY);
    for call in 1..=100 {
        assert_eq!(nullary(&jit, "tally"), call);
    }
    assert_eq!(bodies(&jit, "tally"), ["tally_baseline"]);
    assert_eq!(jit.stats().trips, 0);
}

#[test]
fn optimised_from_the_start() {
    let jit = load(with_threshold(1).tiering(Tiering::Optimized), TALLY);
    assert_eq!(nullary(&jit, "tally"), 1);
    assert_eq!(nullary(&jit, "tally"), 2);
    assert_eq!(bodies(&jit, "tally"), ["tally_optimized"]);
}

#[test]
fn a_function_that_may_have_one_version_only_has_a_baseline() {
    // It jumps to a label that an earlier call of it left behind.
    let ir = "@kept = global ptr null\ndefine i64 @keep() {\nentry:\n  %old = load ptr, ptr @kept\n  \
              %first = icmp eq ptr %old, null\n  br i1 %first, label %set, label %jump\nset:\n  \
              store ptr blockaddress(@keep, %label), ptr @kept\n  br label %label\njump:\n  \
              indirectbr ptr %old, [label %label]\nlabel:\n  ret i64 5\n}\n";
    let jit = load(with_threshold(1).tiering(Tiering::Optimized), ir);
    assert_eq!(nullary(&jit, "keep"), 5);
    assert_eq!(bodies(&jit, "keep"), ["keep_baseline"]);
    let jit = load(with_threshold(1), ir);
    for _ in 0..10 {
        assert_eq!(nullary(&jit, "keep"), 5);
    }
    let refused = jit.reoptimize("keep").expect("it exists").wait();
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(nullary(&jit, "keep"), 5);
}

#[test]
fn a_function_of_the_program_may_be_called_as_the_trip_function_is() {
    let jit = load(
        with_threshold(2),
        "@seen = global i64 0\n\
         define void @optimize_function(ptr %p) {\n  %a = load i64, ptr @seen\n  %b = add i64 %a, 1\n  \
         store i64 %b, ptr @seen\n  ret void\n}\n\
         define i64 @calls() {\n  call void @optimize_function(ptr null)\n  %a = load i64, ptr @seen\n  ret i64 %a\n}\n",
    );
    for call in 1..=50 {
        assert_eq!(nullary(&jit, "calls"), call);
    }
}

#[test]
fn names_that_end_like_a_tier_are_the_program_s_own() {
    let jit = load(
        with_threshold(3),
        "define i64 @f(i64 %x) {\n  ret i64 1\n}\ndefine i64 @f_optimized(i64 %x) {\n  ret i64 2\n}\n\
         define i64 @f_baseline(i64 %x) {\n  ret i64 3\n}\n",
    );
    for _ in 0..20 {
        assert_eq!(unary(&jit, "f", 0), 1);
        assert_eq!(unary(&jit, "f_optimized", 0), 2);
        assert_eq!(unary(&jit, "f_baseline", 0), 3);
    }
}

#[test]
fn statics_with_guards_are_initialised_once() {
    let jit = load_cpp(
        with_threshold(5),
        "#include <string>\n#include <vector>\nstatic int runs;\nstatic std::vector<std::string> make() { ++runs; return {\"a\"}; }\n\
         extern \"C\" long grow() { static auto values = make(); values.push_back(\"x\"); return (long)values.size(); }\n\
         extern \"C\" long runs_now() { return runs; }\n",
    );
    for call in 2..=200 {
        assert_eq!(nullary(&jit, "grow"), call);
    }
    assert_eq!(nullary(&jit, "runs_now"), 1);
}

#[test]
fn exceptions_pass_through_every_tier() {
    let source = "#include <stdexcept>\n#include <string>\n\
        struct Cleanup { long &n; ~Cleanup() { ++n; } };\nstatic long cleaned;\n\
        static __attribute__((noinline)) long inner(long x) { Cleanup c{cleaned}; if (x % 3 == 0) throw std::runtime_error(\"three\"); return x; }\n\
        static __attribute__((noinline)) long outer(long x) { Cleanup c{cleaned}; return inner(x) + 1; }\n\
        extern \"C\" long attempt(long x) { try { return outer(x); } catch (const std::runtime_error &e) { return -(long)std::string(e.what()).size(); } }\n\
        extern \"C\" long cleaned_now() { return cleaned; }\n";
    for tiering in [Tiering::Auto, Tiering::Baseline, Tiering::Optimized] {
        let jit = load_cpp(with_threshold(20).tiering(tiering), source);
        for x in 1..=300 {
            let expected = if x % 3 == 0 { -5 } else { x + 1 };
            assert_eq!(unary(&jit, "attempt", x), expected, "{tiering:?}");
        }
        assert_eq!(nullary(&jit, "cleaned_now"), 600, "{tiering:?}");
    }
}

#[test]
fn the_default_jit_works() {
    let jit = TieredJit::new().expect("the JIT starts");
    // SAFETY: no undefined behaviour in it.
    unsafe { jit.add_module(ModuleSource::bytes("tally.ll", TALLY)) }.expect("the module links");
    assert_eq!(unary(&jit, "twice", 21), 42);
}

#[test]
fn functions_of_clang_o0_are_optimised() {
    let source = "extern \"C\" long triangle(long n) { long sum = 0; for (long i = 0; i <= n; ++i) sum += i; return sum; }\n";
    let bitcode = tjit_test_util::compile_to_bitcode(source, tjit_test_util::Lang::Cxx, &["-O0"]);
    let jit = with_threshold(1 << 40).build().expect("the JIT starts");
    // SAFETY: no undefined behaviour in it.
    unsafe { jit.add_module(ModuleSource::bytes("o0.cpp", bitcode)) }.expect("the module links");
    assert_eq!(unary(&jit, "triangle", 10), 55);
    let request = jit.reoptimize("triangle").expect("it exists");
    let version = request.wait().expect("it compiles");
    assert_eq!(unary(&jit, "triangle", 10), 55);
    let sizes = sizes(&jit, "triangle");
    assert!(
        version.size > 0 && sizes[1] < sizes[0],
        "the loop has become a formula: {sizes:?}"
    );
}

#[test]
fn in_the_foreground_the_call_after_the_threshold_is_optimised() {
    for round in 0..20 {
        let jit = load(with_threshold(7).foreground(true), TALLY);
        for call in 1..=6 {
            assert_eq!(nullary(&jit, "tally"), call);
        }
        assert_eq!(bodies(&jit, "tally"), ["tally_baseline"], "{round}");
        assert_eq!(nullary(&jit, "tally"), 7);
        let both = ["tally_baseline", "tally_optimized"];
        assert_eq!(bodies(&jit, "tally"), both, "{round}");
        assert_eq!(nullary(&jit, "tally"), 8);
    }
}

/// Transformations run on the worker, which must not wait for itself.
#[test]
fn transformations_may_make_functions_hot_in_the_foreground() {
    let jit = load(with_threshold(1).foreground(true), TALLY);
    let inside = jit.downgrade();
    let request = jit.reoptimize("twice").expect("it exists");
    let request = request.transform(move |_, _| {
        let jit = inside.upgrade().expect("it is waited for");
        assert_eq!(nullary(&jit, "tally"), 1);
        Ok(())
    });
    request.wait().expect("it compiles");
    assert_eq!(unary(&jit, "twice", 4), 8);
    // What the version may have to be made again with does not keep the JIT alive.
    let weak = jit.downgrade();
    drop(jit);
    assert!(weak.upgrade().is_none());
}
