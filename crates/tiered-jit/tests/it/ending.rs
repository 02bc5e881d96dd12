//! Processes that end while the JIT works.
//!
//! Each is this test again: what ends it is `exit`, called in the midst of the JIT's work.

use std::ffi::CString;
use std::process::{self, Command};

use tiered_jit::{ModuleSource, TieredJit};
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::support::{unary, with_threshold};

const CHILD: &str = "TJIT_TEST_ENDING_CHILD";
const CHILDREN: i32 = 12;

/// Runs the test of this name again, some times, each of which must end with the exit code it is told.
fn end_children(test: &str) {
    let binary = std::env::current_exe().expect("tests have a binary");
    for code in 1..=CHILDREN {
        let output = Command::new(&binary)
            .args([test, "--exact", "--nocapture"])
            .env(CHILD, code.to_string())
            .output()
            .expect("it starts");
        assert_eq!(
            output.status.code(),
            Some(code),
            "{}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The code that this process is to end with, if it is one of the children.
fn child() -> Option<i32> {
    std::env::var(CHILD).ok()?.parse().ok()
}

/// Functions to compile, in C: each has something for the passes to do.
fn functions(count: i32) -> String {
    let function = |index| {
        format!(
            "extern \"C\" long f{index}(long n) {{ char text[64]; long sum = {index};\n\
             for (long i = 0; i < n; ++i) {{ std::sprintf(text, \"%ld\", i); sum += std::strlen(text) + i * n; }}\n\
             return sum; }}\n"
        )
    };
    let functions: String = (0..count).map(function).collect();
    format!("#include <cstdio>\n#include <cstdlib>\n#include <cstring>\n{functions}")
}

fn load(code: &str) -> TieredJit {
    let jit = with_threshold(1).build().expect("it starts");
    let bitcode = compile_to_bitcode(code, Lang::Cxx, &[]);
    // SAFETY: code of these tests, which is harmless.
    unsafe { jit.add_module(ModuleSource::bytes("ending.cpp", bitcode)) }.expect("it links");
    jit
}

#[test]
fn while_workers_compile() {
    let Some(code) = child() else {
        return end_children("ending::while_workers_compile");
    };
    let jit = load(&functions(40));
    for index in 0..code {
        unary(&jit, &format!("f{index}"), 2);
    }
    for index in 0..40 {
        drop(
            jit.reoptimize(&format!("f{index}"))
                .expect("it is there")
                .submit(),
        );
    }
    process::exit(code);
}

/// Handlers of the program may have functions compiled, though LLVM made its variables after they were registered.
#[test]
fn with_handlers_that_call_functions_for_the_first_time() {
    let Some(code) = child() else {
        return end_children("ending::with_handlers_that_call_functions_for_the_first_time");
    };
    let calls: String = (20..40)
        .map(|index| format!("n += f{index}(n % 7);"))
        .collect();
    let jit = load(&format!(
        "{}static void handler() {{ long n = 3; {calls} if (n == 0) std::puts(\"zero\"); }}\n\
         int main(int argc, char **) {{ std::atexit(handler); long n = 0;\n\
         for (int i = 0; i < 300; ++i) n += f0(3) + f1(2);\n\
         std::exit(argc); }}\n",
        functions(40)
    ));
    let arguments = vec![CString::from(c"program"); usize::try_from(code).expect("small")];
    // SAFETY: it is a main, and harmless.
    let ended = unsafe { jit.run_main("main", &arguments) };
    panic!("it ends the process: {ended:?}");
}

/// Only the thread that ends the process is waited for.
#[test]
fn while_other_threads_call() {
    let Some(code) = child() else {
        return end_children("ending::while_other_threads_call");
    };
    let jit: &'static TieredJit = Box::leak(Box::new(load(&functions(40))));
    for first in 0..2 {
        std::thread::spawn(move || {
            for index in (first..40).step_by(2) {
                unary(jit, &format!("f{index}"), 2);
            }
        });
    }
    unary(jit, "f3", 2);
    process::exit(code);
}
