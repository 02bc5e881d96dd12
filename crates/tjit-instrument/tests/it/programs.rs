//! Programs behave the same with counters as without, and each function trips once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use inkwell::context::Context;
use inkwell::module::Module;
use tjit_instrument::Outcome;
use tjit_test_util::{
    Input, Lang, Output, Source, Tool, bitcode_file, program_sources, run, run_native, temp_dir,
    tool,
};

use crate::counter;

/// A trip function that leaves a line on standard error.
const TRIP: &str =
    "#include <stdio.h>\nvoid optimize_function(void *f) { (void)f; fputs(\"trip\\n\", stderr); }";

/// Compiles the source to bitcode, gives every function a counter, and builds and runs the result.
fn run_counted(source: Source<'_>, lang: Lang, threshold: u64, level: &str) -> (Output, usize) {
    let bitcode = bitcode_file(source, lang, &["-Xclang", "-disable-O0-optnone"]);
    let directory = temp_dir();
    let instrumented = directory.path().join("counted.bc");
    let counters = instrument(&bitcode, threshold, &instrumented);
    let trip = bitcode_file(TRIP, Lang::C, &["-O1"]);
    let executable = link(
        &[instrumented, trip],
        &directory.path().join("program"),
        level,
    );
    (run(Command::new(executable), Input::default()), counters)
}

fn instrument(bitcode: &Path, threshold: u64, result: &Path) -> usize {
    let context = Context::create();
    let module = Module::parse_bitcode_from_path(bitcode, &context).unwrap();
    let functions: Vec<_> = module.get_functions().collect();
    let mut outcomes = BTreeMap::new();
    for function in functions {
        let name = function.get_name().to_string_lossy().into_owned();
        let outcome = counter(threshold)
            .instrument(&module, function, &name)
            .unwrap();
        outcomes.insert(name, outcome);
    }
    module
        .verify()
        .unwrap_or_else(|error| panic!("{}: {}", bitcode.display(), error.to_string_lossy()));
    assert!(module.write_bitcode_to_path(result));
    outcomes
        .values()
        .filter(|outcome| matches!(outcome, Outcome::Instrumented { .. }))
        .count()
}

fn link(bitcodes: &[PathBuf], executable: &Path, level: &str) -> PathBuf {
    let mut command = Command::new(tool(Tool::ClangXx));
    command
        .args([level, "-pthread", "-Wno-override-module"])
        .args(bitcodes)
        .arg("-o")
        .arg(executable);
    let output = run(command, Input::default());
    assert_eq!(output.code, 0, "{}", output.stderr);
    executable.to_owned()
}

#[test]
fn each_function_trips_once_at_the_threshold() {
    let source = "int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); } int main(void) { return f(10) != 55; }";
    // f(10) makes 177 calls of f and main is called once.
    for (threshold, trips) in [(1, 2), (2, 1), (177, 1), (178, 0)] {
        let (output, counters) = run_counted(source.into(), Lang::C, threshold, "-O0");
        assert_eq!((output.code, counters), (0, 2));
        assert_eq!(
            output.stderr.matches("trip\n").count(),
            trips,
            "threshold {threshold}"
        );
    }
}

#[test]
fn threads_cannot_jump_over_the_threshold() {
    let source = r"
        #include <pthread.h>
        void f(void) {}
        static void *calls(void *x) { for (int i = 0; i < 200000; ++i) f(); return x; }
        int main(void) {
            pthread_t t[4];
            for (int i = 0; i < 4; ++i) pthread_create(&t[i], 0, calls, 0);
            for (int i = 0; i < 4; ++i) pthread_join(t[i], 0);
            return 0;
        }";
    let (output, _) = run_counted(source.into(), Lang::C, 10_000, "-O0");
    // Lost updates may make several threads store the threshold; never none.
    assert!(output.stderr.contains("trip\n"), "{output:?}");
}

#[test]
fn test_programs_behave_the_same_unoptimised() {
    compare_test_programs("-O0");
}

/// Failure with success above may indicate a promise of a function attribute that a counter breaks.
#[test]
fn test_programs_behave_the_same_optimised() {
    compare_test_programs("-O2");
}

fn compare_test_programs(level: &str) {
    for path in program_sources() {
        let Some(lang @ (Lang::C | Lang::Cxx)) = Lang::of_path(&path) else {
            continue;
        };
        if has_ifuncs(&path, lang) {
            continue;
        }
        let native = run_native(path.as_path(), lang, &[]);
        let (counted, counters) = run_counted(path.as_path().into(), lang, 1, level);
        assert!(counters > 0, "{}", path.display());
        assert_eq!(
            (counted.stdout, counted.code),
            (native.stdout, native.code),
            "{}",
            path.display()
        );
        assert!(counted.stderr.contains("trip\n"), "{}", path.display());
    }
}

/// Whether the program has resolvers: natively these run before the process is relocated, when no trip can be told.
fn has_ifuncs(path: &Path, lang: Lang) -> bool {
    let context = Context::create();
    let bitcode = bitcode_file(path, lang, &["-Xclang", "-disable-O0-optnone"]);
    let module = Module::parse_bitcode_from_path(&bitcode, &context).unwrap();
    let text = module.print_to_string().to_string();
    text.lines()
        .any(|line| line.starts_with('@') && line.contains(" ifunc "))
}
