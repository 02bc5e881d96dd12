//! Links two modules and shows what there is to compile: the data, a baseline slice, an optimised unit.
//!
//! `cargo run -p tjit-link --example slice`

use std::io::{Write, stdout};
use std::sync::Arc;

use tjit_link::{ImportBudget, Program};
use tjit_mangle::{Tier, Version, body_name};
use tjit_orc::{ThreadSafeContext, ThreadSafeModule};

const COUNTER: &str = "
@count = internal global i32 0
@step = constant i32 2

define i32 @next() {
  %old = load i32, ptr @count
  %step = load i32, ptr @step
  %new = add i32 %old, %step
  store i32 %new, ptr @count
  ret i32 %new
}";

const USER: &str = "
declare i32 @next()

define i32 @_Z4skipi(i32 %n) {
  %done = icmp eq i32 %n, 0
  br i1 %done, label %end, label %more
more:
  %unused = call i32 @next()
  %left = sub i32 %n, 1
  %result = call i32 @_Z4skipi(i32 %left)
  ret i32 %result
end:
  %last = call i32 @next()
  ret i32 %last
}";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The program needs nothing of its host.
    let mut program = Program::new(Arc::new(()));
    let modules = vec![
        ThreadSafeContext::new().parse("counter.ll", COUNTER.as_bytes())?,
        ThreadSafeContext::new().parse("user.ll", USER.as_bytes())?,
    ];
    let linked = program.link(modules)?;
    for data in &linked.data {
        show("Data, compiled once:", &data.ir)?;
    }

    let skip = program.resolve_name("skip(int)")?;
    show(
        "Baseline: every call goes to a stub.",
        &program.baseline_slice(&[skip])?,
    )?;

    let body = body_name(skip, Version::FIRST, Tier::Optimized);
    let unit = program.unit_slice(skip, &body, &ImportBudget::default())?;
    show(
        "Optimised: recursion is direct, callees and constants come along.",
        &unit,
    )?;
    Ok(())
}

fn show(title: &str, module: &ThreadSafeModule) -> std::io::Result<()> {
    let text = module.with_module(|module| module.print_to_string().to_string());
    writeln!(stdout(), "; {title}\n{text}")
}
