//! A program of many small functions that call nothing: each can be promoted by itself.

use std::num::{NonZeroU64, NonZeroUsize};

use tiered_jit::{HoldOff, ModuleSource, TieredJit};

const PER_MODULE: usize = 100;

/// The type of all of them: a value, and how many turns to mix it.
pub(crate) type Leaf = unsafe extern "C" fn(i64, i64) -> i64;

/// A JIT with `count` of them, which are called for the first time.
pub(crate) fn program(
    count: usize,
    threshold: NonZeroU64,
    workers: NonZeroUsize,
) -> (TieredJit, Vec<Leaf>) {
    let builder = TieredJit::builder().threshold(threshold).workers(workers);
    let jit = builder.hold_off(HoldOff::NONE).build();
    let jit = jit.expect("the JIT starts");
    for first in (0..count).step_by(PER_MODULE) {
        let text: String = (first..count).take(PER_MODULE).map(leaf).collect();
        let source = ModuleSource::bytes(format!("leaves{first}.ll"), text);
        // SAFETY: they do nothing that a program may not.
        unsafe { jit.add_module(source) }.expect("it links");
    }
    let mut leaves = Vec::with_capacity(count);
    jit.for_each_function(|function| leaves.push(at(function.stub())));
    for (number, &leaf) in leaves.iter().enumerate() {
        // SAFETY: of that type.
        assert_eq!(unsafe { leaf(3, 4) }, result(number, 3, 4));
    }
    (jit, leaves)
}

/// The function behind the stub at this address, of a program of leaves that lives as long as it is called.
pub(crate) fn at(stub: usize) -> Leaf {
    let pointer = std::ptr::with_exposed_provenance::<()>(stub);
    // SAFETY: all functions of the program have this type.
    unsafe { std::mem::transmute::<*const (), Leaf>(pointer) }
}

/// What the leaf of that number returns.
pub(crate) fn result(number: usize, value: i64, turns: i64) -> i64 {
    let number = i64::try_from(number).expect("there are fewer");
    (0..turns.max(1)).fold(value, |value, _| value.wrapping_mul(31) ^ number)
}

/// As `clang -O0` writes it: all in memory.
fn leaf(number: usize) -> String {
    format!(
        "define i64 @leaf{number}(i64 %value, i64 %turns) {{
  %slot = alloca i64
  %turn = alloca i64
  store i64 %value, ptr %slot
  store i64 0, ptr %turn
  br label %loop
loop:
  %old = load i64, ptr %slot
  %product = mul i64 %old, 31
  %new = xor i64 %product, {number}
  store i64 %new, ptr %slot
  %before = load i64, ptr %turn
  %after = add i64 %before, 1
  store i64 %after, ptr %turn
  %more = icmp slt i64 %after, %turns
  br i1 %more, label %loop, label %done
done:
  %result = load i64, ptr %slot
  ret i64 %result
}}
"
    )
}
