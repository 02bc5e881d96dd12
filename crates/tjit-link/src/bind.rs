//! Binding what modules use and do not define: to other modules, to the host, or to nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use inkwell::module::Linkage;
use tjit_orc::{GlobalKind, users};

use crate::inventory::{Global, Inventory, Strength};
use crate::nonshared::DSO_HANDLE;
use crate::program::{Place, Program, Symbol};
use crate::resolve::Owner;
use crate::table::{Builder, Table};
use crate::{LinkError, UndefinedSymbol};

type Undefined = BTreeMap<String, UndefinedSymbol>;

/// Binds the declarations that the new modules use.
///
/// A function that nobody defines is no error before it is called. A variable that nobody defines is: code refers to its
/// address, which can't be made to lead elsewhere later.
pub(crate) fn bind_declarations(builder: &Builder<'_>, table: &mut Table) -> Result<(), LinkError> {
    let mut undefined = Undefined::new();
    for (index, module) in builder.new_modules() {
        for (number, global) in module.globals.iter().enumerate() {
            if !global.facts.used || global.is_reserved() {
                continue;
            }
            let place = Place {
                module: index,
                global: number,
            };
            match global.strength() {
                None => bind(builder, place, table, &mut undefined)?,
                Some(Strength::Importable) => {
                    if table
                        .symbols
                        .get(global.name.as_str())
                        .is_some_and(|symbol| symbol.owner.is_none())
                    {
                        look_elsewhere(builder, place, table, &mut undefined);
                    }
                }
                Some(_) => {}
            }
        }
    }
    if undefined.is_empty() {
        return Ok(());
    }
    Err(LinkError::Undefined {
        symbols: undefined.into_values().collect(),
    })
}

fn bind(
    builder: &Builder<'_>,
    place: Place,
    table: &mut Table,
    undefined: &mut Undefined,
) -> Result<(), LinkError> {
    let global = builder.global(place);
    let Some(symbol) = builder.symbol(&global.name, table) else {
        look_elsewhere(builder, place, table, undefined);
        return Ok(());
    };
    let known = match symbol.owner {
        Some(Owner::Undefined(first)) => Some(first),
        _ => symbol.definition,
    };
    let is_thread_local = matches!(symbol.owner, Some(Owner::HostThread(_)));
    match known {
        Some(known) if !builder.global(known).agrees_with(global) => {
            return Err(builder.mismatch(&global.name, known, place));
        }
        None if !global.untyped && is_thread_local != global.facts.thread_local => {
            let what = "one module takes it for thread-local and another does not";
            return Err(LinkError::unsupported(&global.name, what));
        }
        _ => {}
    }
    match symbol.owner {
        Some(Owner::Undefined(_)) if is_weak(global) => table.absent.push(place),
        Some(_) => {}
        None => look_elsewhere(builder, place, table, undefined),
    }
    Ok(())
}

/// Binds a symbol that no module defines. A copy to inline stands for nobody's definition.
fn look_elsewhere(
    builder: &Builder<'_>,
    place: Place,
    table: &mut Table,
    undefined: &mut Undefined,
) {
    let global = builder.global(place);
    let definition = builder
        .symbol(&global.name, table)
        .and_then(|symbol| symbol.definition);
    let may_be_elsewhere = !global.facts.hidden || global.name == DSO_HANDLE;
    let found = builder
        .host_find(&global.name, global.facts.thread_local)
        .filter(|_| may_be_elsewhere);
    let always_inlined =
        definition.is_some_and(|place| builder.global(place).facts.attributes.always_inline);
    let owner = match found {
        Some(owner) => owner,
        None if is_weak(global) => {
            table.absent.push(place);
            return;
        }
        None if always_inlined => return,
        None if is_called(global) && !global.facts.hidden => Owner::Undefined(place),
        None => {
            undefined
                .entry(global.name.clone())
                .or_insert_with(|| describe(builder.module(place.module), global));
            return;
        }
    };
    let symbol = Symbol::new(Some(owner), definition, None);
    table
        .symbols
        .insert(Arc::from(global.name.as_str()), symbol);
}

/// Whether it is a function, and of one in an object file, whether it is called and its address not taken.
fn is_called(global: &Global) -> bool {
    global.facts.kind == GlobalKind::Function || (global.untyped && global.facts.callable)
}

fn is_weak(global: &Global) -> bool {
    global.facts.linkage == Linkage::ExternalWeak
}

/// What the module wants of a symbol, and who in it.
fn describe(module: &Inventory, global: &Global) -> UndefinedSymbol {
    let users = module.module.with_module(|module| {
        let function = module
            .get_function(&global.name)
            .map(|function| function.as_global_value());
        function
            .or_else(|| module.get_global(&global.name))
            .map(users)
            .unwrap_or_default()
    });
    let named = |user: &String| !user.starts_with(crate::names::RESERVED);
    UndefinedSymbol {
        symbol: global.name.clone(),
        what: match global.description() {
            "a function" if global.facts.hidden => "a hidden function",
            _ if global.untyped && !global.facts.callable => "a symbol",
            what => what,
        },
        module: module.name.clone(),
        users: users
            .functions
            .into_iter()
            .chain(users.globals)
            .filter(named)
            .collect(),
    }
}

impl Program {
    /// The function `symbol`, if modules of the program refer to it and nobody defined it when they were linked. Of its
    /// users those in the first such module are listed.
    pub fn undefined(&self, symbol: &str) -> Option<UndefinedSymbol> {
        let Some(Owner::Undefined(place)) = self.symbol(symbol)?.owner else {
            return None;
        };
        let module = self.module(place.module);
        Some(describe(module, &module.globals[place.global]))
    }
}
