//! `specialize`: functions for arguments of known values, by `tjit-reopt`.

use inkwell::module::Module;
use serde::Deserialize;
use serde::de::Error as _;
use tjit_orc::{CodeGenLevel, TargetMachine, TargetOptions};
use tjit_reopt::{Argument, Constant, Guard, specialize};

use crate::{Error, SubTest, TestFile};

/// The same processor wherever the tests run.
const MACHINE: TargetOptions = TargetOptions {
    level: CodeGenLevel::Default,
    host_cpu: false,
};

/// Specialises the functions of the header, in order.
pub(super) struct Specialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    functions: Vec<Function>,
    /// Passes to run afterwards.
    pipeline: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    name: String,
    /// Nothing is compared.
    #[serde(default)]
    assumed: bool,
    values: Vec<Value>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Value {
    index: Option<u32>,
    name: Option<String>,
    int: Option<i64>,
    float: Option<f64>,
    /// In hexadecimal digits.
    bits: Option<String>,
    address: Option<u64>,
    function: Option<String>,
    variable: Option<String>,
}

impl Value {
    fn read(self) -> Option<(Argument, Constant)> {
        let argument = match (self.index, self.name) {
            (Some(index), None) => Argument::Index(index),
            (None, Some(name)) => Argument::Name(name),
            _ => return None,
        };
        let bits = |digits: String| u128::from_str_radix(&digits, 16).ok();
        let value = self.int.map(Constant::from);
        let value = value
            .or(self.float.map(Constant::from))
            .or(self.bits.and_then(bits).map(Constant::Bits))
            .or(self.address.map(Constant::Address))
            .or(self.function.map(Constant::Function))
            .or(self.variable.map(Constant::Variable));
        Some((argument, value?))
    }
}

impl SubTest for Specialize {
    fn name(&self) -> &'static str {
        "specialize"
    }

    fn run(&self, file: &TestFile, module: &Module<'_>) -> Result<String, Error> {
        let options: Options = file.options()?;
        let mut report = String::new();
        for function in options.functions {
            let header = |message: String| toml::de::Error::custom(message);
            let found = module.get_function(&function.name);
            let found = found.ok_or_else(|| header(format!("no function `{}`", function.name)))?;
            let values = function.values.into_iter().map(Value::read);
            let values: Option<Vec<_>> = values.collect();
            let values =
                values.ok_or_else(|| header("an argument or its value is missing".to_owned()))?;
            let guard = match function.assumed {
                true => Guard::Assumed,
                false => Guard::Checked,
            };
            if let Err(error) = specialize(module, found, &values, guard) {
                report.push_str(&format!("error: {error}\n"));
            }
        }
        if !report.is_empty() {
            return Ok(report);
        }
        if let Some(pipeline) = &options.pipeline {
            let optimised = TargetMachine::host(&MACHINE)
                .and_then(|machine| machine.run_passes(module, pipeline));
            optimised.map_err(|error| Error::Module {
                stage: "optimising the result",
                message: error.to_string(),
            })?;
        }
        Ok(module.print_to_string().to_string_lossy().into_owned())
    }
}
