//! What compilers write, folded and optimised.

use tjit_orc::{CodeGenLevel, TargetMachine, TargetOptions, ThreadSafeContext};
use tjit_reopt::{Facts, fold};
use tjit_test_util::{Lang, compile_to_bitcode};

/// Every guard is set.
struct Initialised;

impl Facts for Initialised {
    fn guard_is_set(&self, _guard: &str) -> bool {
        true
    }

    fn value(&self, _variable: &str) -> Option<Vec<u8>> {
        None
    }

    fn symbol_at(&self, _address: u64) -> Option<String> {
        None
    }
}

const SOURCE: &str = r"
int compute();
struct Object { int value; Object(int); ~Object(); };
int scalar() { static int v = compute(); return v; }
inline Object &object() { static Object o(compute()); return o; }
int use() { return object().value; }
template <class T> T *of() { static T *p = new T(compute()); return p; }
int all() { return scalar() + use() + *of<int>() + *of<long>(); }
";

/// Failure may indicate that a compiler checks guards in a way that is not recognised.
#[test]
fn no_check_of_a_guard_that_is_set_is_left() {
    let forms: [&[&str]; 6] = [
        &["-O0"],
        &["-O0", "-fno-threadsafe-statics"],
        &["-O2", "-Xclang", "-disable-llvm-passes"],
        &[
            "-O2",
            "-Xclang",
            "-disable-llvm-passes",
            "-fno-threadsafe-statics",
        ],
        &["-O2"],
        &["-Os", "-fno-exceptions"],
    ];
    for flags in forms {
        let bitcode = compile_to_bitcode(SOURCE, Lang::Cxx, flags);
        let module = ThreadSafeContext::new()
            .parse("statics", &bitcode)
            .expect("clang's bitcode parses");
        module.with_module(|module| {
            let folded = fold(module, &Initialised).expect("guards fold");
            assert_eq!(folded.guards.len(), 4, "{flags:?}");
            tjit_orc::verify(module).expect("the result is valid");
            let machine = TargetMachine::host(&TargetOptions {
                level: CodeGenLevel::Default,
                host_cpu: false,
            });
            let machine = machine.expect("the host has a target machine");
            machine
                .run_passes(module, "default<O3>")
                .expect("the result can be optimised");
            let text = module.print_to_string().to_string();
            for line in text.lines().filter(|line| line.starts_with(' ')) {
                let asks = line.contains("__cxa_guard_") || line.contains("@_ZGV");
                assert!(!asks, "{flags:?}: {line}\n{text}");
            }
        });
    }
}
