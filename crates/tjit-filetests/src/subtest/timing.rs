//! `timing`: how long calls take, by `tjit-instrument`.

use std::fmt::Write;

use inkwell::module::Module;
use serde::Deserialize;
use tjit_instrument::{Outcome, time_calls};

use crate::{Error, SubTest, TestFile};

/// Times every function of the module.
pub(super) struct Timing;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Options {}

impl SubTest for Timing {
    fn name(&self) -> &'static str {
        "timing"
    }

    fn run(&self, file: &TestFile, module: &Module<'_>) -> Result<String, Error> {
        let Options {} = file.options()?;
        let functions: Vec<_> = module
            .get_functions()
            .filter(|f| f.get_intrinsic_id() == 0)
            .collect();
        let mut report = String::new();
        for function in functions {
            let name = function.get_name().to_string_lossy().into_owned();
            let line = match time_calls(module, function, &format!("{name}.times")) {
                Ok(Outcome::Instrumented { counter }) => format!("times in {counter}"),
                Ok(Outcome::Skipped(reason)) => format!("skipped, {reason}"),
                Err(error) => format!("error: {error}"),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(report, "{name}: {line}");
        }
        Ok(format!(
            "{report}\n{}",
            module.print_to_string().to_string_lossy()
        ))
    }
}
