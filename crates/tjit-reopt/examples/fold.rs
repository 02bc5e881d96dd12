//! Prints a function that checks a static local and reads a setting, before and after both are known.

use std::io::{self, Write};

use tjit_orc::ThreadSafeContext;
use tjit_reopt::{Facts, fold};

const UNIT: &str = r"
@limit = external global i32
@_ZGVZ3getvE1v = external global i64, align 8

define i1 @within(i32 %x) {
entry:
  %set = load atomic i8, ptr @_ZGVZ3getvE1v acquire, align 8
  %unset = icmp eq i8 %set, 0
  br i1 %unset, label %init, label %end

init:
  call void @initialise()
  br label %end

end:
  %limit = load i32, ptr @limit
  %within = icmp sle i32 %x, %limit
  ret i1 %within
}

declare void @initialise()
";

/// What a JIT would read from the memory of the program.
struct Running;

impl Facts for Running {
    fn guard_is_set(&self, guard: &str) -> bool {
        guard == "_ZGVZ3getvE1v"
    }

    fn value(&self, variable: &str) -> Option<Vec<u8>> {
        (variable == "limit").then(|| 100_i32.to_ne_bytes().to_vec())
    }

    fn symbol_at(&self, _address: u64) -> Option<String> {
        None
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let unit = ThreadSafeContext::new().parse("unit", UNIT.as_bytes())?;
    let mut out = io::stdout().lock();
    unit.with_module(|module| {
        writeln!(out, "{}\n", module.print_to_string().to_string_lossy())?;
        let folded = fold(module, &Running)?;
        writeln!(out, "; folded: {folded:?}\n")?;
        writeln!(out, "{}", module.print_to_string().to_string_lossy())?;
        Ok(())
    })
}
