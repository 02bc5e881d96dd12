//! Programs and waiting, for the tests of this binary.

use std::num::NonZeroU64;
use std::sync::RwLock;
use std::time::{Duration, Instant};

use tiered_jit::inkwell::module::Module;
use tiered_jit::inkwell::values::FunctionValue;
use tiered_jit::{
    Builder, EventKind, EventReceiver, HoldOff, ModuleSource, TieredJit, TransformError,
};
use tjit_test_util::{Lang, compile_to_bitcode};

pub(crate) type Nullary = unsafe extern "C" fn() -> i64;
pub(crate) type Unary = unsafe extern "C" fn(i64) -> i64;

/// A counter behind a function: whoever resets or copies its state is found out.
pub(crate) const TALLY: &str = r#"
@total = internal global i64 0
@step = global i64 1
define i64 @tally() {
  %old = load i64, ptr @total
  %step = load i64, ptr @step
  %new = add i64 %old, %step
  store i64 %new, ptr @total
  ret i64 %new
}
define i64 @twice(i64 %x) {
  %y = mul i64 %x, 2
  ret i64 %y
}
"#;

/// Held by the test that counts the mappings of the process, and shared by those that make very many.
pub(crate) static MAPPINGS: RwLock<()> = RwLock::new(());

/// No failure is waited for longer than this; nothing that works takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn with_threshold(calls: u64) -> Builder {
    let calls = NonZeroU64::new(calls).expect("not zero");
    TieredJit::builder()
        .threshold(calls)
        .hold_off(HoldOff::NONE)
}

/// A JIT that promotes nothing by itself, with `ir` in it.
pub(crate) fn quiet(ir: &str) -> TieredJit {
    load(with_threshold(u64::MAX), ir)
}

pub(crate) fn load(builder: Builder, ir: &str) -> TieredJit {
    let jit = builder.build().expect("the JIT starts");
    add(&jit, ir).expect("the module links");
    jit
}

pub(crate) fn add(jit: &TieredJit, ir: &str) -> Result<(), tiered_jit::Error> {
    // SAFETY: the tests' own modules.
    unsafe { jit.add_module(ModuleSource::bytes("test.ll", ir)) }.map(drop)
}

pub(crate) fn load_cpp(builder: Builder, source: &str) -> TieredJit {
    load_cpp_with(builder, source, "-O1")
}

/// Compiled as for that level, without any pass.
pub(crate) fn load_cpp_with(builder: Builder, source: &str, level: &str) -> TieredJit {
    let flags = [level, "-Xclang", "-disable-llvm-passes"];
    let bitcode = compile_to_bitcode(source, Lang::Cxx, &flags);
    let jit = builder.build().expect("the JIT starts");
    // SAFETY: the tests' own program.
    unsafe { jit.add_module(ModuleSource::bytes("test.cpp", bitcode)) }.expect("the module links");
    jit
}

pub(crate) fn nullary(jit: &TieredJit, name: &str) -> i64 {
    let function = jit.function::<Nullary>(name).expect("the function exists");
    // SAFETY: the tests call it with functions of that type.
    unsafe { function.call() }
}

pub(crate) fn unary(jit: &TieredJit, name: &str, argument: i64) -> i64 {
    let function = jit.function::<Unary>(name).expect("the function exists");
    // SAFETY: the tests call it with functions of that type.
    unsafe { function.call(argument) }
}

/// Waits for an event of `symbol` that `wanted` accepts.
pub(crate) fn wait_for(
    events: &EventReceiver,
    symbol: &str,
    wanted: impl Fn(&EventKind) -> bool,
) -> EventKind {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let event = events.recv_timeout(left).expect("the event comes");
        if &*event.symbol == symbol && wanted(&event.kind) {
            return event.kind;
        }
    }
}

/// The bodies that a function has had, oldest first.
pub(crate) fn bodies(jit: &TieredJit, symbol: &str) -> Vec<String> {
    let mut bodies = Vec::new();
    jit.for_each_function(|function| {
        if &**function.symbol() == symbol {
            bodies = function
                .versions()
                .iter()
                .map(|version| version.body.to_string())
                .collect();
        }
    });
    bodies
}

/// The code sizes of the versions that a function has had, oldest first.
pub(crate) fn sizes(jit: &TieredJit, symbol: &str) -> Vec<usize> {
    let mut sizes = Vec::new();
    jit.for_each_function(|function| {
        if &**function.symbol() == symbol {
            sizes = function
                .versions()
                .iter()
                .map(|version| version.size)
                .collect();
        }
    });
    sizes
}

/// A transformation that multiplies what a function returns by `factor`.
pub(crate) fn times(
    factor: u64,
) -> impl for<'ctx> FnMut(&Module<'ctx>, FunctionValue<'ctx>) -> Result<(), TransformError>
+ Send
+ 'static {
    move |module, function| {
        let builder = module.get_context().create_builder();
        let entry = function.get_first_basic_block().ok_or("no body")?;
        let last = entry.get_terminator().ok_or("no end")?;
        builder.position_before(&last);
        let result = last
            .get_operand(0)
            .and_then(|operand| operand.value())
            .ok_or("no result")?
            .into_int_value();
        let factor = result.get_type().const_int(factor, false);
        let product = builder.build_int_mul(result, factor, "product")?;
        builder.build_return(Some(&product))?;
        last.erase_from_basic_block();
        Ok(())
    }
}
