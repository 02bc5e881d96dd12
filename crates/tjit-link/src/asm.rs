//! Module-level inline assembly: what it defines is linked like an object file.

use inkwell::targets::{TargetData, TargetTriple};
use tjit_orc::{CodeGenLevel, Host, TargetMachine, TargetOptions, ThreadSafeContext};

use crate::{LinkError, NativeObject};

#[cfg(test)]
mod tests;

/// Directives that define nothing and mean nothing for code that is linked symbol by symbol.
const HARMLESS: [&str; 6] = [".globl", ".global", ".extern", ".ident", ".file", SYMVER];

/// Names a version of a symbol, for a shared library that this program is not going to be.
const SYMVER: &str = ".symver";

/// Assembles what a module holds beside its IR. `None` if there is nothing in it that does something.
///
/// libstdc++ 13 and later name an initialiser of theirs with `.globl`, to have it linked in; the host has it then.
pub(crate) fn assemble(module: &str, assembly: &str) -> Result<Option<NativeObject>, LinkError> {
    if !has_effect(assembly) {
        return Ok(None);
    }
    let name = format!("{module} (assembly)");
    let fail = |error: tjit_orc::Error| LinkError::Assembly {
        module: module.to_owned(),
        reason: error.message().to_owned(),
    };
    let host = Host::get()?;
    let empty = ThreadSafeContext::new().parse(&name, b"; assembly only")?;
    let options = TargetOptions {
        level: CodeGenLevel::None,
        host_cpu: true,
    };
    let machine = TargetMachine::host(&options)?;
    let object = empty.with_module(|empty| {
        empty.set_triple(&TargetTriple::create(&host.triple));
        empty.set_data_layout(&TargetData::create(&host.data_layout).get_data_layout());
        empty.set_inline_assembly(&without_versions(assembly));
        machine.emit_object(empty)
    });
    let object = object.map_err(fail)?;
    NativeObject::parse(name, object.as_slice()).map(Some)
}

/// Whether any statement does something.
fn has_effect(assembly: &str) -> bool {
    statements(assembly).any(|statement| {
        let directive = statement.split_whitespace().next().unwrap_or_default();
        !HARMLESS.contains(&directive)
    })
}

/// The assembly without the lines that do nothing but name versions.
fn without_versions(assembly: &str) -> String {
    let names_version = |line: &&str| line.trim_start().starts_with(SYMVER) && !line.contains(';');
    let lines = assembly.lines().filter(|line| !names_version(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Statements without comments. A separator or a comment sign inside a string splits too early, which can only make
/// harmless assembly look like more.
fn statements(assembly: &str) -> impl Iterator<Item = &str> {
    assembly
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| line.split(';'))
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
}
