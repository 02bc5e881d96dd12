//! What optimised code relies on, and what happens when that changes.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;

use tiered_jit::{
    Cause, Error, EventKind, EventReceiver, FactCounts, LinkError, ModuleSource, TieredJit,
    Tiering, Unfreezable,
};

use crate::support::{
    add, bodies, load, load_cpp, nullary, quiet, unary, wait_for, with_threshold,
};

const CAPACITY: NonZeroUsize = NonZeroUsize::new(1 << 16).expect("not zero");

/// Two functions that use a variable, one that does not, and one that writes it.
const RATES: &str = r#"
@rate = global i64 3
@base = internal global i64 100
define i64 @scaled(i64 %x) {
  %rate = load i64, ptr @rate
  %y = mul i64 %x, %rate
  ret i64 %y
}
define i64 @shifted(i64 %x) {
  %rate = load i64, ptr @rate
  %base = load i64, ptr @base
  %y = add i64 %x, %base
  %z = add i64 %y, %rate
  ret i64 %z
}
define i64 @based(i64 %x) {
  %base = load i64, ptr @base
  %y = add i64 %x, %base
  ret i64 %y
}
define i64 @set_rate(i64 %x) {
  store i64 %x, ptr @rate
  store i64 0, ptr @unrelated
  ret i64 0
}
define i64 @set_base(i64 %x) {
  store i64 %x, ptr @base
  ret i64 0
}
@unrelated = global i64 0
"#;

fn freeze(jit: &TieredJit, name: &str) -> tiered_jit::Frozen {
    // SAFETY: the tests write variables of numbers, whose reads may give whatever.
    unsafe { jit.freeze(name) }.expect("it can be frozen")
}

fn store(jit: &TieredJit, name: &str, value: i64) {
    // SAFETY: as above.
    unsafe { jit.store_frozen(name, &value.to_ne_bytes()) }.expect("it can be stored to");
}

fn optimize(jit: &TieredJit, name: &str) -> FactCounts {
    let request = jit.reoptimize(name).expect("it exists");
    request.wait().expect("it compiles").facts
}

/// Waits until `symbol` has been made anew.
fn renewed(events: &EventReceiver, symbol: &str) -> FactCounts {
    let promoted = wait_for(
        events,
        symbol,
        |kind| matches!(kind, EventKind::Promoted { version } if version.cause == Cause::Renewal),
    );
    match promoted {
        EventKind::Promoted { version } => version.facts,
        other => panic!("{other:?}"),
    }
}

/// The functions that were invalidated since, sorted.
fn invalidated(events: &EventReceiver) -> Vec<String> {
    let mut symbols: Vec<_> = events
        .try_iter()
        .filter(|event| matches!(event.kind, EventKind::Invalidated { .. }))
        .map(|event| event.symbol.to_string())
        .collect();
    symbols.sort();
    symbols
}

fn values(values: usize) -> FactCounts {
    FactCounts {
        values,
        ..FactCounts::default()
    }
}

#[test]
fn a_frozen_value_is_folded_until_it_changes() {
    let jit = quiet(RATES);
    assert_eq!(unary(&jit, "scaled", 10), 30);
    let frozen = freeze(&jit, "rate");
    assert_eq!(
        (&*frozen.symbol, &*frozen.value),
        ("rate", &3_i64.to_ne_bytes()[..])
    );
    assert_eq!(optimize(&jit, "scaled"), values(1));
    unary(&jit, "set_rate", 5);
    assert_eq!(unary(&jit, "scaled", 10), 30, "memory is not looked at");

    let events = jit.subscribe(CAPACITY);
    freeze(&jit, "rate");
    assert_eq!(
        unary(&jit, "scaled", 10),
        50,
        "from when it is frozen again"
    );
    assert_eq!(renewed(&events, "scaled"), values(1));
    assert_eq!(unary(&jit, "scaled", 10), 50);
    unary(&jit, "set_rate", 6);
    assert_eq!(unary(&jit, "scaled", 10), 50);

    assert!(jit.thaw("rate").expect("it exists"));
    assert_eq!(unary(&jit, "scaled", 10), 60);
    assert_eq!(renewed(&events, "scaled"), values(0));
    unary(&jit, "set_rate", 7);
    assert_eq!(unary(&jit, "scaled", 10), 70);
    assert!(!jit.thaw("rate").expect("it exists"), "it is not frozen");
    assert_eq!(jit.stats().invalidations, 2);
}

#[test]
fn exactly_the_users_are_taken_back() {
    let jit = quiet(RATES);
    let functions = ["scaled", "shifted", "based"];
    for function in functions {
        unary(&jit, function, 1);
    }
    freeze(&jit, "rate");
    freeze(&jit, "base");
    let facts = functions.map(|function| optimize(&jit, function));
    assert_eq!(facts, [values(1), values(2), values(1)]);
    let listed = |symbol: &str| {
        let frozen = jit.frozen();
        let found = frozen
            .iter()
            .find(|frozen| frozen.symbol.starts_with(symbol));
        found.map(|frozen| {
            frozen
                .functions
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(
        listed("rate"),
        Some(vec!["scaled".to_owned(), "shifted".to_owned()])
    );
    assert_eq!(
        listed("base"),
        Some(vec!["shifted".to_owned(), "based".to_owned()])
    );

    let events = jit.subscribe(CAPACITY);
    jit.thaw("rate").expect("it exists");
    assert_eq!(invalidated(&events), ["scaled", "shifted"]);
    assert_eq!(listed("rate"), None);
    for (function, left) in [("scaled", 0), ("shifted", 1)] {
        wait_until_optimised(&jit, function);
        let version = last_version(&jit, function);
        assert_eq!(
            (version.cause, version.facts),
            (Cause::Renewal, values(left))
        );
    }
    store(&jit, "base", 1000);
    assert_eq!(invalidated(&events), ["based", "shifted"]);
    assert_eq!(unary(&jit, "based", 1), 1001);
    assert_eq!(unary(&jit, "shifted", 1), 1004);
    store(&jit, "base", 1000);
    assert_eq!(invalidated(&events), [""; 0], "the value is the same");
    assert_eq!(unary(&jit, "scaled", 1), 3);
    assert_eq!(jit.stats().invalidations, 4);
}

fn last_version(jit: &TieredJit, symbol: &str) -> std::sync::Arc<tiered_jit::VersionInfo> {
    let mut last = None;
    jit.for_each_function(|function| {
        if &**function.symbol() == symbol {
            last = function.versions().pop();
        }
    });
    last.expect("it was compiled")
}

/// A function that is being made anew is optimised when a request for another version has been served.
fn wait_until_optimised(jit: &TieredJit, symbol: &str) {
    let is_optimised = || {
        let mut optimised = false;
        jit.for_each_function(|function| {
            optimised |= &**function.symbol() == symbol
                && function.state() == tiered_jit::FunctionState::Optimized;
        });
        optimised
    };
    while !is_optimised() {
        thread::yield_now();
    }
}

#[test]
fn functions_that_are_warm_profit_from_a_freeze() {
    let jit = quiet(RATES);
    for function in ["scaled", "based"] {
        assert_eq!(optimize(&jit, function), values(0));
    }
    let events = jit.subscribe(CAPACITY);
    freeze(&jit, "rate");
    assert_eq!(renewed(&events, "scaled"), values(1));
    assert_eq!(unary(&jit, "scaled", 4), 12);
    assert_eq!(
        bodies(&jit, "based"),
        ["based_optimized"],
        "it does not use it"
    );
    assert_eq!(jit.stats().invalidations, 0);
}

#[test]
fn a_version_is_made_anew_with_the_transformations_it_was_made_with() {
    let jit = quiet(RATES);
    freeze(&jit, "rate");
    let request = jit.reoptimize("scaled").expect("it exists");
    let tenfold = request.transform(|module, function| {
        let builder = module.get_context().create_builder();
        let entry = function.get_first_basic_block().ok_or("no body")?;
        let last = entry.get_terminator().ok_or("no end")?;
        builder.position_before(&last);
        let result = last
            .get_operand(0)
            .and_then(|operand| operand.value())
            .ok_or("no result")?;
        let result = result.into_int_value();
        let ten = result.get_type().const_int(10, false);
        let tenfold = builder.build_int_mul(result, ten, "tenfold")?;
        builder.build_return(Some(&tenfold))?;
        last.erase_from_basic_block();
        Ok(())
    });
    tenfold.wait().expect("it compiles");
    assert_eq!(unary(&jit, "scaled", 2), 60);
    let events = jit.subscribe(CAPACITY);
    for rate in 4..8 {
        store(&jit, "rate", rate);
        assert_eq!(renewed(&events, "scaled"), values(1));
        assert_eq!(unary(&jit, "scaled", 2), 20 * rate);
    }
    // Somebody wants it plain again.
    optimize(&jit, "scaled");
    assert_eq!(unary(&jit, "scaled", 2), 14);
    store(&jit, "rate", 8);
    assert_eq!(renewed(&events, "scaled"), values(1));
    assert_eq!(unary(&jit, "scaled", 2), 16);
}

#[test]
fn optimised_from_the_start_goes_back_to_the_first_call() {
    let jit = load(with_threshold(1).tiering(Tiering::Optimized), RATES);
    freeze(&jit, "rate");
    assert_eq!(unary(&jit, "scaled", 2), 6);
    for rate in 4..20 {
        store(&jit, "rate", rate);
        assert_eq!(unary(&jit, "scaled", 2), 2 * rate);
    }
    assert!(jit.thaw("rate").expect("it exists"));
    unary(&jit, "set_rate", 40);
    assert_eq!(unary(&jit, "scaled", 2), 80);
    assert!(
        bodies(&jit, "scaled")
            .iter()
            .all(|body| !body.ends_with("_baseline"))
    );
}

#[test]
fn no_call_gives_an_old_value() {
    const CHANGES: i64 = 1_000;
    let jit = load(with_threshold(2), RATES);
    let (stop, calls, changed) = (AtomicBool::new(false), AtomicU64::new(0), AtomicI64::new(3));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    // Acquire: pairs with the store after the change; a call that begins after it must not give less.
                    let least = changed.load(Ordering::Acquire);
                    let found = unary(&jit, "scaled", 1);
                    assert!(
                        (least..=CHANGES + 3).contains(&found),
                        "{found}, not {least} or more"
                    );
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for rate in 4..=CHANGES + 3 {
            match rate % 4 {
                // A program that is frozen, thawed, changed and frozen again.
                0 => {
                    jit.thaw("rate").expect("it exists");
                    unary(&jit, "set_rate", rate);
                    changed.store(rate, Ordering::Release);
                    freeze(&jit, "rate");
                }
                _ => {
                    store(&jit, "rate", rate);
                    changed.store(rate, Ordering::Release);
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(calls.load(Ordering::Relaxed) > 0);
    assert_eq!(unary(&jit, "scaled", 1), CHANGES + 3);
    assert_eq!(jit.stats().failures(), 0);
}

#[test]
fn a_unit_whose_fact_changes_while_it_is_compiled_is_not_published() {
    let jit = quiet(RATES);
    unary(&jit, "scaled", 1);
    freeze(&jit, "rate");
    let events = jit.subscribe(CAPACITY);
    let mut rate = 3;
    // Compiling takes thousands of times as long as a store, so that one falls into it soon.
    let restarted = |events: &EventReceiver| {
        events
            .try_iter()
            .any(|event| matches!(event.kind, EventKind::PromotionRestarted { .. }))
    };
    loop {
        let ticket = jit.reoptimize("scaled").expect("it exists").submit();
        let answer = loop {
            rate += 1;
            store(&jit, "rate", rate);
            if let Some(answer) = ticket.try_wait() {
                break answer;
            }
        };
        answer.expect("it compiles in the end");
        assert_eq!(unary(&jit, "scaled", 1), rate);
        if restarted(&events) {
            break;
        }
    }
    wait_until_optimised(&jit, "scaled");
    assert_eq!(unary(&jit, "scaled", 1), rate);
}

const STATICS: &str = "#include <vector>\nstatic long runs; static long init() { return ++runs * 7; }\n\
    extern \"C\" long get() { static long value = init(); return value; }\n\
    template <class T> struct Table { static std::vector<T> make() { return {1, 2, 3}; }\n\
      static std::vector<T> &get() { static std::vector<T> table = make(); return table; } };\n\
    extern \"C\" long sum() { long sum = 0; for (long x : Table<long>::get()) sum += x; return sum; }\n";

fn ir(directory: &Path, body: &str) -> String {
    std::fs::read_to_string(directory.join(format!("{body}.ll"))).expect("it was written")
}

#[test]
fn guards_that_are_set_are_not_checked() {
    let directory = tjit_test_util::temp_dir();
    let jit = load_cpp(with_threshold(u64::MAX).emit_ir(directory.path()), STATICS);
    for (function, expected) in [("get", 7), ("sum", 6)] {
        assert_eq!(
            optimize(&jit, function),
            FactCounts::default(),
            "nobody has initialised it"
        );
        assert!(
            ir(directory.path(), &format!("{function}_optimized"))
                .contains("call i32 @__cxa_guard_acquire")
        );
        assert_eq!(nullary(&jit, function), expected);
        assert_eq!(optimize(&jit, function).guards, 1);
        let folded = ir(directory.path(), &format!("{function}_v2_optimized"));
        assert!(
            !folded.contains("call i32 @__cxa_guard_acquire"),
            "{folded}"
        );
        assert!(!folded.contains("load atomic i8, ptr @_ZGV"), "{folded}");
        assert_eq!(nullary(&jit, function), expected);
    }
    assert_eq!(jit.stats().invalidations, 0);
}

#[track_caller]
fn expect_refusal(jit: &TieredJit, name: &str, expected: Unfreezable) {
    // SAFETY: nobody writes it.
    match unsafe { jit.freeze(name) } {
        Err(Error::Freeze { reason, .. }) => assert_eq!(reason, expected),
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[test]
fn what_can_not_be_frozen() {
    let jit = load_cpp(
        with_threshold(u64::MAX),
        "extern \"C\" char **environ;\nnamespace app { int rate = 1; thread_local int mine; }\nlong make() { return app::rate++ + app::mine++; }\n\
         extern \"C\" long get() { static long value = make(); return value + (environ != nullptr); }\n\
         extern \"C\" const int limits[] = {1, 2};\nextern \"C\" long limit(int i) { return limits[i]; }\n\
         static long twice(int x) { static long seen; return seen += x; }\n\
         static long twice(long x) { static long seen; return seen += x; }\nextern \"C\" long use() { return twice(1) + twice(1L); }\n",
    );
    expect_refusal(&jit, "app::mine", Unfreezable::ThreadLocal);
    expect_refusal(&jit, "environ", Unfreezable::Host);
    expect_refusal(&jit, "get::value", Unfreezable::Uninitialised);
    nullary(&jit, "get");
    freeze(&jit, "get::value");
    freeze(&jit, "app::rate");
    freeze(&jit, "limits");
    // SAFETY: nothing is stored.
    let constant = unsafe { jit.store_frozen("limits", &[0; 8]) };
    assert!(
        matches!(
            constant,
            Err(Error::Freeze {
                reason: Unfreezable::Constant,
                ..
            })
        ),
        "{constant:?}"
    );
    // SAFETY: nothing is stored.
    let size = unsafe { jit.store_frozen("app::rate", &[0; 8]) };
    let expected = Unfreezable::Size {
        expected: 4,
        found: 8,
    };
    assert!(
        matches!(size, Err(Error::Freeze { reason, .. }) if reason == expected),
        "{size:?}"
    );
    let unknown = jit.thaw("app::rat").expect_err("there is none").to_string();
    assert!(unknown.contains("app::rate"), "{unknown}");
    let Err(Error::Link(ambiguous)) = jit.thaw("twice::seen") else {
        panic!("there are two")
    };
    assert!(
        matches!(&*ambiguous, LinkError::Ambiguous { .. }),
        "{ambiguous}"
    );
}

#[test]
fn a_module_that_comes_later_sees_what_is_frozen() {
    let jit = quiet(RATES);
    freeze(&jit, "rate");
    add(
        &jit,
        "@rate = external global i64\ndefine i64 @later(i64 %x) {\n  %r = load i64, ptr @rate\n  %y = sub i64 %x, %r\n  ret i64 %y\n}\n",
    )
    .expect("it links");
    assert_eq!(optimize(&jit, "later"), values(1));
    store(&jit, "rate", 10);
    assert_eq!(unary(&jit, "later", 11), 1);
}

#[test]
fn what_is_frozen_goes_with_its_module() {
    let jit = quiet("define i64 @other(i64 %x) {\n  ret i64 %x\n}\n");
    for value in 1..4 {
        let ir = format!(
            "@rate = global i64 {value}\ndefine i64 @scaled(i64 %x) {{\n  %r = load i64, ptr @rate\n  %y = mul i64 %x, %r\n  ret i64 %y\n}}\n"
        );
        // SAFETY: the test's own module.
        let module = unsafe { jit.add_module(ModuleSource::bytes("rate.ll", ir)) };
        let module = module.expect("it links");
        freeze(&jit, "rate");
        assert_eq!(optimize(&jit, "scaled"), values(1));
        assert_eq!(unary(&jit, "scaled", 2), 2 * value);
        // SAFETY: nobody uses it any more.
        unsafe { jit.remove_module(&module) }.expect("nobody uses it");
        assert!(jit.frozen().is_empty());
        assert!(jit.thaw("rate").is_err());
    }
}

const SETTLED: &str = "#include <cstdlib>\nstatic long read(const char *text) { return std::atol(text); }\n\
    static long factor = read(\"6\");\nstatic long sizes[] = {1, 2, 3};\nextern long knob; long knob = 4;\n\
    extern \"C\" long scale(long x) { return x * factor; }\n\
    extern \"C\" long total(long x) { return x + sizes[0] + sizes[1] + sizes[2]; }\n\
    extern \"C\" long turned(long x) { return x + knob; }\n\
    extern \"C\" long local(long x) { static long value = read(\"9\"); return x + value; }\n\
    static long written = read(\"1\");\nextern \"C\" long count(long x) { return written += x; }\n";

#[test]
fn what_only_its_initialiser_writes_is_a_constant_when_it_is_done() {
    for tiering in [Tiering::Auto, Tiering::Optimized] {
        let jit = load_cpp(with_threshold(u64::MAX).tiering(tiering), SETTLED);
        let cases = [
            ("scale", 60, 1),
            ("total", 16, 1),
            ("turned", 14, 1),
            ("local", 19, 1),
        ];
        for (function, expected, facts) in cases {
            assert_eq!(unary(&jit, function, 10), expected);
            assert_eq!(optimize(&jit, function).values, facts, "{function}");
            assert_eq!(unary(&jit, function, 10), expected);
        }
        assert_eq!(unary(&jit, "count", 10), 11);
        assert_eq!(optimize(&jit, "count"), values(0));
        assert_eq!(unary(&jit, "count", 10), 21);
        assert_eq!(jit.stats().invalidations, 0);
    }
}

#[test]
fn a_module_that_writes_what_was_settled_takes_it_back_before_it_runs() {
    let jit = load_cpp(with_threshold(u64::MAX), SETTLED);
    for function in ["scale", "turned"] {
        unary(&jit, function, 1);
        assert_eq!(optimize(&jit, function), values(1));
    }
    let events = jit.subscribe(CAPACITY);
    let writer = tjit_test_util::compile_to_bitcode(
        "extern long knob; extern \"C\" long turned(long); static long seen;\n\
         struct Init { Init() { knob = 40; seen = turned(2); } } init;\n\
         extern \"C\" long seen_now() { return seen; }\n",
        tjit_test_util::Lang::Cxx,
        &["-O1", "-Xclang", "-disable-llvm-passes"],
    );
    // SAFETY: the test's own module.
    unsafe { jit.add_module(ModuleSource::bytes("writer.cpp", writer)) }.expect("it links");
    assert_eq!(
        nullary(&jit, "seen_now"),
        42,
        "its constructor sees what it has written"
    );
    assert_eq!(unary(&jit, "turned", 1), 41);
    assert_eq!(invalidated(&events), ["turned"]);
    wait_until_optimised(&jit, "turned");
    assert_eq!(last_version(&jit, "turned").facts, values(0));
}

#[test]
fn what_the_embedder_stores_to_is_not_settled() {
    let jit = load_cpp(with_threshold(u64::MAX), SETTLED);
    unary(&jit, "turned", 1);
    assert_eq!(optimize(&jit, "turned"), values(1));
    store(&jit, "knob", 50);
    assert_eq!(unary(&jit, "turned", 1), 51);
    jit.thaw("knob").expect("it exists");
    assert_eq!(unary(&jit, "turned", 1), 51);
    wait_until_optimised(&jit, "turned");
    assert_eq!(optimize(&jit, "turned"), values(0));
    assert_eq!(unary(&jit, "turned", 1), 51);
}

#[test]
fn who_has_a_handle_on_a_getter_may_write_what_it_returns() {
    let source = "static long level = 3;\nextern \"C\" long *get_level() { return &level; }\n\
        extern \"C\" long use_level(long x) { return x + level; }\n";
    let jit = load_cpp(with_threshold(u64::MAX), source);
    assert_eq!(unary(&jit, "use_level", 1), 4);
    assert_eq!(optimize(&jit, "use_level"), values(1));
    let events = jit.subscribe(CAPACITY);
    let get = jit
        .function::<unsafe extern "C" fn() -> *mut i64>("get_level")
        .expect("it exists");
    assert_eq!(invalidated(&events), ["use_level"]);
    // SAFETY: nobody else uses the variable now.
    unsafe { *get.call() = 10 };
    assert_eq!(unary(&jit, "use_level", 1), 11);
    wait_until_optimised(&jit, "use_level");
    assert_eq!(optimize(&jit, "use_level"), values(0));
    // SAFETY: as above.
    unsafe { *get.call() = 20 };
    assert_eq!(unary(&jit, "use_level", 1), 21);
}
