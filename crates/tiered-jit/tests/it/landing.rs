//! Calls that can't be served, and where the entries end that made them.

use std::cell::Cell;
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};

use tiered_jit::{Error, ModuleSource, TieredJit, Tiering};
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::reclaim::{recompile, until};
use crate::support::{add, load_cpp, nullary, with_threshold};

type Unwinding = unsafe extern "C-unwind" fn(i64) -> i64;

/// `broken` can't be compiled, since its assembly does not assemble. What it is called by has things to destroy.
const PROGRAM: &str = r#"
#include <cstdlib>
#include <pthread.h>
#include <signal.h>
#include <stdexcept>
#include <string>

extern "C" void broken(int);
namespace {
long destroyed, handled;
struct Guard { ~Guard() { ++destroyed; } };
}

extern "C" long destroyed_now() { return destroyed; }
extern "C" long handled_now() { return handled; }
extern "C" long fine(long x) { return x + 1; }

static __attribute__((noinline)) long inner(long x) { Guard guard; broken(static_cast<int>(x)); return x; }
extern "C" long outer(long x) { Guard guard; std::string text(100, 'x'); return inner(x) + static_cast<long>(text.size()); }

extern "C" long rethrows(long x) {
  try { return outer(x); } catch (...) { ++handled; throw; }
}
extern "C" long swallows(long x) {
  try { return outer(x); } catch (...) { ++handled; }
  ++handled;
  return 1;
}
extern "C" long translates(long x) {
  try {
    try { outer(x); } catch (...) { ++handled; throw std::runtime_error("mine"); }
  } catch (const std::exception &) { ++handled; }
  return x;
}
extern "C" long never_throws(long x) noexcept { return outer(x); }

extern "C" long sorts(long) {
  Guard guard;
  int numbers[] = {3, 1, 2};
  std::qsort(numbers, 3, sizeof *numbers, [](const void *a, const void *b) {
    Guard guard;
    broken(0);
    return *static_cast<const int *>(a) - *static_cast<const int *>(b);
  });
  return numbers[0];
}

static void on_signal(int number) { outer(number); }
extern "C" long signals(long) {
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  return 1;
}
"#;

const BROKEN: &str = "define void @broken(i32 %x) {\n  call void asm sideeffect \"frobnicate $0\", \"r\"(i32 %x)\n  ret void\n}\n";

fn program(tiering: Tiering) -> TieredJit {
    let jit = with_threshold(3)
        .tiering(tiering)
        .build()
        .expect("the JIT starts");
    let flags = ["-O1", "-Xclang", "-disable-llvm-passes"];
    let bitcode = compile_to_bitcode(PROGRAM, Lang::Cxx, &flags);
    let modules = [
        ModuleSource::bytes("program.cpp", bitcode),
        ModuleSource::bytes("broken.ll", BROKEN),
    ];
    // SAFETY: what is undefined about it is the assembly, which is never run.
    unsafe { jit.add_modules(modules) }.expect("the modules link");
    jit
}

/// Calls a function of the program under protection.
fn attempt(jit: &TieredJit, name: &str, argument: i64) -> Result<i64, Error> {
    let function = jit.function::<Unwinding>(name).expect(name);
    // SAFETY: that is its type; nothing in the closure needs to be dropped.
    unsafe { jit.protect(|| function.call(argument)) }
}

#[track_caller]
fn check_broken(result: Result<i64, Error>) {
    match result {
        Err(Error::Compile { function, reason }) => {
            assert_eq!(function, "broken");
            assert!(reason.contains("frobnicate"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

const TIERS: [Tiering; 3] = [Tiering::Auto, Tiering::Baseline, Tiering::Optimized];

#[test]
fn destructors_run_and_the_program_goes_on() {
    for tiering in TIERS {
        let jit = program(tiering);
        for round in 1..=5 {
            check_broken(attempt(&jit, "outer", round));
            assert_eq!(nullary(&jit, "destroyed_now"), 2 * round, "{tiering:?}");
            assert_eq!(
                attempt(&jit, "fine", round).expect("it compiles"),
                round + 1
            );
        }
    }
}

#[test]
fn handlers_of_everything_cannot_keep_it() {
    let jit = program(Tiering::Auto);
    for (name, handled) in [("rethrows", 1), ("swallows", 2), ("translates", 4)] {
        check_broken(attempt(&jit, name, 1));
        assert_eq!(nullary(&jit, "handled_now"), handled, "{name}");
    }
}

#[test]
fn frames_of_libc_and_of_signal_handlers_are_crossed() {
    let jit = program(Tiering::Auto);
    for round in 1..=3 {
        check_broken(attempt(&jit, "sorts", 0));
        assert_eq!(nullary(&jit, "destroyed_now"), 4 * round - 2);
        // The signal would stay blocked if the mask were not put back.
        check_broken(attempt(&jit, "signals", 0));
        assert_eq!(nullary(&jit, "destroyed_now"), 4 * round);
    }
}

struct Note<'a>(&'a Cell<u32>);

impl Drop for Note<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn entries_nest_and_rust_drops() {
    let jit = program(Tiering::Auto);
    let outer = jit.function::<Unwinding>("outer").expect("it exists");
    let dropped = Cell::new(0);
    let inner_result = Cell::new(None);
    // SAFETY: that is its type, and a note that is not dropped is no danger.
    let result = unsafe {
        jit.protect(|| {
            let _note = Note(&dropped);
            let inner = jit.protect(|| {
                let _note = Note(&dropped);
                outer.call(1)
            });
            assert_eq!(dropped.get(), 1, "only the inner entry has ended");
            inner_result.set(Some(inner));
            outer.call(2)
        })
    };
    check_broken(result);
    check_broken(inner_result.take().expect("the inner entry came back"));
    assert_eq!(dropped.get(), 2);
    assert_eq!(attempt(&jit, "fine", 1).expect("it compiles"), 2);
}

#[test]
fn panics_pass_through() {
    let jit = program(Tiering::Auto);
    // SAFETY: nothing of the program is called.
    let protected = || unsafe { jit.protect(|| panic!("it is Tuesday")) };
    let panicked: Result<Result<(), Error>, _> = catch_unwind(AssertUnwindSafe(protected));
    let message = panicked.expect_err("it panicked");
    assert_eq!(message.downcast_ref::<&str>(), Some(&"it is Tuesday"));
    check_broken(attempt(&jit, "outer", 1));
}

#[test]
fn other_threads_do_not_notice() {
    let jit = program(Tiering::Auto);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let jit = &jit;
            scope.spawn(move || {
                for round in 0..50 {
                    if thread % 2 == 0 {
                        check_broken(attempt(jit, "outer", round));
                    } else {
                        assert_eq!(attempt(jit, "fine", round).expect("it compiles"), round + 1);
                    }
                }
            });
        }
    });
}

#[test]
fn main_ends_with_the_error() {
    let jit = load_cpp(
        with_threshold(1),
        "extern \"C\" void broken(int x) { __asm__ volatile(\"frobnicate %0\" : : \"r\"(x)); }\n\
         static int seen;\nextern \"C\" long seen_now() { return seen; }\n\
         struct Guard { ~Guard() { ++seen; } };\n\
         int main(int argc, char **) { Guard guard; if (argc > 1) broken(argc); return 7; }\n",
    );
    let arguments = ["program", "call"].map(|argument| CString::new(argument).expect("no NUL"));
    // SAFETY: it is a main, and its assembly is never run.
    let result = unsafe { jit.run_main("main", &arguments) };
    check_broken(result.map(i64::from));
    // SAFETY: as above.
    let result = unsafe { jit.run_main("main", &arguments[..1]) };
    assert_eq!(result.expect("it runs"), 7);
    assert!(nullary(&jit, "seen_now") >= 1);
}

/// Such as a query engine makes: no function has an unwind table.
#[test]
fn frames_without_unwind_information_are_given_up() {
    let jit = with_threshold(2).build().expect("the JIT starts");
    add(&jit, BROKEN).expect("it links");
    let caller = "declare void @broken(i32)\n\
         define i64 @calls(i64 %x) nounwind {\n  %y = trunc i64 %x to i32\n  call void @broken(i32 %y)\n  ret i64 %x\n}\n\
         define i64 @twice(i64 %x) nounwind {\n  %y = mul i64 %x, 2\n  ret i64 %y\n}\n";
    add(&jit, caller).expect("it links");
    for _ in 0..3 {
        check_broken(attempt(&jit, "calls", 4));
        assert_eq!(attempt(&jit, "twice", 4).expect("it compiles"), 8);
    }
}

/// Whoever called the frames that are given up was inside.
#[test]
fn calls_that_are_given_up_hold_nothing_up() {
    // SAFETY: this test enters the program only as the promise says.
    let jit = unsafe { with_threshold(u64::MAX).reclaim() };
    let jit = jit.build().expect("the JIT starts");
    add(&jit, BROKEN).expect("it links");
    let caller = "declare void @broken(i32)\n\
         define i64 @calls(i64 %x) nounwind {\n  %y = trunc i64 %x to i32\n  call void @broken(i32 %y)\n  ret i64 %x\n}\n\
         define i64 @twice(i64 %x) nounwind {\n  %y = mul i64 %x, 2\n  ret i64 %y\n}\n";
    add(&jit, caller).expect("it links");
    let entered = jit.enter();
    for _ in 0..3 {
        check_broken(attempt(&jit, "calls", 4));
        recompile(&jit, "twice");
    }
    until(&jit, |memory| memory.retired == 1);
    assert_eq!(
        jit.code_memory().reclaimed,
        0,
        "this frame was not given up"
    );
    drop(entered);
    until(&jit, |memory| memory.reclaimed == 1);
}

fn construct(source: &str) -> (TieredJit, Result<(), Error>) {
    let jit = with_threshold(1).build().expect("the JIT starts");
    let bitcode = compile_to_bitcode(source, Lang::Cxx, &["-O1"]);
    // SAFETY: the tests' own programs.
    let result = unsafe { jit.add_module(ModuleSource::bytes("constructed.cpp", bitcode)) };
    (jit, result.map(drop))
}

#[test]
fn exceptions_out_of_constructors_are_errors() {
    for (thrown, words) in [
        (
            "std::runtime_error(\"no disk\")",
            "it threw `std::runtime_error`: no disk",
        ),
        ("Mine{}", "it threw `Mine`"),
        ("42", "it threw `int`"),
    ] {
        let (jit, result) = construct(&format!(
            "#include <stdexcept>\nstruct Mine {{}};\nstatic long later;\n\
             extern \"C\" long later_now() {{ return later; }}\n\
             __attribute__((constructor(200))) static void first() {{ throw {thrown}; }}\n\
             __attribute__((constructor(300))) static void second() {{ later = 1; }}\n"
        ));
        let error = result.expect_err("a constructor threw");
        assert!(matches!(&error, Error::Constructor { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().contains("first()"), "{error}");
        assert_eq!(nullary(&jit, "later_now"), 0, "the others have not run");
    }
}

extern "C-unwind" fn host_panics() {
    panic!("the host is out of cheese");
}

#[test]
fn panics_out_of_constructors_are_errors() {
    let pointer = host_panics as extern "C-unwind" fn() as *const ();
    // SAFETY: the module declares it with that type.
    let builder = unsafe { with_threshold(1).define("host_panics", pointer) };
    let jit = builder.build().expect("the JIT starts");
    let module = "declare void @host_panics()\n@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] \
        [{ i32, ptr, ptr } { i32 65535, ptr @start, ptr null }]\n\
        define void @start() uwtable {\n  call void @host_panics()\n  ret void\n}\n";
    let error = add(&jit, module).expect_err("the constructor panics");
    let text = error.to_string();
    assert!(
        text.contains("`start`: it panicked: the host is out of cheese"),
        "{text}"
    );
    assert!(!std::thread::panicking());
    check_fine_after(&jit);
}

fn check_fine_after(jit: &TieredJit) {
    add(jit, "define i64 @after(i64 %x) {\n  ret i64 %x\n}\n").expect("it links");
    assert_eq!(attempt(jit, "after", 3).expect("it compiles"), 3);
}

/// Handlers run when the JIT is dropped; one that can't go on does not keep the next from running.
#[test]
fn errors_in_exit_handlers_are_told() {
    static RAN: AtomicI64 = AtomicI64::new(0);
    static TOLD: AtomicI64 = AtomicI64::new(0);
    // SAFETY: a variable of the declared type, which only the program writes to.
    let builder = unsafe { with_threshold(1).define("ran", RAN.as_ptr().cast_const().cast()) };
    let jit = builder.on_fatal(|error| {
        assert!(matches!(error, Error::Undefined { .. }), "{error:?}");
        TOLD.fetch_add(1, Ordering::Relaxed);
    });
    let jit = jit.build().expect("the JIT starts");
    let source = "#include <cstdlib>\nextern \"C\" long ran;\nextern \"C\" void missing();\n\
        struct First { ~First() { ran += 100; } } first;\n\
        __attribute__((constructor)) static void start() {\n\
          std::atexit([] { ran += 10; });\n  std::atexit([] { missing(); ran = -1; });\n  std::atexit([] { ran += 1; });\n}\n";
    let bitcode = compile_to_bitcode(source, Lang::Cxx, &["-O1"]);
    // SAFETY: the test's own program.
    unsafe { jit.add_module(ModuleSource::bytes("handlers.cpp", bitcode)) }.expect("it links");
    drop(jit);
    assert_eq!(RAN.load(Ordering::Relaxed), 111);
    assert_eq!(TOLD.load(Ordering::Relaxed), 1);
}

#[test]
fn a_constructor_that_calls_what_cannot_be_had() {
    let (jit, result) = construct(
        "extern \"C\" __attribute__((noinline)) void broken(int x) { __asm__ volatile(\"frobnicate %0\" : : \"r\"(x)); }\n\
         extern \"C\" long fine() { return 3; }\n\
         __attribute__((constructor)) static void first() { broken(1); }\n",
    );
    check_broken(result.map(|()| 0));
    assert_eq!(nullary(&jit, "fine"), 3);
}

const USER: &str = "declare i64 @_Z7missingl(i64)\n\
    define i64 @_ZN1n4userEl(i64 %x) {\n  %y = call i64 @_Z7missingl(i64 %x)\n  %z = add i64 %y, 1\n  ret i64 %z\n}\n";

#[test]
fn undefined_functions_name_symbol_and_caller() {
    for tiering in TIERS {
        let builder = with_threshold(1).tiering(tiering);
        let jit = builder.build().expect("the JIT starts");
        add(&jit, USER).expect("it links");
        for _ in 0..3 {
            let error = attempt(&jit, "n::user", 1).expect_err("nobody defines it");
            let Error::Undefined { symbol, caller } = &error else {
                panic!("{error:?}")
            };
            assert_eq!(symbol, "_Z7missingl");
            assert_eq!(caller.as_deref(), Some("n::user(long)"));
            let text = error.to_string();
            assert!(
                text.starts_with("`n::user(long)` calls `missing(long)`, which"),
                "{text}"
            );
        }
        let later = "define i64 @_Z7missingl(i64 %x) {\n  %y = mul i64 %x, 10\n  ret i64 %y\n}\n";
        add(&jit, later).expect("it may come later");
        assert_eq!(attempt(&jit, "n::user", 4).expect("it is there"), 41);
    }
}

/// The library comes while the program runs, as natively with lazy binding.
#[test]
fn undefined_functions_may_come_with_a_library() {
    let files = tjit_test_util::temp_dir();
    let source = files.path().join("late.c");
    std::fs::write(&source, "long late_arrival(long x) { return x * 3; }\n")
        .expect("it can be written");
    let library = files.path().join("liblate_arrival.so");
    let status = std::process::Command::new(tjit_test_util::tool(tjit_test_util::Tool::Clang))
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status();
    assert!(status.expect("clang starts").success());
    let jit = load_cpp(
        with_threshold(2),
        "#include <dlfcn.h>\nextern \"C\" long late_arrival(long);\n\
         extern \"C\" long calls(long x) { return late_arrival(x) + 1; }\n\
         extern \"C\" long opens(long path) { return dlopen(reinterpret_cast<const char *>(path), RTLD_NOW | RTLD_GLOBAL) != nullptr; }\n",
    );
    let error = attempt(&jit, "calls", 1).expect_err("nobody defines it");
    assert!(matches!(error, Error::Undefined { .. }), "{error:?}");
    let path = CString::new(library.to_string_lossy().as_bytes()).expect("no NUL");
    assert_eq!(
        attempt(&jit, "opens", path.as_ptr() as i64).expect("it compiles"),
        1
    );
    for x in 0..5 {
        assert_eq!(attempt(&jit, "calls", x).expect("it is there"), 3 * x + 1);
    }
}
