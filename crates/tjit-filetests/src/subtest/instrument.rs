//! `instrument`: entry counters, by `tjit-instrument`.

use std::fmt::Write;
use std::num::{NonZeroU32, NonZeroU64};

use inkwell::module::Module;
use inkwell::values::FunctionValue;
use serde::Deserialize;
use tjit_instrument::{
    EntryCounter, LoopCounter, LoopOutcome, OptNone, Outcome, optnone_everywhere,
};
use tjit_mangle::split_body_name;

use crate::{Error, SubTest, TestFile};

/// Gives every function of the module a counter. The stub of `f_baseline` is `f`; any other
/// function is its own.
pub(super) struct Instrument;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    threshold: NonZeroU64,
    /// Counts turns of loops instead of calls, and tells of so many.
    loops: Option<NonZeroU32>,
    /// As an embedder would set it for a program module: `ignore` if every function is `optnone`.
    optnone_from_module: bool,
}

impl Default for Options {
    fn default() -> Self {
        const THRESHOLD: NonZeroU64 = NonZeroU64::new(1000).unwrap();
        Self {
            threshold: THRESHOLD,
            loops: None,
            optnone_from_module: false,
        }
    }
}

impl SubTest for Instrument {
    fn name(&self) -> &'static str {
        "instrument"
    }

    fn run(&self, file: &TestFile, module: &Module<'_>) -> Result<String, Error> {
        let options: Options = file.options()?;
        let mut counter = EntryCounter::new(options.threshold);
        if options.optnone_from_module && optnone_everywhere(module) {
            counter.optnone = OptNone::Ignore;
        }
        let functions: Vec<_> = module
            .get_functions()
            .filter(|f| f.get_intrinsic_id() == 0)
            .collect();
        let mut report = String::new();
        for function in functions {
            let line = match options.loops {
                Some(interval) => describe_loops(&LoopCounter::new(interval), module, function),
                None => describe(&counter, module, function),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(report, "{line}");
        }
        Ok(format!(
            "{report}\n{}",
            module.print_to_string().to_string_lossy()
        ))
    }
}

fn describe<'ctx>(
    counter: &EntryCounter,
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
) -> String {
    let name = function.get_name().to_string_lossy().into_owned();
    match counter.instrument(module, function, stub_of(&name)) {
        Ok(Outcome::Instrumented { counter }) => format!("{name}: counter {counter}"),
        Ok(Outcome::Skipped(reason)) => format!("{name}: skipped, {reason}"),
        Err(error) => format!("{name}: error: {error}"),
    }
}

fn describe_loops<'ctx>(
    counter: &LoopCounter,
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
) -> String {
    let name = function.get_name().to_string_lossy().into_owned();
    match counter.instrument(module, function, stub_of(&name)) {
        Ok(LoopOutcome::Instrumented { loops }) => format!("{name}: {loops} loops"),
        Ok(LoopOutcome::Skipped(reason)) => format!("{name}: skipped, {reason}"),
        Err(error) => format!("{name}: error: {error}"),
    }
}

fn stub_of(name: &str) -> &str {
    split_body_name(name).map_or(name, |body| body.symbol)
}
