//! Programs made of a seed: functions that call one another, with state.

use std::fmt::Write;
use std::num::NonZeroU64;

use tiered_jit::{Builder, ModuleSource, TieredJit, Tiering};

use crate::seeds::Draw;

pub(crate) const FUNCTIONS: usize = 12;
pub(crate) const ROOT: &str = "f11";

type Unary = unsafe extern "C-unwind" fn(i64) -> i64;

/// The text of a module: `f0` to `f11`, each of which calls up to two before it, counts its calls in one of three variables and
/// computes with what it was given.
pub(crate) fn program(seed: u64) -> String {
    let mut draw = Draw::new(seed);
    let mut ir = String::from(
        "@s0 = internal global i64 1\n@s1 = global i64 2\n@s2 = internal global i64 3\n",
    );
    for index in 0..FUNCTIONS {
        function(&mut ir, index, &mut draw).expect("strings can be written to");
    }
    ir
}

fn function(ir: &mut String, index: usize, draw: &mut Draw) -> std::fmt::Result {
    let state = draw.below(3);
    writeln!(ir, "define i64 @f{index}(i64 %x) {{")?;
    writeln!(ir, "  %old = load i64, ptr @s{state}")?;
    writeln!(ir, "  %mixed = mul i64 %old, {}", 3 + 2 * draw.below(50))?;
    writeln!(ir, "  %new = xor i64 %mixed, %x")?;
    writeln!(ir, "  store i64 %new, ptr @s{state}")?;
    let mut last = "%new".to_owned();
    for call in 0..index.min(1 + draw.below(2)) {
        // Near ones, so that calls nest deeply, but twice as deep as wide.
        let callee = index - 1 - draw.below(index.min(4));
        writeln!(ir, "  %a{call} = add i64 {last}, {}", draw.below(1000))?;
        writeln!(ir, "  %c{call} = call i64 @f{callee}(i64 %a{call})")?;
        writeln!(ir, "  %r{call} = xor i64 %c{call}, %x")?;
        last = format!("%r{call}");
    }
    writeln!(ir, "  ret i64 {last}\n}}")
}

pub(crate) fn jit(builder: Builder, program: &str) -> TieredJit {
    let jit = builder.build().expect("the JIT starts");
    // SAFETY: a program of this file.
    unsafe { jit.add_module(ModuleSource::bytes("generated.ll", program)) }.expect("it links");
    jit
}

pub(crate) fn tiered(threshold: u64) -> Builder {
    TieredJit::builder().threshold(NonZeroU64::new(threshold).expect("not zero"))
}

/// What the program computes when nothing is ever promoted.
pub(crate) fn expected(program: &str, rounds: i64) -> Vec<i64> {
    let jit = jit(TieredJit::builder().tiering(Tiering::Baseline), program);
    (0..rounds).map(|round| call(&jit, round)).collect()
}

pub(crate) fn call(jit: &TieredJit, argument: i64) -> i64 {
    let root = jit.function::<Unary>(ROOT).expect("it is there");
    // SAFETY: the function's own type.
    unsafe { root.call(argument) }
}

/// As [`call`], as an entry: a function that can't be compiled is an error.
pub(crate) fn enter(jit: &TieredJit, argument: i64) -> Result<i64, tiered_jit::Error> {
    let root = jit.function::<Unary>(ROOT).expect("it is there");
    // SAFETY: the function's own type; the frame of the closure owns nothing.
    unsafe { jit.protect(|| root.call(argument)) }
}
