//! Compiles one function at both tiers, runs both, and prints what each cost.
//!
//! Run with `cargo run -p tjit-compile-layer --example two_tiers`.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use tjit_compile_layer::{CompileLayer, CompileReport, Config, ModuleOptions};
use tjit_mangle::{Tier, Version, body_name};
use tjit_orc::{ExecutionSession, ThreadSafeContext};

/// The sum of `n` numbers, for some `n` above 0.
const SUM: &str = "
define i64 @NAME(ptr %numbers, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i64 [ 0, %entry ], [ %more, %loop ]
  %at = getelementptr i64, ptr %numbers, i64 %i
  %number = load i64, ptr %at
  %more = add i64 %sum, %number
  %next = add i64 %i, 1
  %done = icmp eq i64 %next, %n
  br i1 %done, label %exit, label %loop
exit:
  ret i64 %more
}";

fn print(report: &CompileReport) {
    let line = format!(
        "{}: {:?} tier, passes {:?}, code generation {:?}, {} bytes of code\n",
        report.bodies.join(", "),
        report.tier,
        report.times.passes,
        report.times.codegen,
        report.code_bytes,
    );
    // Nobody to tell if the terminal is gone.
    let _written = std::io::stdout().write_all(line.as_bytes());
}

fn main() -> Result<(), Box<dyn Error>> {
    let session = ExecutionSession::new()?;
    let dylib = session.create_dylib("program")?;
    let config = Config {
        on_compiled: Some(Arc::new(print)),
        ..Config::default()
    };
    let layer = CompileLayer::new(&session, config)?;

    let numbers: Vec<i64> = (1..=1000).collect();
    for tier in Tier::ALL {
        let name = body_name("sum", Version::FIRST, tier);
        let module =
            ThreadSafeContext::new().parse("sum.ll", SUM.replace("NAME", &name).as_bytes())?;
        layer.add(&dylib.create_tracker(), module, ModuleOptions::default())?;

        let address = usize::try_from(dylib.lookup(&name)?)?;
        type Sum = unsafe extern "C" fn(*const i64, usize) -> i64;
        // SAFETY: the address of a function of that type, which lives as long as the session.
        let sum = unsafe {
            std::mem::transmute::<*const (), Sum>(std::ptr::with_exposed_provenance(address))
        };
        // SAFETY: it reads as many numbers as there are, and there are some.
        let result = unsafe { sum(numbers.as_ptr(), numbers.len()) };
        assert_eq!(result, 500_500);
    }
    Ok(())
}
