//! What a link leaves to do, from what it decided.

use std::borrow::Cow;

use tjit_orc::{GlobalKind, replace_alias_uses};

use crate::data::DataNames;
use crate::inventory::{Global, Inventory, Strength, is_function};
use crate::linked::{FunctionKind, Initializer, Linked, LinkedFunction, ModuleId};
use crate::program::{Place, Program, Symbol};
use crate::resolve::Owner;
use crate::table::Table;
use crate::tls::ThreadLocals;
use crate::{LinkError, called, data, initializers};

mod native;

/// Lists what the modules in `new` add to the program, and cuts their data out of them.
pub(crate) fn emit(
    program: &Program,
    new: &[Inventory],
    table: &Table,
) -> Result<Linked, LinkError> {
    let first = program.modules().len();
    let indexed = || {
        new.iter()
            .enumerate()
            .map(|(offset, module)| (first + offset, module))
    };
    let symbol = |name: &str| table.symbols.get(name).or_else(|| program.symbol(name));
    let owner = |name: &str| symbol(name).and_then(|symbol| symbol.owner);
    let by_function = |mut initializer: Initializer| {
        let found = symbol(&initializer.symbol);
        if !matches!(found.and_then(|found| found.owner), Some(Owner::Program(_))) {
            let what = "it is called when the program starts or ends, and is not the program's own";
            return Err(LinkError::unsupported(initializer.symbol, what));
        }
        if let Some(function) = found.and_then(|found| found.alias_of.as_ref()) {
            initializer.symbol = function.to_string();
        }
        Ok(initializer)
    };
    let constructors = initializers::constructors(indexed(), owner);
    let destructors = initializers::destructors(indexed(), owner);
    let mut linked = Linked {
        modules: indexed().map(|(index, _)| ModuleId::new(index)).collect(),
        constructors: constructors
            .into_iter()
            .map(by_function)
            .collect::<Result<_, _>>()?,
        destructors: destructors
            .into_iter()
            .map(by_function)
            .collect::<Result<_, _>>()?,
        handles: indexed()
            .filter(|(_, module)| module.native.is_none())
            .filter_map(|(index, module)| Some((ModuleId::new(index), module.handle.clone()?)))
            .collect(),
        ..Linked::default()
    };
    for &(variable, alignment) in &table.alignments {
        new[variable.module - first].align(variable.global, alignment);
    }
    let mut thread_locals = ThreadLocals::new(program, table);
    let mut names = Vec::with_capacity(new.len());
    for (index, module) in indexed() {
        if module.native.is_some() {
            let object = native::object(index, module, table, program);
            linked.objects.extend(object);
            add_module(&mut linked, index, module, table, program);
            names.push(DataNames::default());
            continue;
        }
        unify_aliases(index, module, table);
        remove_absent(index, module, table);
        called::leave(module);
        let replaced = thread_locals.replace(index, module)?;
        let mut own = add_module(&mut linked, index, module, table, program);
        own.extend(replaced.templates.into_iter().map(Cow::Owned));
        let of_host = replaced.of_host;
        names.push(DataNames { own, of_host });
    }
    linked.data = data::cut(first, new, table, &names)?;
    Ok(linked)
}

/// An alias that the module defines is another name of one address, which its own code must not take for two.
fn unify_aliases(index: usize, module: &Inventory, table: &Table) {
    let aliases = module
        .globals
        .iter()
        .filter(|global| global.facts.kind == GlobalKind::Alias);
    for alias in aliases {
        let symbol = table.symbols.get(alias.name.as_str());
        if symbol.is_some_and(|symbol| symbol.owner == Some(Owner::Program(index))) {
            module
                .module
                .with_module(|module| replace_alias_uses(module, &alias.name));
        }
    }
}

/// A weak reference that nobody defines is null, and stays so.
fn remove_absent(index: usize, module: &Inventory, table: &Table) {
    let absent = table.absent.iter().filter(|place| place.module == index);
    // Those of a thread-local are replaced with all its uses.
    let absent = absent
        .map(|place| &module.globals[place.global])
        .filter(|global| !global.facts.thread_local);
    for global in absent {
        module.module.with_module(|module| {
            let function = module
                .get_function(&global.name)
                .map(|function| function.as_global_value());
            if let Some(value) = function.or_else(|| module.get_global(&global.name)) {
                let pointer = value.as_pointer_value();
                pointer.replace_all_uses_with(pointer.get_type().const_null());
            }
        });
    }
}

/// Adds the functions of a module to `linked` and returns the names of its data.
fn add_module<'m>(
    linked: &mut Linked,
    index: usize,
    module: &'m Inventory,
    table: &Table,
    program: &Program,
) -> Vec<Cow<'m, str>> {
    let mut data = Vec::new();
    for (number, global) in module.globals.iter().enumerate() {
        let Some(symbol) = table.symbols.get(global.name.as_str()) else {
            continue;
        };
        let place = Place {
            module: index,
            global: number,
        };
        if global.is_reserved() || !is_provided(place, global, symbol) {
            continue;
        }
        let name = || global.name.clone();
        let function = |kind| LinkedFunction {
            symbol: name(),
            kind,
            module: module.name.clone(),
            was_undefined: program.undefined(&global.name).is_some(),
            pinned: module.labels.is_pinned(&global.name),
            notes: module.notes.of(global),
        };
        match (global.facts.kind, symbol.owner, &symbol.alias_of) {
            (_, Some(Owner::Undefined(_)), _) => {
                linked.functions.push(function(FunctionKind::Undefined));
            }
            _ if is_native(module, global) => {
                let kind = native::kind(module, global, symbol, program);
                linked.functions.extend(kind.map(function));
            }
            _ if is_function(&global.facts) => linked.functions.push(function(FunctionKind::Body)),
            (GlobalKind::IFunc, ..) => {
                let resolver = symbol.resolver.as_deref().unwrap_or_default().to_owned();
                linked
                    .functions
                    .push(function(FunctionKind::IFunc { resolver }));
            }
            (_, _, Some(target)) => linked.function_aliases.push((name(), target.to_string())),
            _ if is_data(module, global) => data.push(Cow::Borrowed(&*global.name)),
            _ => {}
        }
    }
    data
}

/// Whether an object file has it, and not the IR beside one.
fn is_native(module: &Inventory, global: &Global) -> bool {
    module.native.is_some() && !is_function(&global.facts)
}

/// Whether it is here that the symbol becomes part of the program.
fn is_provided(place: Place, global: &Global, symbol: &Symbol) -> bool {
    match symbol.owner {
        Some(Owner::Program(module)) => module == place.module && is_definition(global),
        Some(Owner::Undefined(first)) => first == place,
        _ => false,
    }
}

fn is_definition(global: &Global) -> bool {
    global
        .strength()
        .is_some_and(|strength| strength != Strength::Importable)
}

/// Whether a variable or data alias is part of the running program's data.
fn is_data(module: &Inventory, global: &Global) -> bool {
    // Notes to tools, which no code refers to.
    const METADATA: &str = "llvm.metadata";
    global.facts.section.as_deref() != Some(METADATA) && !module.labels.is_table(&global.name)
}
