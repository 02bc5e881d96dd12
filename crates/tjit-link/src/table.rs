//! Building the symbol table of a link: every definition and every use of the new modules.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use foldhash::fast::RandomState;
use tjit_mangle::Mangler;
use tjit_orc::GlobalKind;

use crate::aliases::{self, Split};
use crate::inventory::{Global, Inventory, Strength};
use crate::program::{Place, Program, Symbol, Symbols};
use crate::resolve::{self, Candidate, Conflict, Earlier, Owner};
use crate::sections::{self, Rename, Section};
use crate::{LinkError, bind, inventory};

/// What a link decides.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The symbols that the new modules define or bind to the host.
    pub(crate) symbols: Symbols,
    /// Tentative definitions that must be aligned as the most demanding of their copies.
    pub(crate) alignments: Vec<(Place, u32)>,
    /// Weak references that nobody defines: null from now on, whatever later links bring.
    pub(crate) absent: Vec<Place>,
    /// Sections whose bounds the new modules use.
    pub(crate) sections: Vec<Section>,
    /// Definitions that gave way and stay for their aliases.
    pub(crate) splits: Vec<Split>,
    /// Declarations that are to be called otherwise from now on.
    pub(crate) renames: Vec<Rename>,
}

/// Where the names of the new modules are defined.
struct Definitions<'m> {
    /// Each name with the first place, in the order of the places.
    order: Vec<(&'m str, Place)>,
    /// Where a name is in `order`.
    numbers: HashMap<&'m str, usize, RandomState>,
    /// All places of those that have several.
    several: HashMap<usize, Vec<Place>, RandomState>,
    /// The aliases of what has any, and what they stand for.
    aliases: HashMap<&'m str, Vec<&'m str>>,
}

impl<'m> Definitions<'m> {
    fn places(&self, number: usize) -> &[Place] {
        match self.several.get(&number) {
            Some(places) => places,
            None => std::slice::from_ref(&self.order[number].1),
        }
    }

    fn places_of(&self, name: &str) -> Option<&[Place]> {
        Some(self.places(*self.numbers.get(name)?))
    }

    fn add(&mut self, name: &'m str, place: Place) {
        match self.numbers.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(self.order.len());
                self.order.push((name, place));
            }
            Entry::Occupied(entry) => {
                let number = *entry.get();
                let first = self.order[number].1;
                let places = self.several.entry(number).or_insert_with(|| vec![first]);
                places.push(place);
            }
        }
    }
}

/// The program and the modules that are about to join it.
pub(crate) struct Builder<'p> {
    program: &'p Program,
    new: &'p [Inventory],
    /// A function that the first of the new modules defines anew.
    redefined: Option<&'p str>,
    mangler: Mangler,
}

pub(crate) fn build(
    program: &Program,
    new: &[Inventory],
    redefined: Option<&str>,
) -> Result<Table, LinkError> {
    let builder = Builder {
        program,
        new,
        redefined,
        mangler: inventory::mangler()?,
    };
    let definitions = builder.definitions();
    let mut table = Table::default();
    // Few of what the modules use is not defined by one of them.
    table.symbols.reserve(definitions.order.len());
    for (number, &(name, _)) in definitions.order.iter().enumerate() {
        let places = definitions.places(number);
        let symbol = builder.define(name, places, &definitions)?;
        if let Some(alignment) = builder.alignment(&symbol, places) {
            table.alignments.push(alignment);
        }
        table.symbols.insert(Arc::from(name), symbol);
    }
    for (index, module) in builder.new_modules() {
        if let Some(handle) = &module.handle {
            let symbol = Symbol::new(Some(Owner::Program(index)), None, None);
            table.symbols.insert(Arc::from(handle.as_str()), symbol);
        }
    }
    builder.check_body_names()?;
    aliases::settle(&builder, &mut table)?;
    sections::bind(&builder, &mut table)?;
    bind::bind_declarations(&builder, &mut table)?;
    Ok(table)
}

impl<'p> Builder<'p> {
    pub(crate) fn module(&self, index: usize) -> &'p Inventory {
        let first_new = self.program.modules().len();
        match index.checked_sub(first_new) {
            Some(offset) => &self.new[offset],
            None => self.program.module(index),
        }
    }

    pub(crate) fn global(&self, place: Place) -> &'p Global {
        &self.module(place.module).globals[place.global]
    }

    /// A symbol as it will be after the link.
    pub(crate) fn symbol<'t>(&'t self, name: &str, table: &'t Table) -> Option<&'t Symbol> {
        table
            .symbols
            .get(name)
            .or_else(|| self.program.symbol(name))
    }

    /// Whether somebody defined the symbol before this link.
    pub(crate) fn is_owned_before(&self, name: &str) -> bool {
        let symbol = self.program.symbol(name);
        symbol.is_some_and(|symbol| symbol.owner.is_some())
    }

    pub(crate) fn new_modules(&self) -> impl Iterator<Item = (usize, &'p Inventory)> {
        let first = self.program.modules().len();
        self.new
            .iter()
            .enumerate()
            .map(move |(offset, module)| (first + offset, module))
    }

    fn definitions(&self) -> Definitions<'p> {
        let count = self.new.iter().map(|module| module.globals.len()).sum();
        let mut definitions = Definitions {
            order: Vec::with_capacity(count),
            numbers: HashMap::with_capacity_and_hasher(count, RandomState::default()),
            several: HashMap::default(),
            aliases: HashMap::new(),
        };
        for (index, module) in self.new_modules() {
            for (number, global) in module.globals.iter().enumerate() {
                if !global.facts.defined || global.is_reserved() {
                    continue;
                }
                if let Some(base) = global.facts.target.as_ref().and_then(|t| t.base.as_deref()) {
                    let aliases = &mut definitions.aliases;
                    aliases.entry(base).or_default().push(&global.name);
                    aliases.entry(&global.name).or_default().push(base);
                }
                let place = Place {
                    module: index,
                    global: number,
                };
                definitions.add(&global.name, place);
            }
        }
        definitions
    }

    fn define(
        &self,
        name: &str,
        places: &[Place],
        definitions: &Definitions<'_>,
    ) -> Result<Symbol, LinkError> {
        let earlier = self.program.symbol(name);
        self.check_kinds(name, places, earlier)?;
        if let Some(kept) = earlier.filter(|_| self.is_redefined(name, places)) {
            return Ok(kept.kept());
        }
        let candidates: Vec<_> = places.iter().map(|&place| self.candidate(place)).collect();
        let previous = earlier.and_then(|symbol| self.earlier(symbol));
        let is_thread_local = self.global(places[0]).facts.thread_local;
        let host = || self.host_copy(name, is_thread_local, definitions);
        let owner = resolve::resolve(&candidates, previous, host)
            .map_err(|conflict| self.conflict(name, conflict))?;
        let read_earlier = || earlier.and_then(|symbol| symbol.definition);
        let definition = match owner {
            Some(Owner::Program(module)) => places
                .iter()
                .copied()
                .find(|place| place.module == module)
                .or_else(read_earlier),
            _ => read_earlier().or_else(|| {
                places
                    .iter()
                    .copied()
                    .find(|&place| self.global(place).is_odr())
            }),
        };
        let mut symbol = Symbol::new(owner, definition, None);
        if let Some(Owner::Program(module)) = owner
            && module < self.program.modules().len()
        {
            symbol.alias_of = earlier.and_then(|symbol| symbol.alias_of.clone());
            symbol.resolver = earlier.and_then(|symbol| symbol.resolver.clone());
        }
        Ok(symbol)
    }

    /// Whether the definitions of `name` are the one that redefines a function, or come with it and are the program's already.
    fn is_redefined(&self, name: &str, places: &[Place]) -> bool {
        let Some(redefined) = self.redefined else {
            return false;
        };
        let symbol = self.program.symbol(name);
        let names_it = |place: &Place| {
            let target = self.global(*place).facts.target.as_ref();
            target.is_some_and(|target| target.exact && target.base.as_deref() == Some(redefined))
        };
        let is_name = symbol.and_then(|symbol| symbol.alias_of.as_deref()) == Some(redefined);
        name == redefined
            || (is_name && places.iter().all(names_it))
            || symbol.is_some_and(|symbol| self.is_same_constant(symbol, places))
    }

    /// Whether the definitions are of a constant that the program has: the virtual table of a class comes with one of its
    /// functions, and so does what describes the class.
    fn is_same_constant(&self, symbol: &Symbol, places: &[Place]) -> bool {
        let Some(before) = symbol.definition.map(|place| self.global(place)) else {
            return false;
        };
        let is_constant =
            |global: &Global| global.facts.constant && global.facts.kind == GlobalKind::Variable;
        let is_same = |place: &Place| {
            let global = self.global(*place);
            is_constant(global) && global.facts.size == before.facts.size
        };
        let is_ours = matches!(symbol.owner, Some(Owner::Program(_)));
        is_ours && is_constant(before) && places.iter().all(is_same)
    }

    /// Whether a definition is there to redefine a function.
    pub(crate) fn redefines(&self, global: &Global) -> bool {
        self.redefined == Some(&*global.name) && global.facts.kind == GlobalKind::Function
    }

    fn candidate(&self, place: Place) -> Candidate {
        let global = self.global(place);
        Candidate {
            module: place.module,
            strength: global.strength().unwrap_or(Strength::Importable),
            odr: global.is_odr(),
            hidden: global.facts.hidden || global.is_local(),
            size: global.facts.size,
        }
    }

    fn earlier(&self, symbol: &Symbol) -> Option<Earlier> {
        let owner = symbol.owner?;
        let candidate = symbol.definition.map(|place| self.candidate(place));
        Some(Earlier {
            owner,
            strength: candidate.map_or(Strength::Strong, |candidate| candidate.strength),
            size: candidate.map_or(0, |candidate| candidate.size),
        })
    }

    pub(crate) fn host_find(&self, name: &str, is_thread_local: bool) -> Option<Owner> {
        // Names have been checked, so mangling one can't fail; on ELF it changes nothing.
        let linker_name = self.mangler.mangle(name, &tjit_mangle::Symbol::DATA).ok()?;
        let host = self.program.host();
        if is_thread_local {
            return host.find_thread_local(&linker_name).map(Owner::HostThread);
        }
        host.find(&linker_name).map(Owner::Host)
    }

    /// The host's copy of a symbol; of a variable with a guard, or of the guard, only together with the other, and so for what
    /// has aliases, and for the aliases.
    fn host_copy(
        &self,
        name: &str,
        is_thread_local: bool,
        definitions: &Definitions<'_>,
    ) -> Option<Owner> {
        let owner = self.host_find(name, is_thread_local)?;
        let guards = guard_of(name).into_iter().chain(guarded_by(name));
        let is_there = |partner: &str| match definitions.places_of(partner) {
            Some(places) => {
                let is_thread_local = self.global(places[0]).facts.thread_local;
                places.iter().all(|&place| self.global(place).is_odr())
                    && self.host_find(partner, is_thread_local).is_some()
            }
            None => true,
        };
        let aliases = definitions.aliases.get(name).into_iter().flatten();
        let all_there =
            guards.into_iter().all(|guard| is_there(&guard)) && aliases.copied().all(is_there);
        all_there.then_some(owner)
    }

    fn check_kinds(
        &self,
        name: &str,
        places: &[Place],
        earlier: Option<&Symbol>,
    ) -> Result<(), LinkError> {
        let first = earlier
            .and_then(|symbol| match symbol.owner {
                Some(Owner::Undefined(place)) => Some(place),
                _ => symbol.definition,
            })
            .unwrap_or(places[0]);
        // What was called before has a stub, which is no variable.
        if let Some(Owner::Undefined(called)) = earlier.and_then(|symbol| symbol.owner) {
            let is_data = |place: &&Place| {
                let global = self.global(**place);
                !global.untyped && !global.facts.callable
            };
            if let Some(&data) = places.iter().find(is_data) {
                return Err(self.mismatch(name, called, data));
            }
        }
        // The first that says what it is, if there is one.
        let known = places.iter().find(|&&place| !self.global(place).untyped);
        let first = if self.global(first).untyped {
            *known.unwrap_or(&first)
        } else {
            first
        };
        let first_global = self.global(first);
        match places
            .iter()
            .find(|&&place| !self.global(place).agrees_with(first_global))
        {
            Some(&other) => Err(self.mismatch(name, first, other)),
            None => Ok(()),
        }
    }

    pub(crate) fn description(&self, place: Place) -> &'static str {
        self.global(place).description()
    }

    pub(crate) fn mismatch(&self, name: &str, first: Place, second: Place) -> LinkError {
        LinkError::Mismatch {
            symbol: name.to_owned(),
            first: self.module(first.module).name.clone(),
            first_is: self.description(first),
            second: self.module(second.module).name.clone(),
            second_is: self.description(second),
        }
    }

    fn conflict(&self, name: &str, conflict: Conflict) -> LinkError {
        let module = |index: usize| self.module(index).name.clone();
        match conflict {
            Conflict::Duplicate(first, second) => {
                let (first, second) = (module(first), module(second));
                LinkError::Duplicate {
                    symbol: name.to_owned(),
                    first,
                    second,
                }
            }
            Conflict::BoundToHost => {
                LinkError::unsupported(name, "the program is bound to the host's already")
            }
            Conflict::TooSmall(index) => {
                let what = format!(
                    "`{}` defines it too small for another module",
                    module(index)
                );
                LinkError::unsupported(name, what)
            }
        }
    }

    /// The strictest alignment among tentative definitions, if the chosen one has less.
    fn alignment(&self, symbol: &Symbol, places: &[Place]) -> Option<(Place, u32)> {
        let chosen = symbol.definition?;
        let is_new = places.contains(&chosen);
        if !is_new || self.candidate(chosen).strength != Strength::Common {
            return None;
        }
        let alignment = places
            .iter()
            .map(|&place| self.global(place).facts.alignment)
            .max()?;
        (alignment > self.global(chosen).facts.alignment).then_some((chosen, alignment))
    }

    /// A body's name must not be a symbol of the program: a slice would take the one for the other. Bodies of the functions
    /// that are linked now avoid the names that exist (`Program::free_version`); those of earlier ones may be there already.
    fn check_body_names(&self) -> Result<(), LinkError> {
        let new_names = self
            .new
            .iter()
            .flat_map(|module| &module.globals)
            .map(|global| &*global.name);
        for name in new_names {
            if let Some(parts) = tjit_mangle::split_body_name(name)
                && !self.program.is_body_like(name)
                && self.program.body_of(parts.symbol).is_some()
            {
                let what = format!("a version of `{}` may have that name already", parts.symbol);
                return Err(LinkError::unsupported(name, what));
            }
        }
        Ok(())
    }
}

/// The guard of a C++ variable (Itanium ABI).
fn guard_of(variable: &str) -> Option<String> {
    let rest = variable
        .strip_prefix("_Z")
        .filter(|rest| !rest.starts_with("GV"))?;
    Some(format!("_ZGV{rest}"))
}

/// The variable of a guard.
fn guarded_by(guard: &str) -> Option<String> {
    Some(format!("_Z{}", guard.strip_prefix("_ZGV")?))
}
