//! Further names of functions and variables, and functions that are chosen by a resolver.
//!
//! An alias stands for the definition in its own module, also where another module's prevails under that definition's
//! name; and so does an ifunc for its resolver. The definition that gave way then stays, under a local name.

use std::collections::HashMap;
use std::sync::Arc;

use inkwell::module::Linkage;
use tjit_orc::{GlobalKind, split_definition};

use crate::LinkError;
use crate::inventory::{Global, Inventory};
use crate::program::{Place, Symbol};
use crate::resolve::Owner;
use crate::table::{Builder, Table};

/// What an alias stands for, or the resolver of an ifunc.
pub(crate) struct Base<'m> {
    pub(crate) global: &'m Global,
    number: usize,
    /// The very address, and not one inside.
    exact: bool,
}

/// A definition that gave way and stays for its aliases.
#[derive(Debug)]
pub(crate) struct Split {
    place: Place,
    /// What it is called from now on.
    name: String,
    /// If it is an ifunc: its resolver.
    resolver: Option<Arc<str>>,
}

/// Finds what the aliases and ifuncs of the new modules stand for.
pub(crate) fn settle(builder: &Builder<'_>, table: &mut Table) -> Result<(), LinkError> {
    for (index, module) in builder.new_modules() {
        let settling = Settling {
            builder,
            index,
            module,
            names: Names::of(module),
        };
        for global in &module.globals {
            if !matches!(global.facts.kind, GlobalKind::Alias | GlobalKind::IFunc) {
                continue;
            }
            let symbol = table.symbols.get(global.name.as_str());
            let is_owned = symbol.is_some_and(|s| s.owner == Some(Owner::Program(index)));
            if !is_owned {
                continue;
            }
            match global.facts.kind {
                GlobalKind::Alias => {
                    if let Some(function) = settling.alias(global, table)? {
                        set(table, &global.name, |symbol| {
                            symbol.alias_of = Some(function)
                        });
                    }
                }
                GlobalKind::IFunc => {
                    let resolver = match module.native_body(&global.name) {
                        Some(body) => Arc::from(body),
                        None => settling.resolver(global, table)?,
                    };
                    set(table, &global.name, |symbol| {
                        symbol.resolver = Some(resolver)
                    });
                }
                GlobalKind::Function | GlobalKind::Variable => {}
            }
        }
    }
    Ok(())
}

fn set(table: &mut Table, name: &str, change: impl FnOnce(&mut Symbol)) {
    if let Some(symbol) = table.symbols.get_mut(name) {
        change(symbol);
    }
}

struct Settling<'b, 'm> {
    builder: &'b Builder<'m>,
    index: usize,
    module: &'m Inventory,
    names: Names<'m>,
}

impl Settling<'_, '_> {
    /// The function that the alias is a name of; `None` for data.
    fn alias(&self, alias: &Global, table: &mut Table) -> Result<Option<Arc<str>>, LinkError> {
        let Some(base) = self.names.base(alias) else {
            let what = "it is an alias of an address that no symbol has";
            return Err(LinkError::unsupported(&alias.name, what));
        };
        let is_function = base.global.facts.callable;
        if is_function && !base.exact {
            let what = "it is an alias of an address inside a function";
            return Err(LinkError::unsupported(&alias.name, what));
        }
        let name = self.name(alias, &base, table)?;
        Ok(is_function.then_some(name))
    }

    /// The function that chooses what the ifunc is.
    fn resolver(&self, ifunc: &Global, table: &mut Table) -> Result<Arc<str>, LinkError> {
        match self.names.base(ifunc) {
            Some(base) if base.exact && base.global.facts.kind == GlobalKind::Function => {
                self.name(ifunc, &base, table)
            }
            _ => {
                let what = "its resolver is not a function of the program";
                Err(LinkError::unsupported(&ifunc.name, what))
            }
        }
    }

    /// The symbol of what `user` stands for.
    fn name(
        &self,
        user: &Global,
        base: &Base<'_>,
        table: &mut Table,
    ) -> Result<Arc<str>, LinkError> {
        let global = base.global;
        let symbol = self.builder.symbol(&global.name, table);
        let owner = symbol.and_then(|symbol| symbol.owner);
        if owner == Some(Owner::Program(self.index)) || self.builder.redefines(global) {
            return Ok(Arc::from(global.name.as_str()));
        }
        let prevailing = symbol
            .filter(|_| matches!(owner, Some(Owner::Program(_))))
            .and_then(|symbol| symbol.definition)
            .map(|place| self.builder.global(place));
        let same = prevailing.filter(|prevailing| {
            let both_in_groups = global.facts.comdat.is_some() && prevailing.facts.comdat.is_some();
            both_in_groups || global.is_odr()
        });
        match same {
            // Copies that are equal by the language's rules may stand for one another.
            Some(_) if global.facts.callable => Ok(Arc::from(global.name.as_str())),
            Some(_) => {
                let what = format!(
                    "it is an alias of `{}`, whose COMDAT gave way to that of another module, which has no such alias",
                    global.name
                );
                Err(LinkError::unsupported(&user.name, what))
            }
            None => self.split(base, table),
        }
    }

    fn split(&self, base: &Base<'_>, table: &mut Table) -> Result<Arc<str>, LinkError> {
        let place = Place {
            module: self.index,
            global: base.number,
        };
        let name = format!("{}{}", base.global.name, self.module.suffix);
        if table.splits.iter().all(|split| split.place != place) {
            if self.names.0.contains_key(name.as_str()) || table.symbols.contains_key(&*name) {
                let what = "it would get a name that is taken";
                return Err(LinkError::unsupported(name, what));
            }
            let is_ifunc = base.global.facts.kind == GlobalKind::IFunc;
            let resolver = is_ifunc
                .then(|| self.resolver(base.global, table))
                .transpose()?;
            let name = name.clone();
            table.splits.push(Split {
                place,
                name,
                resolver,
            });
        }
        Ok(Arc::from(name))
    }
}

/// Gives the definitions that stay for their aliases names of their own. `first` is the index of the first of `new`.
pub(crate) fn split(table: &mut Table, first: usize, new: &mut [Inventory]) {
    for Split {
        place,
        name,
        resolver,
    } in std::mem::take(&mut table.splits)
    {
        let module = &mut new[place.module - first];
        let old = module.split(place.global, &name);
        // The symbol's definition for readers is no longer one.
        set(table, &old, |symbol| {
            symbol.definition = symbol.definition.filter(|&found| found != place);
        });
        let definition = Place {
            module: place.module,
            global: module.globals.len() - 1,
        };
        let mut symbol = Symbol::new(Some(Owner::Program(place.module)), Some(definition), None);
        symbol.resolver = resolver;
        table.symbols.insert(Arc::from(name), symbol);
    }
}

impl Inventory {
    /// Makes the definition a local one called `name`, the last of the globals, and a declaration of the rest. Returns what
    /// it was called.
    fn split(&mut self, global: usize, name: &str) -> String {
        let declaration = &mut self.globals[global];
        let old = declaration.name.clone();
        let mut local = Global {
            name: name.to_owned(),
            facts: declaration.facts.clone(),
            untyped: false,
        };
        local.facts.linkage = Linkage::Internal;
        local.facts.hidden = false;
        local.facts.comdat = None;
        declaration.facts.defined = false;
        declaration.facts.linkage = Linkage::External;
        declaration.facts.comdat = None;
        self.add(local);
        self.labels.rename(&old, name);
        self.module
            .with_module(|module| split_definition(module, &old, name));
        old
    }
}

/// The globals of a module by name, if it has aliases or ifuncs.
pub(crate) struct Names<'m>(HashMap<&'m str, (usize, &'m Global)>);

impl<'m> Names<'m> {
    pub(crate) fn of(module: &'m Inventory) -> Self {
        let has_targets = module
            .globals
            .iter()
            .any(|global| global.facts.target.is_some());
        let globals = module.globals.iter().enumerate();
        let globals = globals.filter(|_| has_targets);
        Self(
            globals
                .map(|(number, global)| (&*global.name, (number, global)))
                .collect(),
        )
    }

    /// What an alias or ifunc stands for, which is no alias (`Inventory::new`).
    pub(crate) fn base(&self, user: &Global) -> Option<Base<'m>> {
        let target = user.facts.target.as_ref()?;
        let &(number, global) = self.0.get(target.base.as_deref()?)?;
        let exact = target.exact;
        Some(Base {
            global,
            number,
            exact,
        })
    }
}
