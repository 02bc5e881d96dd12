//! Native objects and archives in a program that runs.

use std::fs;

use tiered_jit::{Error, Module, ModuleSource, TieredJit};
use tjit_test_util::{Lang, archive, bitcode_file, native_object};

use crate::support::{TALLY, add, nullary, quiet, unary};
use crate::unload::{TURN, builder, fork_once, noisy, notes, remove, users};

#[track_caller]
fn try_add(jit: &TieredJit, name: &str, source: &str, lang: Lang) -> Result<Module, Error> {
    let object = fs::read(native_object(source, lang, &["-O1"])).expect("it was just written");
    // SAFETY: the tests' own objects.
    unsafe { jit.add_module(ModuleSource::bytes(name, object)) }
}

#[track_caller]
fn add_c(jit: &TieredJit, name: &str, source: &str) -> Module {
    try_add(jit, name, source, Lang::C).expect("it links")
}

#[track_caller]
fn add_cpp(jit: &TieredJit, name: &str, source: &str) -> Module {
    try_add(jit, name, source, Lang::Cxx).expect("it links")
}

/// Calls a function that may end early.
fn call(jit: &TieredJit, name: &str) -> Result<i64, Error> {
    let function = jit
        .function::<unsafe extern "C-unwind" fn() -> i64>(name)
        .expect("it exists");
    // SAFETY: a function of that type, which leaves nothing to be dropped.
    unsafe { jit.protect(|| function.call()) }
}

#[test]
fn an_object_ends_alone_and_in_order() {
    let _turn = TURN.lock();
    let jit = builder(1).build().expect("it starts");
    let one = add_cpp(&jit, "one.o", &noisy(1, ""));
    let two = add_cpp(&jit, "two.o", &noisy(2, ""));
    for start in ["start1", "start2", "again1", "again2"] {
        nullary(&jit, start);
    }
    notes();
    fork_once();
    assert_eq!(notes(), [277, 177]);
    remove(&jit, &[one]).expect("nobody uses it");
    assert_eq!(notes(), [14, 13, 12, 11, 18, 19]);
    fork_once();
    assert_eq!(notes(), [277], "its fork handler is gone");
    let gone = jit.function::<unsafe extern "C" fn()>("start1");
    assert!(gone.is_err(), "{gone:?}");
    // It comes back, and begins at the beginning.
    let one = add_cpp(&jit, "one.o", &noisy(1, ""));
    nullary(&jit, "start1");
    remove(&jit, &[two, one]).expect("nobody uses them");
    assert_eq!(
        notes(),
        [13, 12, 11, 18, 19, 24, 23, 22, 21, 28, 29],
        "one order"
    );
    drop(jit);
    assert_eq!(notes(), []);
}

#[test]
fn users_of_an_object_are_named() {
    let jit = quiet("declare i64 @f()\ndefine i64 @g() {\n  %r = call i64 @f()\n  ret i64 %r\n}\n");
    let object = add_c(&jit, "f.o", "long f(void) { return 5; }");
    assert_eq!(nullary(&jit, "g"), 5);
    let users = users(remove(&jit, &[object]));
    assert_eq!(users, [("test.ll".to_owned(), "f".to_owned())]);
}

#[test]
fn what_an_object_calls_may_be_undefined_until_then() {
    let jit = quiet(TALLY);
    let source = "long later(void); long native_later(void);
        long uses(void) { return later() + 1; }
        long uses_native(void) { return native_later() + 1; }";
    add_c(&jit, "uses.o", source);
    let error = call(&jit, "uses").expect_err("nobody defines it");
    assert!(
        matches!(&error, Error::Undefined { symbol, .. } if symbol == "later"),
        "{error}"
    );
    add(&jit, "define i64 @later() {\n  ret i64 7\n}\n").expect("it may come later");
    assert_eq!(call(&jit, "uses").expect("it is there"), 8);
    add_c(&jit, "later.o", "long native_later(void) { return 8; }");
    assert_eq!(call(&jit, "uses_native").expect("it is there"), 9);
}

#[test]
fn what_an_object_takes_the_address_of_must_be_there() {
    let jit = quiet(TALLY);
    let source =
        "long later(void); long (*pointer)(void) = later; long uses(void) { return later(); }";
    let error = try_add(&jit, "uses.o", source, Lang::C)
        .expect_err("it may be data")
        .to_string();
    assert!(error.contains("undefined symbol: `later`"), "{error}");
    assert!(error.contains("`uses.o`"), "{error}");
    // What is called can't become data.
    add_c(
        &jit,
        "calls.o",
        "long later(void); long calls(void) { return later(); }",
    );
    let error = add(&jit, "@later = global i64 0\n").expect_err("it is called");
    assert_eq!(
        error.to_string(),
        "symbol `later` is a function in `calls.o` and a variable in `test.ll`"
    );
}

#[test]
fn a_function_that_was_undefined_has_one_address() {
    let ir = "declare i64 @later()
        define i64 @uses() {\n  %r = call i64 @later()\n  ret i64 %r\n}
        define ptr @address_in_module() {\n  ret ptr @later\n}";
    let jit = quiet(ir);
    let before = nullary(&jit, "address_in_module");
    let source = "long later(void) { return 3; }
        long calls(void) { return later() + 1; }
        typedef long (*Pointer)(void);
        Pointer pointer = later;
        Pointer address_in_object(void) { return later; }
        Pointer address_in_data(void) { return pointer; }";
    add_c(&jit, "later.o", source);
    add_c(
        &jit,
        "other.o",
        "long later(void); void *address_in_other(void) { return (void *)later; }",
    );
    add(
        &jit,
        "declare i64 @later()\ndefine ptr @address_in_later_module() {\n  ret ptr @later\n}\n",
    )
    .expect("it links");
    for address in [
        "address_in_module",
        "address_in_object",
        "address_in_data",
        "address_in_other",
        "address_in_later_module",
    ] {
        assert_eq!(nullary(&jit, address), before, "{address}");
    }
    assert_eq!(nullary(&jit, "uses"), 3);
    assert_eq!(nullary(&jit, "calls"), 4);
    assert_eq!(nullary(&jit, "later"), 3);
    let error = jit.reoptimize("later").expect_err("it has no body to read");
    assert!(matches!(error, Error::Native(_)), "{error}");
}

#[test]
fn objects_have_ifuncs() {
    let jit = quiet(
        "declare i64 @chosen(i64)
        define i64 @in_module(i64 %x) {\n  %r = call i64 @chosen(i64 %x)\n  ret i64 %r\n}
        define ptr @address_in_module() {\n  ret ptr @chosen\n}",
    );
    let source = "typedef long (*Pointer)(long);
        static long one(long x) { return x + 1; }
        static volatile int usual = 1;
        static Pointer resolve(void) { return usual ? one : 0; }
        long chosen(long) __attribute__((ifunc(\"resolve\")));
        long directly(long) __attribute__((ifunc(\"resolve\")));
        long in_object(long x) { return chosen(x) + directly(x); }
        Pointer pointer = chosen;
        Pointer address_in_object(void) { return chosen; }
        Pointer address_in_data(void) { return pointer; }";
    let object = add_c(&jit, "ifunc.o", source);
    assert_eq!(unary(&jit, "in_module", 1), 2);
    assert_eq!(unary(&jit, "in_object", 1), 4);
    assert_eq!(unary(&jit, "chosen", 4), 5);
    let address = nullary(&jit, "address_in_module");
    assert_eq!(nullary(&jit, "address_in_object"), address);
    assert_eq!(nullary(&jit, "address_in_data"), address);
    let users = users(remove(&jit, &[object]));
    assert_eq!(users, [("test.ll".to_owned(), "chosen".to_owned())]);
}

#[test]
fn exceptions_pass_between_objects_and_modules() {
    let jit = quiet(TALLY);
    let thrower = "#include <stdexcept>
        extern \"C\" long calls_back(long (*f)(long), long x) {
          try { return f(x); } catch (const std::out_of_range &) { return -2; }
        }
        extern \"C\" long throws(long x) { if (x > 3) throw std::runtime_error(\"big\"); return x; }";
    add_cpp(&jit, "thrower.o", thrower);
    let catcher = "#include <stdexcept>
        extern \"C\" long throws(long);
        extern \"C\" long calls_back(long (*)(long), long);
        static long back(long x) {
          if (x == 1) throw std::out_of_range(\"one\");
          if (x == 2) throw std::length_error(\"two\");
          return x;
        }
        extern \"C\" long catches(long x) {
          try { return throws(x); } catch (const std::runtime_error &) { return -1; }
        }
        extern \"C\" long through(long x) {
          try { return calls_back(back, x); } catch (const std::length_error &) { return -3; }
        }";
    let bitcode = fs::read(bitcode_file(catcher, Lang::Cxx, &["-O1"])).expect("it was written");
    // SAFETY: the test's own module.
    unsafe { jit.add_module(ModuleSource::bytes("catcher", bitcode)) }.expect("it links");
    assert_eq!(unary(&jit, "catches", 1), 1);
    assert_eq!(unary(&jit, "catches", 5), -1);
    assert_eq!(unary(&jit, "through", 1), -2);
    assert_eq!(unary(&jit, "through", 2), -3);
    assert_eq!(unary(&jit, "through", 3), 3);
}

#[test]
fn archives_may_hold_both() {
    let jit = quiet("declare i64 @f()\ndefine i64 @g() {\n  %r = call i64 @f()\n  ret i64 %r\n}\n");
    let native = native_object(
        "long h(void); long f(void) { return h() + 1; }",
        Lang::C,
        &[],
    );
    let bitcode = bitcode_file("long h(void) { return 40; }", Lang::C, &["-O1"]);
    let unused = native_object(
        "extern int missing; int *unused(void) { return &missing; }",
        Lang::C,
        &[],
    );
    let uses = "long f(void); long start(void) { return f() + 1; }";
    let uses = native_object(uses, Lang::C, &[]);
    let members = archive(&[unused, bitcode, native]);
    // SAFETY: the test's own modules.
    let modules =
        unsafe { jit.add_modules([ModuleSource::file(uses), ModuleSource::file(members)]) };
    assert_eq!(modules.expect("they link").len(), 3);
    assert_eq!(nullary(&jit, "start"), 42);
    assert_eq!(nullary(&jit, "g"), 41);
}

#[test]
fn the_entry_may_be_in_an_archive() {
    let jit = quiet(TALLY);
    let main = "int helper(void); int main(void) { return helper() + 1; }";
    let main = bitcode_file(main, Lang::C, &["-O1"]);
    let helper = native_object("int helper(void) { return 6; }", Lang::C, &[]);
    let members = ModuleSource::file(archive(&[helper, main]));
    // SAFETY: the test's own program.
    let code = unsafe { jit.run_program([members], "main", &[]) };
    assert_eq!(code.expect("it is found"), 7);
}

#[test]
fn objects_that_can_not_be_linked_say_why() {
    let jit = quiet(TALLY);
    let twice = try_add(&jit, "twice.o", "long twice(long x) { return x; }", Lang::C);
    assert_eq!(
        twice.expect_err("it is there already").to_string(),
        "duplicate symbol `twice`: defined in `test.ll` and in `twice.o`"
    );
    let path = native_object("int whole(void) { return 1; }", Lang::C, &[]);
    let whole = fs::read(path).expect("it was written");
    for length in [5, 63, 64, 200, whole.len() - 1] {
        let source = ModuleSource::bytes("cut.o", &whole[..length]);
        // SAFETY: it does not get far.
        let error = unsafe { jit.add_module(source) }.expect_err("it is not whole");
        let error = error.to_string();
        assert!(error.contains("cut.o"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
    // Nothing has changed.
    assert_eq!(nullary(&jit, "tally"), 1);
    add_c(&jit, "fine.o", "long fine(void) { return 6; }");
    assert_eq!(nullary(&jit, "fine"), 6);
}
