//! What requests may ask for.

use std::time::Duration;

use tiered_jit::{Constant, Error, EventKind, FactCounts, OptLevel, TieredJit};

use crate::support::{
    TALLY, Unary, bodies, load, load_cpp, quiet, sizes, unary, wait_for, with_threshold,
};

const LOOPS: &str = r#"
define i64 @sum(ptr %p, i64 %n) {
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %body ]
  %acc = phi i64 [ 0, %entry ], [ %add, %body ]
  %more = icmp slt i64 %i, %n
  br i1 %more, label %body, label %end
body:
  %at = getelementptr inbounds i64, ptr %p, i64 %i
  %v = load i64, ptr %at
  %add = add i64 %acc, %v
  %next = add i64 %i, 1
  br label %head
end:
  ret i64 %acc
}
"#;

#[test]
fn a_level_decides_how_much_is_optimised() {
    let jit = quiet(LOOPS);
    for level in [OptLevel::O3, OptLevel::Oz, OptLevel::O0] {
        let request = jit.reoptimize("sum").expect("it exists");
        request.level(level).wait().expect("it compiles");
    }
    let [o3, oz, o0] = sizes(&jit, "sum")[..] else {
        panic!("three versions were made")
    };
    assert!(oz < o0 && o0 < o3, "{oz} {o0} {o3}");
}

#[test]
fn the_last_of_merged_requests_decides_level_and_pipeline_together() {
    let jit = quiet(LOOPS);
    let alone = jit.reoptimize("sum").expect("it exists");
    let alone = alone.level(OptLevel::Oz).wait().expect("it compiles").size;
    let request = || jit.reoptimize("sum").expect("it exists");
    let (release, gate) = std::sync::mpsc::channel::<()>();
    let (begin, begun) = std::sync::mpsc::channel::<()>();
    let held = request().transform(move |_, _| {
        begin.send(())?;
        gate.recv().map_err(Into::into)
    });
    let held = held.submit();
    // The others meet while it is compiled, and so each other.
    begun.recv().expect("it is compiled");
    let first = request().pipeline("no-op-module").submit();
    let last = request().level(OptLevel::Oz).submit();
    // It has nothing to say of that.
    let other = request().features("-sse3").submit();
    release.send(()).expect("the worker waits");
    held.wait().expect("it compiles");
    for ticket in [first, last, other] {
        assert_eq!(ticket.wait().expect("it compiles").size, alone);
    }
}

#[test]
fn features_are_checked_before_anything_is_compiled() {
    let jit = quiet(TALLY);
    for changes in ["+no-such-feature", "avx2", "-sse2"] {
        let request = jit.reoptimize("twice").expect("it exists");
        let ticket = request.features(changes).submit();
        assert_eq!(ticket.outcome(), None);
        let error = ticket.wait().expect_err(changes);
        assert!(matches!(error, Error::CompileLayer(_)), "{error}");
    }
    assert_eq!(bodies(&jit, "twice"), [""; 0]);
    let request = jit.reoptimize("twice").expect("it exists");
    request
        .features("-avx512f,-avx2")
        .wait()
        .expect("it compiles");
    assert_eq!(unary(&jit, "twice", 4), 8);
}

/// The versions after it know neither the argument nor that there was one.
#[test]
fn a_specialised_version_is_right_for_all_arguments() {
    let jit = quiet(TALLY);
    let request = jit.reoptimize("twice").expect("it exists");
    let version = request.specialize("x", 21_i64).wait().expect("it compiles");
    let expected = FactCounts {
        arguments: 1,
        ..FactCounts::default()
    };
    assert_eq!(version.facts, expected);
    for argument in [21, 20, -1, i64::MAX / 4] {
        assert_eq!(unary(&jit, "twice", argument), argument * 2);
    }
    // Once more, for another value; and nobody compares what is vouched for.
    let request = || jit.reoptimize("twice").expect("it exists");
    let both = request()
        .specialize(0, 1)
        .transform(|_, _| Ok(()))
        .specialize(0, 2);
    assert_eq!(both.wait().expect("it compiles").facts.arguments, 2);
    for argument in [1, 2, 3] {
        assert_eq!(unary(&jit, "twice", argument), argument * 2);
    }
    // SAFETY: it is called with that.
    let vouched = unsafe { request().specialize_unchecked(0, 5) };
    vouched.wait().expect("it compiles");
    assert_eq!(unary(&jit, "twice", 5), 10);
    assert_eq!(unary(&jit, "twice", 6), 10, "it was vouched for");
}

#[test]
fn what_can_not_be_specialised_is_an_error_that_says_why() {
    let jit = quiet(TALLY);
    let request = || jit.reoptimize("twice").expect("it exists");
    for (request, words) in [
        (request().specialize(1, 0), "1 parameters: x"),
        (request().specialize("y", 0), "1 parameters: x"),
        (request().specialize(0, 1.5), "can't be 1.5"),
        (request().specialize(0, 1).specialize("x", 2), "twice"),
        (
            request().specialize(0, Constant::Function("nobody".into())),
            "nobody",
        ),
    ] {
        let error = request.wait().expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// One of each way to pass arguments and leave functions, as compilers have them.
#[test]
fn specialised_functions_are_called_as_before() {
    let jit = load_cpp(
        with_threshold(u64::MAX),
        r#"
        #include <cstdarg>
        #include <string>
        struct Big { long a[8]; };
        static int calls;
        static void call() { ++calls; }
        static void other() { calls += 100; }
        extern "C" {
        long sum(int n, ...) {
          va_list list;
          va_start(list, n);
          double total = 0;
          for (int i = 0; i < n; ++i) total += i % 2 ? va_arg(list, double) : va_arg(list, long);
          va_end(list);
          return total;
        }
        Big make(Big from, int at) { from.a[at] += 1; return from; }
        void thrower(int n) { std::string s(n, 'x'); if (n == 3) throw s; }
        void apply(void (*f)()) { f(); }
        __int128 wide(__int128 x, bool b) { return b ? x : -x; }
        long all() {
          long result = sum(4, 1L, 2.0, 3L, 4.0) + sum(2, 5L, 6.0) * 1000;
          Big big = {};
          big = make(make(big, 3), 4);
          result += (big.a[3] * 10 + big.a[4]) * 1000000;
          for (int n = 2; n < 5; ++n)
            try { thrower(n); } catch (std::string &s) { result += s.size() * 1000000000L; }
          calls = 0;
          apply(call);
          apply(other);
          result += calls * 10000000000L;
          result += (wide(7, true) == 7 && wide(7, false) == -7 && wide(8, true) == 8) * 10000000000000L;
          return result;
        }
        }
        "#,
    );
    // SAFETY: of that type.
    let all = || unsafe {
        jit.function::<unsafe extern "C" fn() -> i64>("all")
            .expect("it")
            .call()
    };
    let expected = all();
    let request = |name| jit.reoptimize(name).expect("it exists");
    let tickets = [
        request("sum").specialize(0, 4),
        // The result, the copy, and then the number.
        request("make").specialize(2, 3),
        request("thrower").specialize(0, 3),
        request("apply").specialize(0, Constant::Function("call".into())),
        request("wide").specialize(0, 7).specialize(1, true),
    ];
    for request in tickets {
        let name = request.symbol().to_owned();
        let error = |error| panic!("{name}: {error}");
        request.wait().unwrap_or_else(error);
    }
    assert_eq!(all(), expected);
}

#[test]
fn a_pointer_to_a_variable_is_compared_by_its_address() {
    let ir = r#"
        @table = global [2 x i64] [i64 3, i64 4]
        @other = global [2 x i64] [i64 5, i64 6]
        define i64 @first(ptr %p) {
          %v = load i64, ptr %p
          ret i64 %v
        }
        define i64 @both(i64 %x) {
          %a = call i64 @first(ptr @table)
          %b = call i64 @first(ptr @other)
          %r = mul i64 %a, %b
          ret i64 %r
        }"#;
    let jit = quiet(ir);
    let request = || jit.reoptimize("first").expect("it exists");
    let table = || Constant::Variable("table".into());
    assert_eq!(unary(&jit, "both", 0), 15);
    request()
        .specialize("p", table())
        .wait()
        .expect("it compiles");
    assert_eq!(unary(&jit, "both", 0), 15);
    // SAFETY: nothing that is called passes another, but for what shows that it is not compared.
    let vouched = unsafe { request().specialize_unchecked("p", table()) };
    vouched.wait().expect("it compiles");
    assert_eq!(unary(&jit, "both", 0), 9);
}

#[test]
fn functions_are_chosen_by_pattern() {
    let jit = load_cpp(
        with_threshold(u64::MAX),
        "struct Shape { long area(int) const; long area(long) const; long edges() const; };\n\
         long Shape::area(int) const { return 1; }\nlong Shape::area(long) const { return 2; }\n\
         long Shape::edges() const { return 3; }\nextern \"C\" long shape() { return 4; }",
    );
    let all = jit.reoptimize_all("Shape::*").expect("there are some");
    assert_eq!(all.symbols().len(), 3);
    let tickets = all.each(|request| request.level(OptLevel::O1)).submit();
    assert_eq!(tickets.iter().count(), 3);
    for version in tickets.wait() {
        version.expect("it compiles");
    }
    assert_eq!(bodies(&jit, "_ZNK5Shape5edgesEv").len(), 1);
    assert_eq!(bodies(&jit, "shape").len(), 0);
    let areas = jit.reoptimize_all("*::area").expect("there are some");
    assert_eq!(areas.into_iter().count(), 2);
    let error = jit.reoptimize_all("Circle::*").expect_err("there is none");
    assert!(matches!(error, Error::NoMatch(_)), "{error}");
    let everything = jit.reoptimize_all("*").expect("there are some").submit();
    assert!(everything.cancel() <= 4);
}

#[test]
fn functions_are_chosen_by_address() {
    let jit = quiet(TALLY);
    let pointer = jit.function::<Unary>("twice").expect("it exists");
    let stub = pointer.address() as *const ();
    let request = jit.reoptimize_at(stub).expect("it is a function's");
    assert_eq!(request.symbol(), "twice");
    let version = request.wait().expect("it compiles");
    for offset in [0, version.size - 1] {
        let inside = (version.address + offset) as *const ();
        let request = jit.reoptimize_at(inside).expect("it is in its code");
        assert_eq!(request.symbol(), "twice");
    }
    let ours = &raw const jit;
    for elsewhere in [std::ptr::null(), ours.cast(), usize::MAX as *const ()] {
        let error = jit.reoptimize_at(elsewhere).expect_err("it is not");
        assert!(matches!(error, Error::NotOurs(_)), "{error}");
    }
}

fn ends_in_baseline(jit: &TieredJit, name: &str, words: &str) {
    let events = jit.subscribe(64.try_into().expect("not zero"));
    for _ in 0..10 {
        unary(jit, name, 1);
    }
    let failed = wait_for(&events, name, |kind| {
        matches!(kind, EventKind::PromotionFailed { .. })
    });
    let EventKind::PromotionFailed { reason, .. } = failed else {
        panic!("that is what was waited for")
    };
    assert!(reason.contains(words), "{reason}");
    assert_eq!(bodies(jit, name), [format!("{name}_baseline")]);
    assert_eq!(unary(jit, name, 4), 8);
    // Who asks for it gets it, whatever it costs.
    let version = jit.reoptimize(name).expect("it exists").wait();
    assert!(version.is_ok(), "{version:?}");
}

#[test]
fn what_is_too_large_stays_at_the_baseline() {
    let builder = with_threshold(5).unit_limit(1.try_into().expect("not zero"));
    ends_in_baseline(&load(builder, TALLY), "twice", "unit_limit");
}

#[test]
fn what_takes_too_long_stays_at_the_baseline() {
    let builder = with_threshold(5).compile_deadline(Duration::ZERO);
    ends_in_baseline(&load(builder, TALLY), "twice", "compile_deadline");
}
