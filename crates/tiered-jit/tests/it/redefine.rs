//! Functions that get another meaning while the program runs.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc;

use tiered_jit::link::Unredefinable;
use tiered_jit::{
    Error, EventKind, EventReceiver, LinkError, ModuleSource, Redefined, TieredJit, Tiering,
};
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::support::{
    MAPPINGS, Unary, add, bodies, load, load_cpp, nullary, quiet, unary, wait_for, with_threshold,
};

fn redefine_as(jit: &TieredJit, function: &str, name: &str, ir: &str) -> Result<Redefined, Error> {
    // SAFETY: the tests' own modules.
    unsafe { jit.redefine(function, ModuleSource::bytes(name, ir)) }
}

#[track_caller]
fn redefine(jit: &TieredJit, function: &str, ir: &str) -> Redefined {
    redefine_as(jit, function, "new.ll", ir).expect("it is redefined")
}

#[track_caller]
fn redefine_cpp(jit: &TieredJit, function: &str, source: &str) -> Redefined {
    let flags = ["-O1", "-Xclang", "-disable-llvm-passes"];
    let bitcode = compile_to_bitcode(source, Lang::Cxx, &flags);
    // SAFETY: the tests' own modules.
    unsafe { jit.redefine(function, ModuleSource::bytes("new.cpp", bitcode)) }
        .expect("it is redefined")
}

#[track_caller]
fn link_error(result: Result<Redefined, Error>) -> LinkError {
    match result {
        Err(Error::Link(error)) => LinkError::clone(&error),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refusal(result: Result<Redefined, Error>) -> Unredefinable {
    match link_error(result) {
        LinkError::Redefine { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

fn optimize(jit: &TieredJit, function: &str) {
    let request = jit.reoptimize(function).expect("it exists");
    request.wait().expect("it compiles");
}

/// `scale` times a number, called by `apply`.
const SCALED: &str = "define i64 @scale(i64 %x) {\n  %y = mul i64 %x, 2\n  ret i64 %y\n}\n\
     define i64 @apply(i64 %x) {\n  %y = call i64 @scale(i64 %x)\n  %z = add i64 %y, 1\n  ret i64 %z\n}\n";

fn scale(factor: i64) -> String {
    format!("define i64 @scale(i64 %x) {{\n  %y = mul i64 %x, {factor}\n  ret i64 %y\n}}\n")
}

#[test]
fn a_function_that_was_never_called_is_redefined() {
    let jit = quiet(SCALED);
    let done = redefine(&jit, "scale", &scale(3));
    assert_eq!(&*done.symbol, "scale");
    assert_eq!(done.module.name(), "new.ll");
    assert!(done.invalidated.is_empty(), "{done:?}");
    assert_eq!(unary(&jit, "apply", 5), 16);
    assert_eq!(unary(&jit, "scale", 5), 15);
}

#[test]
fn an_optimised_caller_loses_the_body_that_was_inlined_into_it() {
    let jit = quiet(SCALED);
    let events = jit.subscribe(NonZeroUsize::new(1000).expect("not zero"));
    let function = jit.function::<Unary>("scale").expect("it exists");
    let address = function.address();
    assert_eq!(unary(&jit, "apply", 5), 11);
    optimize(&jit, "apply");
    optimize(&jit, "scale");
    assert_eq!(unary(&jit, "apply", 5), 11);

    let done = redefine(&jit, "scale", &scale(3));
    assert_eq!(done.invalidated, ["apply".into(), "scale".into()]);
    assert_eq!(unary(&jit, "apply", 5), 16);
    assert_eq!(unary(&jit, "scale", 5), 15);
    wait_for(&events, "scale", |kind| {
        matches!(kind, EventKind::Redefined { .. })
    });
    let mut waiting = vec!["apply", "scale"];
    while !waiting.is_empty() {
        let event = events.recv().expect("the events come");
        if matches!(event.kind, EventKind::Promoted { .. }) {
            waiting.retain(|name| **name != *event.symbol);
        }
    }
    assert_eq!(unary(&jit, "apply", 5), 16);
    assert_eq!(unary(&jit, "scale", 5), 15);
    let after = jit.function::<Unary>("scale").expect("it exists");
    assert_eq!(after.address(), address);
    assert_eq!(
        bodies(&jit, "scale"),
        [
            "scale_baseline",
            "scale_optimized",
            "scale_v2_baseline",
            "scale_v2_optimized"
        ]
    );
    let mut reasons = Vec::new();
    jit.for_each_function(|record| {
        let versions = record.versions().into_iter();
        reasons.extend(versions.filter_map(|version| version.invalidated.clone()));
    });
    assert!(
        reasons
            .iter()
            .all(|reason| &**reason == "`scale` was redefined"),
        "{reasons:?}"
    );
    // Two of `scale` and one of `apply`: none of those that were made since.
    assert_eq!(reasons.len(), 3, "{reasons:?}");
}

#[test]
fn a_baseline_loses_the_body_that_had_to_be_inlined() {
    let inline = SCALED.replace("@scale(i64 %x) {", "@scale(i64 %x) alwaysinline {");
    let jit = quiet(&inline);
    assert_eq!(unary(&jit, "apply", 5), 11);
    let done = redefine(&jit, "scale", &scale(3));
    assert_eq!(done.invalidated, ["apply".into(), "scale".into()]);
    assert_eq!(unary(&jit, "apply", 5), 16);
    assert_eq!(
        bodies(&jit, "apply"),
        ["apply_baseline", "apply_v2_baseline"]
    );
    // An optimised caller that has it goes back to a baseline without it.
    redefine(
        &jit,
        "scale",
        &scale(4).replace("%x) {", "%x) alwaysinline {"),
    );
    optimize(&jit, "apply");
    assert_eq!(unary(&jit, "apply", 5), 21);
    redefine(
        &jit,
        "scale",
        &scale(5).replace("%x) {", "%x) alwaysinline {"),
    );
    assert_eq!(unary(&jit, "apply", 5), 26);
}

#[test]
fn recursion_goes_on_in_the_new_body() {
    let jit = load(
        with_threshold(3),
        "define i64 @count(i64 %n) {\n  %end = icmp eq i64 %n, 0\n  br i1 %end, label %done, label %more\n\
         done:\n  ret i64 0\nmore:\n  %m = sub i64 %n, 1\n  %r = call i64 @count(i64 %m)\n  %s = add i64 %r, 1\n  ret i64 %s\n}\n",
    );
    assert_eq!(unary(&jit, "count", 20), 20);
    redefine(
        &jit,
        "count",
        "define i64 @count(i64 %n) {\n  %end = icmp eq i64 %n, 0\n  br i1 %end, label %done, label %more\n\
         done:\n  ret i64 0\nmore:\n  %m = sub i64 %n, 1\n  %r = call i64 @count(i64 %m)\n  %s = add i64 %r, 10\n  ret i64 %s\n}\n",
    );
    for _ in 0..20 {
        assert_eq!(unary(&jit, "count", 20), 200);
    }
    optimize(&jit, "count");
    assert_eq!(unary(&jit, "count", 20), 200);
}

const SHAPES: &str = r#"
struct Shape { virtual long area() const; virtual ~Shape() = default; };
struct Square : Shape { long side = 3; long area() const override; };
long Shape::area() const { return 0; }
long Square::area() const { return side * side; }
static Square square;
static Shape *shape = &square;
extern "C" long area() { return shape->area(); }
extern "C" bool same() { return &Square::area == &Square::area; }
"#;

#[test]
fn a_virtual_function_is_redefined_behind_its_table() {
    let jit = load_cpp(with_threshold(5), SHAPES);
    for _ in 0..20 {
        assert_eq!(nullary(&jit, "area"), 9);
    }
    redefine_cpp(
        &jit,
        "Square::area",
        "struct Shape { virtual long area() const; virtual ~Shape() = default; };\n\
         struct Square : Shape { long side = 3; long area() const override; };\n\
         long scale = 100;\n\
         long Square::area() const { return side * scale; }\n",
    );
    for _ in 0..20 {
        assert_eq!(nullary(&jit, "area"), 300);
    }
}

#[test]
fn statics_are_the_bodys_own_unless_the_language_has_one() {
    let jit = load_cpp(
        with_threshold(u64::MAX),
        "static long local() { static long n = 0; return ++n; }\n\
         inline long shared() { static long n = 0; return ++n; }\n\
         template <class T> T twice(T x) { return x * 2; }\n\
         extern \"C\" long next_local() { return local(); }\n\
         extern \"C\" long next_shared() { return shared(); }\n\
         extern \"C\" long double_it() { return twice(21L); }\n",
    );
    for n in 1..=3 {
        assert_eq!(nullary(&jit, "next_local"), n);
        assert_eq!(nullary(&jit, "next_shared"), n);
    }
    redefine_cpp(
        &jit,
        "local()",
        "__attribute__((used)) static long local() { static long n = 100; return ++n; }\n",
    );
    redefine_cpp(
        &jit,
        "shared()",
        "inline long shared() { static long n = 0; return n += 10; }\n\
         long keep() { return shared(); }\n",
    );
    assert_eq!(nullary(&jit, "next_local"), 101);
    assert_eq!(nullary(&jit, "next_shared"), 13);
    redefine_cpp(
        &jit,
        "_Z5twiceIlET_S0_",
        "template <class T> T twice(T x) { return x * 3; }\ntemplate long twice<long>(long);\n",
    );
    assert_eq!(nullary(&jit, "double_it"), 63);
    // A module that brings the first meaning along does not bring it back.
    let bitcode = compile_to_bitcode(
        "template <class T> T twice(T x) { return x * 2; }\nextern \"C\" long again() { return twice(21L); }\n",
        Lang::Cxx,
        &["-O1", "-Xclang", "-disable-llvm-passes"],
    );
    // SAFETY: the test's own module.
    unsafe { jit.add_module(ModuleSource::bytes("again.cpp", bitcode)) }.expect("it links");
    assert_eq!(nullary(&jit, "again"), 63);
    optimize(&jit, "again");
    assert_eq!(nullary(&jit, "again"), 63);
}

/// Something that throws goes through `middle`, which was compiled for what does not.
#[test]
fn a_new_body_may_throw_through_callers_that_knew_better() {
    for optimized in [false, true] {
        let jit = load_cpp(
            with_threshold(u64::MAX),
            "extern \"C\" long middle(long);\n\
             extern \"C\" long outer(long x) { try { return middle(x); } catch (long thrown) { return -thrown; } }\n",
        );
        add(
            &jit,
            "declare i64 @risky(i64) nounwind\n\
             define i64 @middle(i64 %x) nounwind noinline {\n  %r = call i64 @risky(i64 %x) nounwind\n  %s = add i64 %r, 1\n  ret i64 %s\n}\n",
        )
        .expect("it links");
        add(
            &jit,
            "define i64 @risky(i64 %x) nounwind noinline {\n  ret i64 %x\n}\n",
        )
        .expect("it links");
        if optimized {
            optimize(&jit, "middle");
            optimize(&jit, "outer");
        }
        assert_eq!(unary(&jit, "outer", 7), 8);
        let done = redefine_cpp(
            &jit,
            "risky",
            "extern \"C\" long risky(long x) { if (x > 5) throw x; return x; }\n",
        );
        assert_eq!(done.invalidated, ["middle".into(), "risky".into()]);
        assert_eq!(unary(&jit, "outer", 7), -7);
        assert_eq!(unary(&jit, "outer", 5), 6);
        optimize(&jit, "middle");
        optimize(&jit, "outer");
        assert_eq!(unary(&jit, "outer", 7), -7);
        assert_eq!(unary(&jit, "outer", 5), 6);
    }
}

#[test]
fn a_new_body_may_write_what_its_callers_read() {
    let jit = quiet(
        "@shared = global i64 0\n\
         define i64 @peek() noinline nounwind willreturn memory(none) {\n  ret i64 1\n}\n\
         define i64 @around() {\n  store i64 1, ptr @shared\n  %r = call i64 @peek()\n  %s = load i64, ptr @shared\n  ret i64 %s\n}\n\
         define i64 @apart() {\n  ret i64 3\n}\n",
    );
    assert_eq!(nullary(&jit, "around"), 1);
    assert_eq!(nullary(&jit, "apart"), 3);
    optimize(&jit, "around");
    optimize(&jit, "apart");
    assert_eq!(nullary(&jit, "around"), 1);
    let done = redefine(
        &jit,
        "peek",
        "@shared = external global i64\ndefine i64 @peek() noinline {\n  store i64 41, ptr @shared\n  ret i64 1\n}\n",
    );
    assert_eq!(done.invalidated[0], "around".into());
    assert!(!done.invalidated.contains(&"apart".into()), "{done:?}");
    assert_eq!(nullary(&jit, "around"), 41);
    optimize(&jit, "around");
    assert_eq!(nullary(&jit, "around"), 41);
}

#[test]
fn a_new_body_returns_unless_callers_end_there() {
    let jit = quiet(
        "define void @stop() noinline noreturn {\n  call void @abort()\n  unreachable\n}\ndeclare void @abort() noreturn\n\
         define i64 @checked(i64 %x) {\n  %bad = icmp slt i64 %x, 0\n  br i1 %bad, label %stop, label %go\n\
         stop:\n  call void @stop()\n  ret i64 5\ngo:\n  ret i64 %x\n}\n",
    );
    optimize(&jit, "checked");
    assert_eq!(unary(&jit, "checked", 1), 1);
    let returns = "define void @stop() {\n  ret void\n}\n";
    redefine(&jit, "stop", returns);
    assert_eq!(unary(&jit, "checked", -1), 5);
    optimize(&jit, "checked");
    assert_eq!(unary(&jit, "checked", -1), 5);

    let jit = quiet(
        "define void @stop() noinline noreturn {\n  call void @abort()\n  unreachable\n}\ndeclare void @abort() noreturn\n\
         define void @fail() {\n  call void @stop()\n  unreachable\n}\n",
    );
    let refused = redefine_as(&jit, "stop", "returns.ll", returns);
    assert_eq!(refusal(refused), Unredefinable::Returns);
    assert_eq!(jit.modules().len(), 1, "nothing was added");
}

#[test]
fn constructors_run_before_the_new_body() {
    let jit = load_cpp(
        with_threshold(3),
        "extern \"C\" long value() { return 1; }\nextern \"C\" long ask() { return value(); }\n",
    );
    assert_eq!(nullary(&jit, "ask"), 1);
    redefine_cpp(
        &jit,
        "value",
        "extern \"C\" long value();\n\
         static long before = value() * 10;\n\
         extern \"C\" long value() { return before + 5; }\n",
    );
    assert_eq!(nullary(&jit, "ask"), 15);
}

#[test]
fn every_tier_mode_runs_the_new_body() {
    for tiering in [Tiering::Auto, Tiering::Baseline, Tiering::Optimized] {
        let jit = load(with_threshold(2).tiering(tiering), SCALED);
        for factor in 2..12 {
            if factor > 2 {
                redefine(&jit, "scale", &scale(factor));
            }
            for _ in 0..5 {
                assert_eq!(unary(&jit, "apply", 5), 5 * factor + 1, "{tiering:?}");
            }
        }
    }
}

#[test]
fn what_was_settled_is_not_when_the_new_body_writes_it() {
    let jit = quiet(
        "@rate = internal global i64 7\n\
         define void @tick() {\n  ret void\n}\n\
         define i64 @rated(i64 %x) {\n  %r = load i64, ptr @rate\n  %y = mul i64 %x, %r\n  ret i64 %y\n}\n\
         define ptr @where() {\n  ret ptr @rate\n}\n\
         define void @poke(ptr %p) {\n  ret void\n}\n\
         define void @touch() {\n  call void @poke(ptr @rate)\n  ret void\n}\n",
    );
    assert_eq!(unary(&jit, "rated", 2), 14);
    optimize(&jit, "rated");
    redefine(
        &jit,
        "poke",
        "define void @poke(ptr %p) {\n  store i64 9, ptr %p\n  ret void\n}\n",
    );
    let touch = jit
        .function::<unsafe extern "C" fn()>("touch")
        .expect("it exists");
    // SAFETY: a function of that type.
    unsafe { touch.call() };
    assert_eq!(unary(&jit, "rated", 2), 18);
}

#[test]
fn what_can_not_be_redefined_is_said() {
    let jit = quiet(SCALED);
    add(
        &jit,
        "@data = global i64 1\ndeclare i64 @nobody()\n\
         define i64 @calls_nobody() {\n  %r = call i64 @nobody()\n  ret i64 %r\n}\n\
         define ptr @choose() {\n  ret ptr @calls_nobody\n}\n\
         @chosen = ifunc i64 (), ptr @choose\n",
    )
    .expect("it links");
    let any = |function: &str| {
        let ir = format!("define i64 @{function}() {{\n  ret i64 1\n}}\n");
        redefine_as(&jit, function, "any.ll", &ir)
    };
    assert_eq!(refusal(any("data")), Unredefinable::Variable);
    assert_eq!(refusal(any("nobody")), Unredefinable::Undefined);
    assert_eq!(refusal(any("chosen")), Unredefinable::IFunc);
    assert!(matches!(
        link_error(any("not_there")),
        LinkError::Unknown { .. }
    ));
    let other = redefine_as(
        &jit,
        "scale",
        "other.ll",
        "define void @other() {\n  ret void\n}\n",
    );
    assert_eq!(refusal(other), Unredefinable::NotDefined);

    let wrong = redefine_as(
        &jit,
        "scale",
        "wrong.ll",
        "define i32 @scale(i64 %x, ptr %p) {\n  ret i32 1\n}\n",
    );
    match link_error(wrong) {
        LinkError::Signature { before, after, .. } => {
            assert_eq!(before, "i64 (i64)");
            assert_eq!(after, "i32 (i64, ptr)");
        }
        other => panic!("{other}"),
    }
    let taken = format!(
        "{}define i64 @apply(i64 %x) {{\n  ret i64 %x\n}}\n",
        scale(3)
    );
    let taken = redefine_as(&jit, "scale", "taken.ll", &taken);
    assert!(matches!(link_error(taken), LinkError::Duplicate { .. }));
    assert_eq!(unary(&jit, "apply", 5), 11);
    assert_eq!(jit.modules().len(), 2, "nothing was added");
}

#[test]
fn a_body_that_can_not_be_compiled_changes_nothing() {
    let jit = quiet(SCALED);
    optimize(&jit, "apply");
    for _ in 0..3 {
        let broken = "define i64 @scale(i64 %x) {\n  %y = call i64 asm sideeffect \"frobnicate $0\", \"=r\"()\n  ret i64 %y\n}\n\
             define i64 @new_too() {\n  ret i64 1\n}\n";
        let result = redefine_as(&jit, "scale", "broken.ll", broken);
        assert!(matches!(result, Err(Error::Compile { .. })), "{result:?}");
        assert!(jit.function::<Unary>("new_too").is_err());
        assert_eq!(unary(&jit, "apply", 5), 11);
        assert_eq!(unary(&jit, "scale", 5), 10);
    }
    assert_eq!(jit.modules().len(), 1);
    redefine(&jit, "scale", &scale(3));
    assert_eq!(unary(&jit, "apply", 5), 16);
    assert_eq!(
        bodies(&jit, "scale"),
        ["scale_baseline", "scale_v2_baseline"],
        "names of what failed are free"
    );
}

/// Events of a function, up to the one that tells that it has been redefined.
fn until_redefined(events: &EventReceiver, function: &str) -> Vec<(String, EventKind)> {
    let mut heard = Vec::new();
    loop {
        let event = events.recv().expect("the events come");
        if &*event.symbol == function && matches!(event.kind, EventKind::Redefined { .. }) {
            return heard;
        }
        heard.push((event.symbol.to_string(), event.kind));
    }
}

#[track_caller]
fn assert_taken_back(heard: &[(String, EventKind)], function: &str) {
    let is_it = |(symbol, kind): &(String, EventKind)| {
        symbol == function && matches!(kind, EventKind::Invalidated { .. })
    };
    assert!(heard.iter().any(is_it), "`{function}` in {heard:?}");
}

#[test]
fn callers_are_taken_back_before_the_new_body_is_seen() {
    let forced = SCALED.replace("@scale(i64 %x) {", "@scale(i64 %x) alwaysinline {");
    for (ir, is_optimized) in [(SCALED, true), (&*forced, true), (&*forced, false)] {
        let jit = quiet(ir);
        let events = jit.subscribe(NonZeroUsize::new(1000).expect("not zero"));
        assert_eq!(unary(&jit, "apply", 5), 11);
        if is_optimized {
            optimize(&jit, "apply");
        }
        redefine(&jit, "scale", &scale(3));
        assert_taken_back(&until_redefined(&events, "scale"), "apply");
    }
}

#[test]
fn what_was_settled_is_taken_back_before_the_new_body_writes_it() {
    let jit = quiet(
        "@rate = internal global i64 7\n\
         define i64 @rated() {\n  %r = load i64, ptr @rate\n  ret i64 %r\n}\n\
         define void @poke(ptr %p) {\n  ret void\n}\n\
         define void @touch() {\n  call void @poke(ptr @rate)\n  ret void\n}\n",
    );
    let events = jit.subscribe(NonZeroUsize::new(1000).expect("not zero"));
    assert_eq!(nullary(&jit, "rated"), 7);
    optimize(&jit, "rated");
    let writes = "define void @poke(ptr %p) {\n  store i64 9, ptr %p\n  ret void\n}\n";
    redefine(&jit, "poke", writes);
    assert_taken_back(&until_redefined(&events, "poke"), "rated");
}

#[test]
fn a_caller_that_is_being_compiled_is_not_published_with_the_old_body() {
    let jit = quiet(SCALED);
    let events = jit.subscribe(NonZeroUsize::new(1000).expect("not zero"));
    assert_eq!(unary(&jit, "apply", 5), 11);
    let request = jit.reoptimize("apply").expect("it exists");
    let old = request.wait().expect("it compiles").number;
    let (tell, is_sliced) = mpsc::channel();
    let (release, gate) = mpsc::channel::<()>();
    let mut is_first = true;
    let ticket = jit
        .reoptimize("apply")
        .expect("it exists")
        .transform(move |_, _| {
            // It starts again when the redefinition is over.
            if std::mem::take(&mut is_first) {
                tell.send(())?;
                gate.recv()?;
            }
            Ok(())
        })
        .submit();
    is_sliced.recv().expect("the worker has the old body");
    redefine(&jit, "scale", &scale(3));
    assert_eq!(unary(&jit, "apply", 5), 16);
    release.send(()).expect("the worker waits");
    wait_for(&events, "apply", |kind| {
        matches!(kind, EventKind::PromotionRestarted { .. })
    });
    ticket.wait().expect("it compiles");
    assert_eq!(unary(&jit, "apply", 5), 16);
    // The version with the old body does not come back either.
    let refused = jit.rollback("apply", old);
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(unary(&jit, "apply", 5), 16);
}

#[test]
fn threads_that_call_see_each_body_in_turn() {
    let _many = MAPPINGS.read();
    let jit = load(with_threshold(50), SCALED);
    let (stop, least) = (AtomicBool::new(false), AtomicI64::new(2));
    let call = || {
        let apply = jit.function::<Unary>("apply").expect("it exists");
        let mut last = 0;
        while !stop.load(Ordering::Relaxed) {
            // What had been redefined when the call began is the least that it may see.
            let at_least = least.load(Ordering::SeqCst);
            // SAFETY: a function of that type.
            let factor = unsafe { apply.call(1) } - 1;
            assert!(factor >= at_least, "{factor} after {at_least}");
            assert!(factor >= last, "{factor} after {last}");
            last = factor;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(call)).collect();
        for factor in 3..60 {
            redefine(&jit, "scale", &scale(factor));
            least.store(factor, Ordering::SeqCst);
        }
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().expect("it saw what it should");
        }
    });
    assert_eq!(unary(&jit, "apply", 1), 60);
}

#[test]
fn two_that_redefine_at_once_agree() {
    let _many = MAPPINGS.read();
    let jit = load(with_threshold(10), SCALED);
    std::thread::scope(|scope| {
        for first in [100, 1000] {
            let jit = &jit;
            scope.spawn(move || {
                for factor in first..first + 20 {
                    redefine(jit, "scale", &scale(factor));
                    unary(jit, "apply", 1);
                }
            });
        }
    });
    let factor = unary(&jit, "scale", 1);
    assert!([119, 1019].contains(&factor), "{factor}");
    assert_eq!(unary(&jit, "apply", 1), factor + 1);
    optimize(&jit, "apply");
    assert_eq!(unary(&jit, "apply", 1), factor + 1);
}

#[test]
fn a_thousand_redefinitions_leave_no_modules() {
    let _many = MAPPINGS.read();
    let jit = quiet(SCALED);
    for factor in 1..=1000 {
        redefine(&jit, "scale", &scale(factor));
        if factor % 100 == 0 {
            assert_eq!(unary(&jit, "apply", 1), factor + 1);
        }
    }
    let names: Vec<_> = jit
        .modules()
        .iter()
        .map(|module| module.name().to_owned())
        .collect();
    assert_eq!(names, ["test.ll", "new.ll"]);
}

#[test]
fn modules_that_are_needed_stay() {
    let jit = with_threshold(u64::MAX).build().expect("it starts");
    // SAFETY: the test's own modules.
    let original =
        unsafe { jit.add_module(ModuleSource::bytes("original.ll", SCALED)) }.expect("it links");
    let done = redefine(&jit, "scale", &scale(3));
    // SAFETY: nothing of it runs.
    let refused = unsafe { jit.remove_module(&done.module) };
    assert!(matches!(refused, Err(Error::Link(_))), "{refused:?}");
    assert_eq!(unary(&jit, "apply", 5), 16);
    // SAFETY: as above.
    unsafe { jit.remove_modules(&[original, done.module]) }.expect("they go together");
    assert!(jit.function::<Unary>("scale").is_err());
    add(&jit, SCALED).expect("its names are free");
    assert_eq!(unary(&jit, "apply", 5), 11);
    redefine(&jit, "scale", &scale(4));
    assert_eq!(unary(&jit, "apply", 5), 21);
}
