//! Functions that get another meaning while the program runs.

use std::fmt;
use std::sync::Arc;

use inkwell::module::{Linkage, Module};
use tjit_orc::{ThreadSafeModule, inline_assembly, rename};

use crate::inventory::{Inventory, is_function};
use crate::linked::Linked;
use crate::names::unpromoted;
use crate::program::{Place, Program, Symbol};
use crate::promises;
use crate::resolve::Owner;
use crate::signature::signature;
use crate::{Input, LinkError, ModuleId};

/// Another body of a function, which is linked and does not prevail yet.
#[derive(Debug, Clone)]
pub struct Redefinition {
    symbol: Arc<str>,
    place: Place,
}

impl Redefinition {
    /// The function.
    pub fn symbol(&self) -> &Arc<str> {
        &self.symbol
    }

    /// The module that has the new body.
    pub fn module(&self) -> ModuleId {
        ModuleId::new(self.place.module)
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }
}

/// What has changed with a redefinition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Redefined {
    /// The function, and definitions that mention something of which more was promised than is now: the function itself, or what
    /// calls it. Compiled code that was made with one of them is not right any more. In alphabetical order.
    pub changed: Vec<Arc<str>>,
    /// Whether the function may be among those that mention something of which less is promised now: code of the new body that was
    /// made before is not right either then.
    pub is_body_stale: bool,
    /// The module of the redefinition before, if nothing but code that was compiled refers to it any more: it is no module of the
    /// program now. Its data, and that code, are to stay where they are.
    pub dropped: Option<ModuleId>,
}

/// Why a function can't be redefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unredefinable {
    /// It is no function.
    Variable,
    /// Neither the program nor the host defines it.
    Undefined,
    /// The host defines it, and its own code does not call the program's.
    Host,
    /// Native code calls it directly.
    Native,
    /// A resolver has chosen it.
    IFunc,
    /// Addresses of its labels outlive a call, and must not be jumped to out of another body.
    Labels,
    /// It is declared never to return, and the new body is not; callers end where they call it.
    Returns,
    /// The new body may return twice, for which its callers are not compiled.
    ReturnsTwice,
    /// The new body is not in a module.
    NoModule,
    /// The module does not define it.
    NotDefined,
}

impl fmt::Display for Unredefinable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Variable => "it is a variable",
            Self::Undefined => "nobody defines it yet; add the module as any other",
            Self::Host => "it is the host's; have the program define its own from the beginning",
            Self::Native => "it is native code, whose callers know its address; give it as bitcode",
            Self::IFunc => "it is an ifunc, and its resolver has chosen what it is",
            Self::Labels => "addresses of its labels may outlive a call",
            Self::Returns => "its callers take it never to return, and the new body does",
            Self::ReturnsTwice => {
                "the new body may return twice, and its callers are not compiled for that"
            }
            Self::NoModule => {
                "a native object or an archive has no body that can be compiled with its callers"
            }
            Self::NotDefined => "the module does not define it",
        })
    }
}

impl Program {
    /// Links a module with a new body of `symbol`, a function of the program or an alias of one, as any module is linked: it has its
    /// own locals, data and constructors, and refers to the program by name. The old body still prevails, until
    /// [`Program::redefine`]; [`Program::retract`] of the module takes everything back.
    ///
    /// The module defines the function under its linker-level name. A local function of the program may be defined under the name
    /// that it had in its own module, in any linkage; and so may its locals, which are others than those of the old body.
    /// Further names that the module has for it become names of the function. Constants that the program has under the same name, such
    /// as the virtual table of the function's class, stay those of the program.
    ///
    /// # Errors
    /// [`LinkError::Redefine`] if the function is none that can be redefined, [`LinkError::Signature`] if the new body is not called
    /// as the old one is, [`LinkError::Unknown`] without such a function, and as [`Program::link`]. Nothing has changed then.
    pub fn prepare_redefinition(
        &mut self,
        symbol: &str,
        input: impl Into<Input>,
    ) -> Result<(Redefinition, Linked), LinkError> {
        let (name, old) = self.redefinable(symbol)?;
        let Input::Module(module) = input.into() else {
            return Err(refused(symbol, Unredefinable::NoModule));
        };
        module.verify()?;
        let is_defined = module.with_module(|module| claim(module, symbol, &name));
        if !is_defined {
            return Err(refused(symbol, Unredefinable::NotDefined));
        }
        self.check_signature(&name, old, &module)?;
        self.check_returns(&name, old, &module)?;
        let first = self.modules.len();
        let linked = self.link_with(
            std::iter::once(Ok::<_, LinkError>(Input::Module(module))),
            Some(&name),
        )?;
        let globals = self.modules[first].globals.iter();
        let found = globals.enumerate().find(|(_, global)| global.name == *name);
        let Some((global, _)) = found else {
            return Err(refused(symbol, Unredefinable::NotDefined));
        };
        self.redefining.insert(first);
        // It calls the old body until the new one prevails.
        self.withdraw_promises(&name, old, first..first + 1);
        let place = Place {
            module: first,
            global,
        };
        let symbol = name;
        Ok((Redefinition { symbol, place }, linked))
    }

    /// Makes the new body the one that prevails. What is sliced from now on has it; what was compiled before is for the caller to
    /// take back.
    ///
    /// # Errors
    /// [`LinkError::NoModule`] if the module with the new body was unloaded, [`LinkError::Unknown`] if the function is not the
    /// program's any more. Nothing has changed then.
    pub fn redefine(&mut self, redefinition: &Redefinition) -> Result<Redefined, LinkError> {
        let Redefinition { symbol, place } = redefinition;
        if self.modules[place.module].is_gone() {
            let module = place.module;
            return Err(LinkError::NoModule { module });
        }
        let (_, old) = self.redefinable(symbol)?;
        let new = self.module(place.module).module.clone();
        self.check_returns(symbol, old, &new)?;
        let owner = Some(Owner::Program(place.module));
        let prevailing = Symbol::new(owner, Some(*place), None);
        self.symbols.insert(symbol.clone(), prevailing);
        for module in &mut self.modules {
            module.spares.remove(&**symbol);
        }
        self.redefined.insert(symbol.clone());
        let mut changed = self.withdraw_promises(symbol, *place, 0..self.modules.len());
        let is_body_stale = !changed.insert(symbol.clone());
        let dropped = self.drop_superseded(old, symbol)?;
        self.written.forget(|name| self.symbols.contains_key(name));
        Ok(Redefined {
            changed: changed.into_iter().collect(),
            is_body_stale,
            dropped,
        })
    }

    /// Whether the function has had another body than the one that prevails, which may still run.
    pub(crate) fn is_redefined(&self, symbol: &str) -> bool {
        self.redefined.contains(symbol)
    }

    /// The function that is linked under `symbol`, and its body.
    fn redefinable(&self, symbol: &str) -> Result<(Arc<str>, Place), LinkError> {
        let Some(entry) = self.symbol(symbol) else {
            return Err(self.unknown(symbol));
        };
        let refuse = |reason| Err(refused(symbol, reason));
        if entry.resolver.is_some() {
            return refuse(Unredefinable::IFunc);
        }
        if self.native_function(symbol).is_some() {
            return refuse(Unredefinable::Native);
        }
        match entry.owner {
            Some(Owner::Host(_) | Owner::HostThread(_)) => return refuse(Unredefinable::Host),
            None | Some(Owner::Undefined(_)) => return refuse(Unredefinable::Undefined),
            Some(Owner::Program(_)) => {}
        }
        let found = self.function(symbol);
        let Some((name, place)) = found.and_then(|(name, found)| Some((name, found.definition?)))
        else {
            return refuse(Unredefinable::Variable);
        };
        let labels = &self.module(place.module).labels;
        if labels.is_pinned(name) || labels.is_fixed(name) {
            return refuse(Unredefinable::Labels);
        }
        Ok((name.clone(), place))
    }

    fn check_signature(
        &self,
        name: &str,
        old: Place,
        new: &ThreadSafeModule,
    ) -> Result<(), LinkError> {
        let of = |module: &Module<'_>| module.get_function(name).map(signature);
        let before = self.module(old.module).module.with_module(of);
        let after = new.with_module(of);
        if before == after {
            return Ok(());
        }
        Err(LinkError::Signature {
            symbol: name.to_owned(),
            before: before.unwrap_or_default(),
            after: after.unwrap_or_default(),
        })
    }

    /// Refuses a body that comes back where callers don't expect it to.
    fn check_returns(
        &self,
        name: &str,
        old: Place,
        new: &ThreadSafeModule,
    ) -> Result<(), LinkError> {
        let says = |module: &ThreadSafeModule, attribute: &str| {
            let says =
                |module: &Module<'_>| Some(promises::says(module.get_function(name)?, attribute));
            module.with_module(says).unwrap_or_default()
        };
        let old = &self.module(old.module).module;
        if says(new, "returns_twice") && !says(old, "returns_twice") {
            return Err(refused(name, Unredefinable::ReturnsTwice));
        }
        if !says(new, "noreturn") && self.ends_in(name) {
            return Err(refused(name, Unredefinable::Returns));
        }
        Ok(())
    }

    /// Takes a module out whose body of `symbol` gave way, if it was linked for that body and nothing else, so that a function may
    /// be redefined for ever. Code of it that runs finds all that it refers to where it was.
    fn drop_superseded(&mut self, old: Place, symbol: &str) -> Result<Option<ModuleId>, LinkError> {
        let index = old.module;
        if !self.redefining.contains(&index) || !self.is_body_alone(index, symbol) {
            return Ok(None);
        }
        let empty = Arc::new(self.module(index).module.slice("superseded", &[])?);
        // It may go on to run, and to do what it does to what it mentions.
        let references = &self.code_at(old).references;
        let names = references.variables.iter().chain(&references.functions);
        let names = names.chain(&references.aliases);
        let mentioned = names.filter_map(|name| self.symbol_name(name).cloned());
        let mentioned: Vec<_> = mentioned.collect();
        self.written.note_running(mentioned);
        let own: Vec<_> = self.own_data(index, symbol).cloned().collect();
        for name in &own {
            self.symbols.remove(name);
        }
        if !own.is_empty() {
            self.variables = std::sync::OnceLock::new();
        }
        self.redefining.remove(&index);
        // The names of data stay taken.
        let copies = own.is_empty().then_some(&mut self.copies);
        self.modules[index].clear(empty, copies);
        Ok(Some(ModuleId::new(index)))
    }

    /// The names of the data that a module has beside the function `symbol`.
    fn own_data<'p>(&'p self, index: usize, symbol: &'p str) -> impl Iterator<Item = &'p Arc<str>> {
        let module = self.module(index);
        let defined = module.globals.iter().filter(|global| global.facts.defined);
        defined
            .filter(move |global| global.name != symbol)
            .filter_map(|global| self.symbol_name(&global.name))
    }

    /// Whether a module consists of one function, and data that nobody else can name.
    fn is_body_alone(&self, index: usize, symbol: &str) -> bool {
        let module: &Inventory = self.module(index);
        let owns = |owner: Option<Owner>| match owner {
            Some(Owner::Program(owner)) => owner == index,
            Some(Owner::Undefined(place)) => place.module == index,
            _ => false,
        };
        let is_harmless = |global: &crate::inventory::Global| {
            let known = self.symbol(&global.name);
            if global.name == symbol {
                return true;
            }
            if !global.facts.defined {
                return !known.is_some_and(|known| owns(known.owner));
            }
            let is_local = global.name.ends_with(&module.suffix) || global.is_reserved();
            let is_list = global.name.starts_with("llvm.global_");
            let is_ours = known.is_none_or(|known| owns(known.owner));
            is_local && is_ours && !is_list && !is_function(&global.facts)
        };
        let has_assembly = || {
            let text = module.module.with_module(inline_assembly);
            !text.is_empty()
        };
        let has_section = || {
            let mut sections = self.shared_sections.iter();
            sections.any(|section| section.modules.contains(&index))
        };
        module.handle.is_none()
            && module.globals.iter().all(is_harmless)
            && !has_section()
            && !has_assembly()
    }
}

/// Has the module define the function `name` externally, if it defines it under one of the names that it may have there.
fn claim(module: &Module<'_>, symbol: &str, name: &str) -> bool {
    let names = [Some(name), Some(symbol), unpromoted(name)];
    let found = names.into_iter().flatten().find_map(|name| {
        let function = module.get_function(name)?;
        (function.count_basic_blocks() > 0).then_some((name, function))
    });
    let Some((found, function)) = found else {
        return false;
    };
    if found != name && !rename(module, found, name) {
        return false;
    }
    if function.get_linkage() == Linkage::AvailableExternally {
        return false;
    }
    function.set_linkage(Linkage::External);
    true
}

fn refused(symbol: &str, reason: Unredefinable) -> LinkError {
    LinkError::Redefine {
        symbol: symbol.to_owned(),
        reason,
    }
}
