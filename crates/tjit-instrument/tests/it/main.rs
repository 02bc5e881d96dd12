//! Tests of the crate from outside: its interface, the machine code, and programs that run with
//! counters.

mod interface;
mod machine_code;
mod programs;

use std::num::NonZeroU64;

use inkwell::context::Context;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::Module;
use tjit_instrument::EntryCounter;

/// Parses IR text.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "what it leaks on errors is no concern of a test; tjit-orc would bring a C++ build"
)]
fn parse<'ctx>(context: &'ctx Context, text: &str) -> Module<'ctx> {
    let buffer = MemoryBuffer::create_from_memory_range_copy(text.as_bytes(), "test.ll");
    context
        .create_module_from_ir(buffer)
        .unwrap_or_else(|error| panic!("{}", error.to_string_lossy()))
}

#[track_caller]
fn counter(threshold: u64) -> EntryCounter {
    EntryCounter::new(NonZeroU64::new(threshold).expect("a threshold above zero"))
}
