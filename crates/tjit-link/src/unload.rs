//! Taking modules out of a program.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tjit_orc::{GlobalKind, SurveyedGlobal};

use crate::LinkError;
use crate::inventory::{Global, Strength, is_function};
use crate::linked::ModuleId;
use crate::program::{Place, Program, Symbol};
use crate::resolve::Owner;

/// What unloading modules leaves to do, for the caller to take away.
///
/// Their data modules, which are told apart by [`DataModule::module`](crate::DataModule::module), go too.
#[derive(Debug, Default)]
pub struct Unloaded {
    /// Functions that are not the program's any more, and further names of functions: their stubs go.
    pub functions: Vec<Arc<str>>,
    /// Functions whose definition was in the modules and is in another one now, which has an equal one. They keep their stub, and
    /// are to be compiled anew: their versions may refer to what goes.
    pub handed_over: Vec<Arc<str>>,
    /// Further symbols that nobody defines any more: variables, aliases.
    pub others: Vec<Arc<str>>,
    /// Functions that modules which stay use and nobody defines. They keep the stub that they had when they were undefined
    /// before.
    pub undefined: Vec<Arc<str>>,
}

/// What happens to functions that modules which stay use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Used {
    /// Their modules can't go.
    Keep,
    /// They were undefined before, and are again.
    Undefine,
}

/// What becomes of a symbol.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Nobody needs it.
    Goes,
    /// Another definition takes the place of the one that goes.
    Passes(Place),
    /// The host has it and the program has no definition to read any more.
    Unread,
    /// It stays undefined; this is who uses it.
    Wanted(Place),
}

/// What a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Function,
    Other,
    /// Not the program's.
    Foreign,
}

struct Change {
    name: Arc<str>,
    class: Class,
    fate: Fate,
}

/// Where the modules that stay mention a name.
type Mentions<'p> = HashMap<&'p str, Vec<Place>>;

impl Program {
    /// The module that has the prevailing definition of `symbol`, a function, variable or alias; none if it is the host's.
    pub fn module_of(&self, symbol: &str) -> Option<ModuleId> {
        match self.symbol(symbol)?.owner? {
            Owner::Program(module) => Some(ModuleId::new(module)),
            _ => None,
        }
    }

    /// What a module is called in messages; `None` if it is not one of this program, or was unloaded.
    pub fn module_name(&self, module: ModuleId) -> Option<&str> {
        let module = self.modules().get(module.index())?;
        (!module.is_gone()).then_some(&*module.name)
    }

    /// Whether the modules can be unloaded together.
    ///
    /// # Errors
    /// As [`Program::unload`].
    pub fn check_unload(&self, modules: &[ModuleId]) -> Result<(), LinkError> {
        self.plan(modules, Used::Keep).map(drop)
    }

    /// Takes modules out of the program, all of them or none. Cost: a look at every symbol of the program.
    ///
    /// A module is in use as long as one that stays refers to a symbol it defines. Functions that are equal everywhere by the
    /// language's rules (templates, inline functions) are an exception where the module that stays has a definition of its own:
    /// that is the prevailing one then. Variables of that kind are no exception: there is one of each, it has state, and its
    /// address is known. Modules that have parts of a section with bounds go together.
    ///
    /// # Errors
    /// [`LinkError::InUse`] with the modules and symbols, [`LinkError::NoModule`] for an id that is not one of a module of this
    /// program, or not any more. Nothing has changed then.
    pub fn unload(&mut self, modules: &[ModuleId]) -> Result<Unloaded, LinkError> {
        self.unload_planned(modules, Used::Keep)
    }

    /// Takes the modules of the last link out again, which somebody else could not take in, and none of whose code has run. What
    /// was undefined before is so again.
    ///
    /// # Errors
    /// [`LinkError::NoModule`] if they are gone already. Nothing has changed then.
    pub fn retract(&mut self, modules: &[ModuleId]) -> Result<Unloaded, LinkError> {
        self.unload_planned(modules, Used::Undefine)
    }

    fn unload_planned(&mut self, modules: &[ModuleId], used: Used) -> Result<Unloaded, LinkError> {
        let mut unloaded = Unloaded::default();
        let changes = self.plan(modules, used)?;
        let Some(first) = modules.first() else {
            return Ok(unloaded);
        };
        let empty = Arc::new(self.module(first.index()).module.slice("unloaded", &[])?);
        for change in changes {
            self.carry_out(change, &mut unloaded);
        }
        self.forget(modules, &empty, &unloaded);
        Ok(unloaded)
    }

    fn carry_out(&mut self, change: Change, unloaded: &mut Unloaded) {
        let Change { name, class, fate } = change;
        let Some(symbol) = self.symbol(&name) else {
            return;
        };
        let alias_of = match fate {
            Fate::Wanted(_) => None,
            _ => symbol.alias_of.clone(),
        };
        let changed = match (fate, class) {
            (Fate::Goes, _) => None,
            (Fate::Passes(place), Class::Foreign) => Some((symbol.owner, Some(place))),
            (Fate::Passes(place), _) => Some((Some(Owner::Program(place.module)), Some(place))),
            (Fate::Unread, _) => Some((symbol.owner, None)),
            (Fate::Wanted(place), _) => Some((Some(Owner::Undefined(place)), None)),
        };
        match (class, fate) {
            (Class::Function, Fate::Goes) => unloaded.functions.push(name.clone()),
            (Class::Function, Fate::Passes(_)) => unloaded.handed_over.push(name.clone()),
            (Class::Other, Fate::Goes) => unloaded.others.push(name.clone()),
            (_, Fate::Wanted(_)) => unloaded.undefined.push(name.clone()),
            _ => {}
        }
        let changed = changed.map(|(owner, place)| Symbol::new(owner, place, alias_of));
        self.replace_symbol(&name, changed);
    }

    /// What unloading the modules changes, without changing it.
    fn plan(&self, modules: &[ModuleId], used: Used) -> Result<Vec<Change>, LinkError> {
        let leaving = self.leaving(modules)?;
        let names = self.touched(&leaving);
        let mentions = self.mentions(&leaving, &names);
        let mut users = BTreeMap::new();
        let mut changes = Vec::new();
        for name in names.into_values() {
            let places = mentions.get(&**name).map(Vec::as_slice).unwrap_or_default();
            match self.fate(name, &leaving, places) {
                Ok(Some((class, fate))) => changes.push(Change {
                    name: name.clone(),
                    class,
                    fate,
                }),
                Ok(None) => {}
                // Of what is used of the last link only functions can have been undefined.
                Err(_) if used == Used::Undefine => {
                    changes.extend(places.first().map(|&place| Change {
                        name: name.clone(),
                        class: Class::Function,
                        fate: Fate::Wanted(place),
                    }))
                }
                Err(owner) => self.add_users(&mut users, owner, name, places),
            }
        }
        if used == Used::Keep {
            self.add_section_users(&mut users, &leaving);
        }
        match users.into_iter().next() {
            None => Ok(changes),
            Some((module, users)) => Err(LinkError::InUse {
                module: self.module(module).name.clone(),
                users: users.into_iter().collect(),
            }),
        }
    }

    fn add_users(
        &self,
        users: &mut BTreeMap<usize, BTreeSet<(String, String)>>,
        owner: usize,
        name: &str,
        places: &[Place],
    ) {
        let users = users.entry(owner).or_default();
        for place in places {
            users.insert((self.module(place.module).name.clone(), name.to_owned()));
        }
    }

    /// Modules that have parts of one section are of use to one another.
    fn add_section_users(
        &self,
        users: &mut BTreeMap<usize, BTreeSet<(String, String)>>,
        leaving: &BTreeSet<usize>,
    ) {
        for section in &self.shared_sections {
            let Some(&owner) = section.modules.intersection(leaving).next() else {
                continue;
            };
            for &stays in section.modules.difference(leaving) {
                let user = (self.module(stays).name.clone(), section.bound.clone());
                users.entry(owner).or_default().insert(user);
            }
        }
    }

    fn leaving(&self, modules: &[ModuleId]) -> Result<BTreeSet<usize>, LinkError> {
        let leaving: BTreeSet<_> = modules.iter().map(|module| module.index()).collect();
        let is_here = |&index: &usize| {
            let module = self.modules().get(index);
            module.is_some_and(|module| !module.is_gone())
        };
        match leaving.iter().find(|index| !is_here(index)) {
            None => Ok(leaving),
            Some(&module) => Err(LinkError::NoModule { module }),
        }
    }

    /// The symbols that the modules know, by name, in an order of its own.
    fn touched<'p>(&'p self, leaving: &BTreeSet<usize>) -> BTreeMap<&'p str, &'p Arc<str>> {
        let globals = leaving
            .iter()
            .flat_map(|&index| &self.module(index).globals);
        let known = globals.filter_map(|global| self.symbol_name(&global.name));
        // Bounds of sections and handles are not among their module's globals.
        known
            .chain(self.symbols_of(leaving))
            .map(|name| (&**name, name))
            .collect()
    }

    /// Where the modules that stay define or use one of `names`.
    fn mentions<'p>(
        &'p self,
        leaving: &BTreeSet<usize>,
        names: &BTreeMap<&str, &Arc<str>>,
    ) -> Mentions<'p> {
        let mut mentions = Mentions::new();
        let staying = self.modules().iter().enumerate();
        for (module, inventory) in staying.filter(|(index, _)| !leaving.contains(index)) {
            for (global, found) in inventory.globals.iter().enumerate() {
                let counts = found.facts.defined || found.facts.used;
                if counts && names.contains_key(&*found.name) {
                    let place = Place { module, global };
                    mentions.entry(&found.name).or_default().push(place);
                }
            }
        }
        mentions
    }

    /// What becomes of a symbol that modules know which are leaving; `None` if it stays as it is. The error is the module that
    /// can't leave because of it.
    fn fate(
        &self,
        name: &str,
        leaving: &BTreeSet<usize>,
        mentions: &[Place],
    ) -> Result<Option<(Class, Fate)>, usize> {
        let Some(symbol) = self.symbol(name) else {
            return Ok(None);
        };
        let definition = symbol
            .definition
            .filter(|place| leaving.contains(&place.module));
        let equal = |place: &&Place| self.is_equal_function(symbol, **place);
        match symbol.owner {
            Some(Owner::Program(owner)) if leaving.contains(&owner) => {
                let class = match self.global(symbol) {
                    Some(global) if has_stub(&global.facts) => Class::Function,
                    _ => Class::Other,
                };
                if mentions.is_empty() {
                    return Ok(Some((class, Fate::Goes)));
                }
                let heir = mentions.iter().find(equal).ok_or(owner)?;
                Ok(Some((class, Fate::Passes(*heir))))
            }
            Some(Owner::Undefined(first)) if leaving.contains(&first.module) => {
                let fate = mentions
                    .first()
                    .map_or(Fate::Goes, |&place| Fate::Wanted(place));
                Ok(Some((Class::Function, fate)))
            }
            // Data that says where the host has it stays with the program.
            Some(Owner::Program(_) | Owner::HostThread(_) | Owner::Undefined(_)) => Ok(None),
            Some(Owner::Host(_)) | None if mentions.is_empty() => {
                Ok(Some((Class::Foreign, Fate::Goes)))
            }
            Some(Owner::Host(_)) | None => {
                let Some(definition) = definition else {
                    return Ok(None);
                };
                let readable = |place: &&Place| self.global_at(**place).is_odr();
                let fate = match (mentions.iter().find(readable), symbol.owner) {
                    (Some(place), _) => Fate::Passes(*place),
                    (None, Some(_)) => Fate::Unread,
                    (None, None) => return Err(definition.module),
                };
                Ok(Some((Class::Foreign, fate)))
            }
        }
    }

    /// Whether the definition at `place` may take the place of that of `symbol`: of the same kind, and equal by the language's
    /// rules.
    fn is_equal_function(&self, symbol: &Symbol, place: Place) -> bool {
        let (Some(old), new) = (self.global(symbol), self.global_at(place)) else {
            return false;
        };
        let of_same_kind = old.facts.kind == new.facts.kind && new.facts.callable;
        // Native code has no stub that could lead elsewhere, and was left out where it was not wanted.
        let is_native = new.facts.kind == GlobalKind::Variable;
        // A resolver has chosen already.
        let is_ifunc = new.facts.kind == GlobalKind::IFunc;
        let same_target = || match (&symbol.alias_of, &new.facts.target) {
            (None, None) => true,
            (Some(old), Some(new)) => new.exact && new.base.as_deref() == Some(&**old),
            _ => false,
        };
        let is_equal =
            |global: &Global| global.is_odr() && global.strength() == Some(Strength::Weak);
        of_same_kind && !is_native && !is_ifunc && is_equal(old) && is_equal(new) && same_target()
    }
}

/// Whether the function has a stub of its own.
fn has_stub(facts: &SurveyedGlobal) -> bool {
    is_function(facts) || facts.kind == GlobalKind::IFunc
}
