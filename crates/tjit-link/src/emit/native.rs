//! What the native objects of a link leave to do.

use crate::inventory::{Global, Inventory};
use crate::linked::{FunctionKind, LinkedObject, ModuleId};
use crate::program::{Program, Symbol};
use crate::resolve::Owner;
use crate::table::Table;

/// The object file of a module as the linker is to see it, if anything of it is left.
pub(super) fn object(
    index: usize,
    module: &Inventory,
    table: &Table,
    program: &Program,
) -> Option<LinkedObject> {
    let object = module.native.as_ref()?;
    let prevails = |name: &str| {
        let symbol = table.symbols.get(name);
        symbol.is_some_and(|symbol| symbol.owner == Some(Owner::Program(index)))
    };
    let body = |name: &str| {
        let has_stub = object.is_ifunc(name) || program.undefined(name).is_some();
        has_stub.then(|| module.native_body(name)).flatten()
    };
    let symbols: Vec<_> = object
        .defined()
        .filter(|name| prevails(name))
        .map(|name| body(name).unwrap_or_else(|| name.to_owned()))
        .collect();
    let alignment = |name: &str| {
        let place = table.symbols.get(name)?.definition?;
        let found = table
            .alignments
            .iter()
            .find(|(variable, _)| *variable == place)?;
        Some(found.1)
    };
    (!symbols.is_empty()).then(|| LinkedObject {
        module: ModuleId::new(index),
        name: object.name().to_owned(),
        bytes: object.emit(prevails, body, alignment),
        symbols,
        handle: module.handle.clone(),
    })
}

/// What becomes of the stub that a symbol of an object file has, if it has one.
pub(super) fn kind(
    module: &Inventory,
    global: &Global,
    symbol: &Symbol,
    program: &Program,
) -> Option<FunctionKind> {
    if let Some(resolver) = &symbol.resolver {
        let resolver = resolver.to_string();
        return Some(FunctionKind::IFunc { resolver });
    }
    program.undefined(&global.name)?;
    let body = module.native_body(&global.name)?;
    Some(FunctionKind::Native { body })
}
