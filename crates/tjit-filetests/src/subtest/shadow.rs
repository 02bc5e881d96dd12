//! `shadow`: two bodies whose results are compared, by `tjit-instrument`.

use std::fmt::Write;

use inkwell::module::Module;
use serde::Deserialize;
use tjit_instrument::shadow;

use crate::{Error, SubTest, TestFile};

/// Compares every function that the module defines with another of the same name and `_control`.
pub(super) struct Compare;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Options {}

impl SubTest for Compare {
    fn name(&self) -> &'static str {
        "shadow"
    }

    fn run(&self, file: &TestFile, module: &Module<'_>) -> Result<String, Error> {
        let Options {} = file.options()?;
        let bodies: Vec<_> = module
            .get_functions()
            .filter(|f| f.count_basic_blocks() > 0)
            .collect();
        let mut report = String::new();
        for body in bodies {
            let name = body.get_name().to_string_lossy().into_owned();
            let (control, wrapper) = (format!("{name}_control"), format!("{name}_shadow"));
            let line = match shadow(module, body, &control, &wrapper) {
                Ok(shadow) => format!("{}, results of {} bytes", shadow.wrapper, shadow.size),
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
