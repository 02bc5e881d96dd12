//! Functions that a resolver chooses, and resolvers that fail.

use tiered_jit::{Error, ModuleSource, TieredJit};
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::support::{load, nullary, unary, with_threshold};

type Unwinding = unsafe extern "C-unwind" fn(i64) -> i64;

/// A resolver that fails as `body` says, beside a constructor and a function that have nothing to do with it.
fn failing(body: &str) -> (TieredJit, Result<(), Error>) {
    let jit = with_threshold(2).build().expect("the JIT starts");
    let source = format!(
        "#include <stdexcept>\ntypedef long (*Function)(long);\nextern \"C\" {{\nlong missing(long);\nlong one(long x) {{ return x + 1; }}\n\
         long chosen(long);\nstatic long constructed;\nlong constructed_now() {{ return constructed; }}\n\
         Function resolve() {{ {body} }}\n\
         long chosen(long) __attribute__((ifunc(\"resolve\")));\n\
         long calls(long x) {{ return chosen(x) + 1; }}\n}}\n\
         __attribute__((constructor)) static void construct() {{ constructed = 1; }}\n"
    );
    let flags = ["-O1", "-Xclang", "-disable-llvm-passes"];
    let bitcode = compile_to_bitcode(source.as_str(), Lang::Cxx, &flags);
    // SAFETY: the tests' own programs.
    let result = unsafe { jit.add_module(ModuleSource::bytes("ifunc.cpp", bitcode)) };
    (jit, result.map(drop))
}

#[track_caller]
fn check_failed(error: &Error, words: &str) {
    let Error::IFunc { symbol, reason } = error else {
        panic!("{error:?}")
    };
    assert_eq!(symbol, "chosen");
    assert!(reason.contains(words), "{reason}");
}

#[test]
fn a_resolver_that_fails_is_an_error() {
    for (body, words) in [
        ("return nullptr;", "its resolver returned null"),
        (
            "return chosen;",
            "its resolver returned the function itself",
        ),
        (
            "throw std::runtime_error(\"no choice\");",
            "it threw `std::runtime_error`: no choice",
        ),
        ("missing(1); return one;", "`resolve` calls `missing`"),
        ("return chosen(1) ? one : one;", "calls the function itself"),
    ] {
        let (jit, result) = failing(body);
        check_failed(&result.expect_err("the resolver fails"), words);
        assert_eq!(nullary(&jit, "constructed_now"), 0, "{body}");
        assert_eq!(unary(&jit, "one", 1), 2, "the program can be used");
        for name in ["calls", "chosen"] {
            let function = jit.function::<Unwinding>(name).expect("it exists");
            // SAFETY: that is its type, and nothing is to be dropped.
            let called = unsafe { jit.protect(|| function.call(1)) };
            check_failed(&called.expect_err("the resolver is not asked again"), words);
        }
    }
}

const CHAIN: &str = "@asked = global i64 0\n\
    define i64 @late(i64 %x) {\n  %y = mul i64 %x, 3\n  ret i64 %y\n}\n\
    define ptr @resolve_first() {\n  %y = call i64 @second(i64 1)\n  %odd = icmp eq i64 %y, 3\n  \
    %f = select i1 %odd, ptr @second, ptr null\n  ret ptr %f\n}\n\
    define ptr @resolve_second() {\n  %n = load i64, ptr @asked\n  %m = add i64 %n, 1\n  store i64 %m, ptr @asked\n  ret ptr @late\n}\n\
    @first = ifunc i64 (i64), ptr @resolve_first\n@second = ifunc i64 (i64), ptr @resolve_second\n\
    define i64 @asked_now() {\n  %n = load i64, ptr @asked\n  ret i64 %n\n}\n\
    define i64 @calls(i64 %x) {\n  %a = call i64 @first(i64 %x)\n  %b = call i64 @second(i64 %a)\n  ret i64 %b\n}\n";

#[test]
fn resolvers_run_once_in_the_order_of_their_need() {
    let jit = load(with_threshold(2), CHAIN);
    assert_eq!(nullary(&jit, "asked_now"), 1);
    for x in 1..10 {
        assert_eq!(unary(&jit, "calls", x), 9 * x);
        assert_eq!(unary(&jit, "first", x), 3 * x);
    }
    assert_eq!(nullary(&jit, "asked_now"), 1);
    let refused = jit.reoptimize("first");
    assert!(
        matches!(&refused, Err(Error::NoBody(name)) if name == "first"),
        "{refused:?}"
    );
    jit.reoptimize("calls")
        .expect("it exists")
        .wait()
        .expect("it compiles");
    assert_eq!(unary(&jit, "calls", 2), 18);
    jit.reoptimize("late")
        .expect("it exists")
        .wait()
        .expect("it compiles");
    assert_eq!(
        unary(&jit, "first", 2),
        6,
        "it follows the versions of what was chosen"
    );
}
