//! `reopt`: what is known of the running program folded in, by `tjit-reopt`.

use std::collections::BTreeMap;
use std::fmt::Write;

use inkwell::module::Module;
use serde::Deserialize;
use serde::de::Error as _;
use tjit_orc::{CodeGenLevel, TargetMachine, TargetOptions};
use tjit_reopt::{Facts, Folded, fold};

use crate::{Error, SubTest, TestFile};

/// The same processor wherever the tests run.
const MACHINE: TargetOptions = TargetOptions {
    level: CodeGenLevel::Default,
    host_cpu: false,
};

/// Folds the facts of the header into the module.
pub(super) struct Reopt;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Options {
    /// The guards that are set.
    set: Vec<String>,
    /// The bytes of variables that do not change any more, in hexadecimal digits and spaces.
    values: BTreeMap<String, String>,
    /// Symbols and where they are, for pointers in values.
    symbols: BTreeMap<String, u64>,
    /// Passes to run afterwards.
    pipeline: Option<String>,
}

impl SubTest for Reopt {
    fn name(&self) -> &'static str {
        "reopt"
    }

    fn run(&self, file: &TestFile, module: &Module<'_>) -> Result<String, Error> {
        let options: Options = file.options()?;
        let facts = Known::new(&options)?;
        let mut report = match fold(module, &facts) {
            Ok(folded) => describe(&folded),
            Err(error) => return Ok(format!("error: {error}\n")),
        };
        if let Some(pipeline) = &options.pipeline {
            let optimised = TargetMachine::host(&MACHINE)
                .and_then(|machine| machine.run_passes(module, pipeline));
            optimised.map_err(|error| Error::Module {
                stage: "optimising the result",
                message: error.to_string(),
            })?;
        }
        report.push('\n');
        report.push_str(&module.print_to_string().to_string_lossy());
        Ok(report)
    }
}

/// The facts that a header gives.
struct Known<'o> {
    options: &'o Options,
    values: BTreeMap<&'o str, Vec<u8>>,
}

impl<'o> Known<'o> {
    fn new(options: &'o Options) -> Result<Self, Error> {
        let values = options.values.iter().map(|(name, digits)| {
            let bytes = bytes(digits).ok_or_else(|| {
                toml::de::Error::custom(format!("`{digits}` is not a row of bytes"))
            })?;
            Ok((name.as_str(), bytes))
        });
        Ok(Self {
            options,
            values: values.collect::<Result<_, Error>>()?,
        })
    }
}

impl Facts for Known<'_> {
    fn guard_is_set(&self, guard: &str) -> bool {
        self.options.set.iter().any(|set| set == guard)
    }

    fn value(&self, variable: &str) -> Option<Vec<u8>> {
        self.values.get(variable).cloned()
    }

    fn symbol_at(&self, address: u64) -> Option<String> {
        let mut symbols = self.options.symbols.iter();
        symbols
            .find(|&(_, &at)| at == address)
            .map(|(name, _)| name.clone())
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits.bytes().filter(|&digit| digit != b' ').collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs
        .iter()
        .map(byte)
        .collect::<Option<_>>()
        .filter(|_| rest.is_empty())
}

fn describe(folded: &Folded) -> String {
    let mut report = String::new();
    let mut list = |kind, names: &[String]| {
        for name in names {
            // Writing to a string cannot fail.
            let _ = writeln!(report, "{kind} {name}");
        }
    };
    list("guard", &folded.guards);
    list("value", &folded.values);
    report
}
