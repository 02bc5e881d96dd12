//! Constructors, `main` and the end of a program.

use std::ffi::CString;

use tiered_jit::{Error, ModuleSource, TieredJit};
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::support::{TALLY, load_cpp, nullary, quiet, with_threshold};

#[test]
fn constructors_run_once_in_order_of_priority() {
    let jit = load_cpp(
        with_threshold(1),
        "static long log = 0;\nstatic void note(long n) { log = log * 10 + n; }\n\
         __attribute__((constructor(300))) static void third() { note(3); }\n\
         __attribute__((constructor(200))) static void second() { note(2); }\n\
         __attribute__((constructor(150))) static void first() { note(1); }\n\
         struct Last { Last() { note(4); } } last;\n\
         extern \"C\" long log_now() { return log; }\n",
    );
    assert_eq!(nullary(&jit, "log_now"), 1234);
    jit.reoptimize("log_now")
        .expect("it exists")
        .wait()
        .expect("it compiles");
    assert_eq!(nullary(&jit, "log_now"), 1234);
}

#[test]
fn main_gets_arguments_and_environment() {
    let jit = load_cpp(
        with_threshold(1),
        "#include <cstring>\nint main(int argc, char **argv, char **envp) {\n\
         return argc * 10 + (int)std::strlen(argv[1]) + (argv[argc] == nullptr) + (envp[0] != nullptr); }\n",
    );
    let arguments = ["program", "four"].map(|argument| CString::new(argument).expect("no NUL"));
    // SAFETY: it is a main, and harmless.
    let code = unsafe { jit.run_main("main", &arguments) }.expect("it runs");
    assert_eq!(code, 26);
}

#[test]
fn a_program_without_main() {
    let jit = quiet(TALLY);
    // SAFETY: there is nothing to run.
    let result = unsafe { jit.run_main("main", &[]) };
    assert!(matches!(result, Err(Error::NoEntry(_))), "{result:?}");
}

#[test]
fn a_program_runs_as_an_executable_does() {
    let bitcode = compile_to_bitcode(
        "static int early, kept;\nstatic char **seen;\n\
         __attribute__((constructor)) static void start(int argc, char **argv) { early = argc; seen = argv; }\n\
         extern \"C\" int constructed() { return early; }\n\
         int main(int argc, char **argv) { kept = argv == seen; return kept * 10 + argc; }\n",
        Lang::Cxx,
        &[],
    );
    let module = || [ModuleSource::bytes("program.cpp", bitcode.clone())];
    let arguments = ["program", "argument"].map(|argument| CString::new(argument).expect("no NUL"));
    let jit = with_threshold(1).build().expect("it starts");
    // SAFETY: it is a main, and harmless.
    let code = unsafe { jit.run_program(module(), "main", &arguments) }.expect("it runs");
    assert_eq!(code, 12);

    let jit = with_threshold(1).build().expect("it starts");
    // SAFETY: as above.
    let result = unsafe { jit.run_program(module(), "start_here", &arguments) };
    assert!(matches!(result, Err(Error::NoEntry(_))), "{result:?}");
    assert_eq!(
        nullary(&jit, "constructed") as i32,
        0,
        "no constructor has run"
    );
}

/// Where the program of the next test writes what happens after it is gone.
static mut ENDED: i64 = 0;

#[test]
fn destructors_run_in_reverse_when_the_jit_is_dropped() {
    let bitcode = compile_to_bitcode(
        "#include <cstdlib>\nextern \"C\" long ended;\n\
         struct Note { long n; explicit Note(long n) : n(n) {} ~Note() { ended = ended * 10 + n; } };\n\
         __attribute__((destructor)) static void last() { ended = ended * 10 + 5; }\n\
         __attribute__((destructor(200))) static void very_last() { ended = ended * 10 + 6; }\n\
         static Note one(1);\nstatic void handler() { ended = ended * 10 + 2; }\n\
         extern \"C\" long start() { static Note three(3); std::atexit(handler); return ended; }\n",
        Lang::Cxx,
        &[],
    );
    // SAFETY: a variable of the declared type, which nobody else touches.
    let jit: TieredJit = unsafe { with_threshold(1).define("ended", (&raw const ENDED).cast()) }
        .build()
        .expect("it starts");
    // SAFETY: no undefined behaviour in it.
    unsafe { jit.add_module(ModuleSource::bytes("ended.cpp", bitcode)) }.expect("it links");
    assert_eq!(nullary(&jit, "start"), 0);
    drop(jit);
    // SAFETY: nobody writes to it any more.
    assert_eq!(unsafe { (&raw const ENDED).read() }, 23156);
}
