//! C++ exceptions through compiled frames.

use tjit_compile_layer::ModuleOptions;
use tjit_mangle::Tier;
use tjit_orc::ThreadSafeContext;
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::support::{Jit, call};

const SOURCE: &str = r#"
#include <stdexcept>
#include <string>
#define JOIN(a, b) a##b
#define BODY2(name, suffix) JOIN(name, suffix)
#define BODY(name) BODY2(name, SUFFIX)

static int destroyed;
struct Local { ~Local() { ++destroyed; } };

extern "C" [[gnu::noinline]] int BODY(thrower)(int value) {
  if (value > 10) throw std::out_of_range("too big: " + std::to_string(value));
  return value;
}
extern "C" [[gnu::noinline]] int BODY(middle)(int value) {
  Local local;
  return BODY(thrower)(value) + 1;
}
extern "C" [[gnu::noinline]] int BODY(outer)(int value) {
  Local local;
  return BODY(middle)(value) + 1;
}
extern "C" int BODY(catcher)(int value) {
  destroyed = 0;
  try {
    return BODY(outer)(value);
  } catch (const std::out_of_range &error) {
    return 1000 * destroyed + (std::string(error.what()) == "too big: 11");
  }
}
"#;

fn jit_with(tier: Tier) -> Jit {
    let suffix = format!("-DSUFFIX={}", tier.suffix());
    let flags = ["-Xclang", "-disable-O0-optnone", &suffix];
    let bitcode = compile_to_bitcode(SOURCE, Lang::Cxx, &flags);
    let module = ThreadSafeContext::new()
        .parse("throw.bc", &bitcode)
        .unwrap();
    let jit = Jit::new();
    jit.see_process();
    let tracker = jit.dylib.create_tracker();
    // With library templates in it, the module of optimised bodies has bodies of both tiers.
    jit.layer
        .add(&tracker, module, ModuleOptions::default())
        .unwrap();
    jit
}

/// Failure, most likely the end of the process, may indicate that unwind tables were not registered.
#[test]
fn exceptions_unwind_through_two_compiled_frames() {
    for tier in Tier::ALL {
        let jit = jit_with(tier);
        let catcher = jit
            .dylib
            .lookup(&format!("catcher{}", tier.suffix()))
            .unwrap();
        assert_eq!(call!(catcher, fn(i32) -> i32, 5), 7, "{tier:?}");
        assert_eq!(call!(catcher, fn(i32) -> i32, 11), 2001, "{tier:?}");
        let tiers: Vec<_> = jit.reports().iter().map(|report| report.tier).collect();
        assert!(tiers.contains(&tier), "{tiers:?}");
    }
}
