//! Prints a function before and after it was given a counter.

use std::io::{self, Write};
use std::num::NonZeroU64;

use inkwell::context::Context;
use tjit_instrument::{EntryCounter, Outcome};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let context = Context::create();
    let module = context.create_module("example");
    let i32_type = context.i32_type();
    let body = module.add_function(
        "twice_baseline",
        i32_type.fn_type(&[i32_type.into()], false),
        None,
    );

    let builder = context.create_builder();
    builder.position_at_end(context.append_basic_block(body, "entry"));
    let x = body
        .get_first_param()
        .ok_or("no parameter")?
        .into_int_value();
    let sum = builder.build_int_add(x, x, "sum")?;
    builder.build_return(Some(&sum))?;

    let mut out = io::stdout().lock();
    writeln!(out, "{}\n", module.print_to_string().to_string_lossy())?;
    let counter = EntryCounter::new(NonZeroU64::new(1000).ok_or("zero")?);
    match counter.instrument(&module, body, "twice")? {
        Outcome::Instrumented { counter } => writeln!(out, "; counts in {counter}:\n")?,
        Outcome::Skipped(reason) => writeln!(out, "; skipped: {reason}")?,
    }
    writeln!(out, "{}", module.print_to_string().to_string_lossy())?;
    Ok(())
}
