//! `data-module`, `slice` and `promote`: what `tjit-link` makes of a module.

use std::fmt::Write;
use std::sync::Arc;

use inkwell::module::Module;
use serde::Deserialize;
use tjit_link::{FunctionKind, HostSymbols, ImportBudget, LinkError, Linked, Program, demangle};
use tjit_mangle::{Tier, Version, body_name};
use tjit_orc::{ThreadSafeContext, ThreadSafeModule};

use crate::{Error, SubTest, TestFile};

/// The lists of a link and the data modules.
pub(super) struct DataModule;

/// The baseline slice of some functions, or the unit of one.
pub(super) struct Slice;

/// The symbols of the functions by what the source calls them.
pub(super) struct Promote;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LinkOptions {
    /// The symbols that the host defines.
    host: Vec<String>,
    /// Another module, as text, that comes first.
    first: Option<String>,
    /// Modules, as text, that are linked behind the one of the file.
    others: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct SliceOptions {
    host: Vec<String>,
    /// The functions of a baseline slice, by the names of the source.
    baseline: Vec<String>,
    /// The root of a unit, by the name of the source.
    unit: Option<String>,
    /// Instructions to import into the unit; `tjit-link`'s default if left out.
    instructions: Option<usize>,
}

impl SubTest for DataModule {
    fn name(&self) -> &'static str {
        "data-module"
    }

    fn run(&self, file: &TestFile, module: &Module<'_>) -> Result<String, Error> {
        let options: LinkOptions = file.options()?;
        let linked = link(&options, module)?.map(|(_, linked)| linked);
        linked.map_or_else(refused, |linked| describe(&linked))
    }
}

impl SubTest for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn run(&self, file: &TestFile, module: &Module<'_>) -> Result<String, Error> {
        let options: SliceOptions = file.options()?;
        let host_only = LinkOptions {
            host: options.host.clone(),
            ..LinkOptions::default()
        };
        let slice = link(&host_only, module)?.and_then(|(program, _)| cut(&program, &options));
        slice.map_or_else(refused, |slice| text(&slice))
    }
}

impl SubTest for Promote {
    fn name(&self) -> &'static str {
        "promote"
    }

    fn run(&self, file: &TestFile, module: &Module<'_>) -> Result<String, Error> {
        let options: LinkOptions = file.options()?;
        let names = |(program, _): (Program, Linked)| {
            let line = |symbol: &str| format!("{}: {symbol}\n", demangle(symbol));
            let names: String = program.functions().map(line).collect();
            Ok(without_hashes(&names))
        };
        link(&options, module)?.map_or_else(refused, names)
    }
}

/// A host that has some symbols.
struct Host(Vec<String>);

impl HostSymbols for Host {
    fn find(&self, linker_name: &str) -> Option<u64> {
        let index = self.0.iter().position(|name| name == linker_name)?;
        u64::try_from(index + 1).ok()
    }
}

/// Links a copy of the module, between the others. The inner error is what the linker says, which is a result.
pub(super) fn link(
    options: &LinkOptions,
    module: &Module<'_>,
) -> Result<Result<(Program, Linked), LinkError>, Error> {
    let copy = ThreadSafeModule::from_inkwell(module).map_err(failed("copying"))?;
    let parse = |text: &String| ThreadSafeContext::new().parse("other", text.as_bytes());
    let texts = |texts: &[String]| texts.iter().map(parse).collect::<Result<Vec<_>, _>>();
    let other = failed("parsing another module");
    let mut modules = texts(options.first.as_slice()).map_err(&other)?;
    modules.push(copy);
    modules.extend(texts(&options.others).map_err(&other)?);
    let mut program = Program::new(Arc::new(Host(options.host.clone())));
    Ok(program.link(modules).map(|linked| (program, linked)))
}

fn cut(program: &Program, options: &SliceOptions) -> Result<ThreadSafeModule, LinkError> {
    if let Some(unit) = &options.unit {
        let root = program.resolve_name(unit)?;
        let mut imports = ImportBudget::default();
        imports.instructions = options.instructions.unwrap_or(imports.instructions);
        let body = body_name(root, Version::FIRST, Tier::Optimized);
        return program.unit_slice(root, &body, &imports);
    }
    let symbols = options
        .baseline
        .iter()
        .map(|name| program.resolve_name(name));
    program.baseline_slice(&symbols.collect::<Result<Vec<_>, _>>()?)
}

fn describe(linked: &Linked) -> Result<String, Error> {
    let mut result = String::new();
    let mut line = |line: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(result, "{line}");
    };
    for function in &linked.functions {
        let symbol = &function.symbol;
        let pinned = if function.pinned { ", pinned" } else { "" };
        match &function.kind {
            FunctionKind::Body => line(format_args!("function {symbol}{pinned}")),
            FunctionKind::IFunc { resolver } => line(format_args!("ifunc {symbol} by {resolver}")),
            FunctionKind::Undefined => line(format_args!("undefined {symbol}")),
            FunctionKind::Native { body } => line(format_args!("native {symbol} at {body}")),
        }
    }
    for (alias, target) in &linked.function_aliases {
        line(format_args!("alias {alias} of {target}"));
    }
    for constructor in &linked.constructors {
        line(format_args!(
            "constructor {} {}",
            constructor.priority, constructor.symbol
        ));
    }
    for destructor in &linked.destructors {
        line(format_args!(
            "destructor {} {}",
            destructor.priority, destructor.symbol
        ));
    }
    let mut result = without_hashes(&result);
    for data in &linked.data {
        result.push('\n');
        result.push_str(&text(&data.ir)?);
    }
    Ok(result)
}

/// The module as text, verified; without the target, which is the host's.
fn text(module: &ThreadSafeModule) -> Result<String, Error> {
    module.verify().map_err(failed("verifying the result"))?;
    let text = module.with_module(|module| module.print_to_string().to_string());
    let lines = text.lines().filter(|line| !line.starts_with("target "));
    Ok(without_hashes(
        &lines.fold(String::new(), |all, line| all + line + "\n"),
    ))
}

#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the other arm of a result"
)]
pub(super) fn refused(error: LinkError) -> Result<String, Error> {
    Ok(without_hashes(&format!("error: {error}\n")))
}

fn failed(stage: &'static str) -> impl Fn(tjit_orc::Error) -> Error {
    move |error| Error::Module {
        stage,
        message: error.to_string(),
    }
}

/// The text with each hash of a module's contents, 32 hexadecimal digits, as `HASH`: it changes with every LLVM.
pub(super) fn without_hashes(text: &str) -> String {
    const LENGTH: usize = 32;
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('.') {
        let (before, after) = rest.split_at(start + 1);
        result.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_hexdigit).count();
        rest = after;
        if digits == LENGTH {
            result.push_str("HASH");
            rest = &after[LENGTH..];
        }
    }
    result + rest
}
