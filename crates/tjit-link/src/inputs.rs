//! From what a link is given to the modules and objects that are linked.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use inkwell::module::Linkage;
use tjit_orc::{ThreadSafeContext, ThreadSafeModule};

use crate::archive::Extracted;
use crate::inventory::{Copies, Inventory, Strength};
use crate::nonshared::{self, Nonshared};
use crate::program::Program;
use crate::resolve::Owner;
use crate::{Archive, HostSymbols, LinkError, NativeObject, refuse};

/// Something to be linked into a program. The order of inputs matters as on a linker's command line.
#[non_exhaustive]
pub enum Input {
    /// A module.
    Module(ThreadSafeModule),
    /// A native object file.
    Object(NativeObject),
    /// An archive, of which those members are linked that define what is undefined when its turn comes, also since earlier
    /// links, and what remains undefined when all inputs have been seen.
    Archive(Archive),
    /// A library of the host's: what it defines is not looked for in archives behind it. [`HostSymbols`] of the program
    /// have to find it too.
    Library(Arc<dyn HostSymbols>),
    /// A symbol that is wanted of archives though nothing refers to it, as a linker's `-u`: the function that the program
    /// starts with.
    Wanted(String),
}

impl From<ThreadSafeModule> for Input {
    fn from(module: ThreadSafeModule) -> Self {
        Self::Module(module)
    }
}

impl From<NativeObject> for Input {
    fn from(object: NativeObject) -> Self {
        Self::Object(object)
    }
}

impl From<Archive> for Input {
    fn from(archive: Archive) -> Self {
        Self::Archive(archive)
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(module) => f.debug_tuple("Module").field(module).finish(),
            Self::Object(object) => f.debug_tuple("Object").field(object).finish(),
            Self::Archive(archive) => f.debug_tuple("Archive").field(archive).finish(),
            Self::Library(_) => f.write_str("Library"),
            Self::Wanted(symbol) => f.debug_tuple("Wanted").field(symbol).finish(),
        }
    }
}

/// Takes stock of all inputs, and of the members of archives that are wanted.
///
/// Archives are searched from left to right, each until nothing of it is wanted any more, as GNU ld does it; what is
/// undefined at the end is then looked for in all of them again, as lld would have found it. So every program that GNU ld
/// links is linked from the same members, and the order of archives matters no more than to lld.
///
/// Each input is taken only when the one before it has been taken stock of, so that what parses them as they are asked for
/// leaves each module in the processor's caches for what comes next.
pub(crate) fn gather<E: From<LinkError>>(
    program: &Program,
    inputs: impl IntoIterator<Item = Result<Input, E>>,
    copies: &mut Copies,
) -> Result<Vec<Inventory>, E> {
    let mut gathering = Gathering::new(program, copies);
    for input in inputs {
        match input? {
            Input::Module(module) => gathering.add_module(module)?,
            Input::Object(object) => gathering.add_object(object)?,
            Input::Library(library) => gathering.libraries.push(library),
            Input::Wanted(symbol) => gathering.want(&symbol),
            Input::Archive(archive) => {
                gathering.want_of_earlier(&archive);
                gathering.archives.push((Arc::new(archive), HashSet::new()));
                gathering.search(gathering.archives.len() - 1)?;
            }
        }
    }
    gathering.give_nonshared()?;
    gathering.search_again()?;
    Ok(gathering.modules)
}

struct Gathering<'p, 'c> {
    program: &'p Program,
    context: Option<ThreadSafeContext>,
    modules: Vec<Inventory>,
    copies: &'c mut Copies,
    /// What each module is given of its own, once all inputs have been seen, of which any may define it for all.
    nonshared: Option<Nonshared>,
    /// Those names that the new modules define.
    nonshared_defined: HashSet<&'static str>,
    /// The modules that use others of them.
    nonshared_users: Vec<usize>,
    /// With the members that were taken.
    archives: Vec<(Arc<Archive>, HashSet<usize>)>,
    libraries: Vec<Arc<dyn HostSymbols>>,
    /// How many of the modules `defined` and `wanted` have been told of, which archives alone ask.
    noted: usize,
    /// What the new modules define; whether only tentatively.
    defined: HashMap<String, bool>,
    /// What they use and do not define, in the order of the first use.
    wanted: Vec<String>,
    seen: HashSet<String>,
}

impl<'p, 'c> Gathering<'p, 'c> {
    fn new(program: &'p Program, copies: &'c mut Copies) -> Self {
        Self {
            program,
            context: program
                .modules()
                .first()
                .map(|module| module.module.context().clone()),
            modules: Vec::new(),
            copies,
            nonshared: None,
            nonshared_defined: HashSet::new(),
            nonshared_users: Vec::new(),
            archives: Vec::new(),
            libraries: Vec::new(),
            noted: 0,
            defined: HashMap::new(),
            wanted: Vec::new(),
            seen: HashSet::new(),
        }
    }

    fn add_module(&mut self, module: ThreadSafeModule) -> Result<(), LinkError> {
        let (context, copies) = (self.context.as_ref(), &mut *self.copies);
        let mut inventory = Inventory::new(module, context, copies)?;
        let assembly = inventory.assembly.take();
        self.add(inventory)?;
        assembly.map_or(Ok(()), |object| self.add_object(object))
    }

    fn add_object(&mut self, object: NativeObject) -> Result<(), LinkError> {
        let context = self.context.get_or_insert_with(ThreadSafeContext::new);
        let inventory = Inventory::native(object, context, self.copies)?;
        self.add(inventory)
    }

    fn add(&mut self, mut inventory: Inventory) -> Result<(), LinkError> {
        refuse::check(&inventory)?;
        self.context
            .get_or_insert_with(|| inventory.module.context().clone());
        let mut uses_nonshared = false;
        for global in &inventory.globals {
            if let Some(name) = nonshared::known(&global.name) {
                match global.facts.defined {
                    true => drop(self.nonshared_defined.insert(name)),
                    false => uses_nonshared = true,
                }
            }
        }
        if uses_nonshared {
            match &self.nonshared {
                Some(nonshared) => inventory.give(nonshared)?,
                None => self.nonshared_users.push(self.modules.len()),
            }
        }
        self.modules.push(inventory);
        Ok(())
    }

    /// Gives the modules that are there, and each that comes, what each has of its own.
    fn give_nonshared(&mut self) -> Result<(), LinkError> {
        let nonshared = Nonshared::new(|name| {
            self.program.defines(name)
                || self.nonshared_defined.contains(name)
                || self
                    .archives
                    .iter()
                    .any(|(archive, _)| archive.find(name).is_some())
        });
        for index in std::mem::take(&mut self.nonshared_users) {
            self.modules[index].give(&nonshared)?;
            if index < self.noted {
                self.note(index);
            }
        }
        self.nonshared = Some(nonshared);
        Ok(())
    }

    /// Takes down what the modules define and want that have come since this was done last.
    fn note_new(&mut self) {
        for index in self.noted..self.modules.len() {
            self.note(index);
        }
        self.noted = self.modules.len();
    }

    fn note(&mut self, index: usize) {
        let Self {
            modules,
            defined,
            wanted,
            seen,
            ..
        } = self;
        let mut want = |name: &str| want(wanted, seen, name);
        let globals = modules[index].globals.iter();
        for global in globals.filter(|global| !global.is_reserved()) {
            match global.strength() {
                Some(Strength::Common) => {
                    defined.entry(global.name.clone()).or_insert(true);
                    want(&global.name);
                }
                Some(Strength::Weak | Strength::Strong) => {
                    defined.insert(global.name.clone(), false);
                }
                Some(Strength::Importable) | None => {
                    if global.facts.used && global.facts.linkage != Linkage::ExternalWeak {
                        want(&global.name);
                    }
                }
            }
        }
    }

    /// What earlier links left undefined is wanted of archives that come now.
    fn want_of_earlier(&mut self, archive: &Archive) {
        for name in archive.symbols() {
            if self.program.undefined(name).is_some() {
                self.want(name);
            }
        }
    }

    fn want(&mut self, name: &str) {
        want(&mut self.wanted, &mut self.seen, name);
    }

    /// Links the members of an archive that are wanted, and those that they want.
    fn search(&mut self, index: usize) -> Result<bool, LinkError> {
        let archive = self.archives[index].0.clone();
        let mut found = false;
        // Members add to the end of the list.
        let mut next = 0;
        self.note_new();
        while let Some(name) = self.wanted.get(next) {
            next += 1;
            let member = match self.defined.get(name) {
                Some(false) => None,
                Some(true) => archive.find_strong(name),
                None => archive.find(name).filter(|_| !self.is_elsewhere(name)),
            };
            let Some(member) = member.filter(|&member| self.archives[index].1.insert(member))
            else {
                continue;
            };
            found = true;
            let context = self.context.get_or_insert_with(ThreadSafeContext::new);
            match archive.extract(member, context)? {
                Extracted::Module(module) => self.add_module(module)?,
                Extracted::Object(object) => self.add_object(object)?,
            }
            self.note_new();
        }
        Ok(found)
    }

    /// Whether an earlier link or a library defines the symbol.
    fn is_elsewhere(&self, name: &str) -> bool {
        let linked = self
            .program
            .symbol(name)
            .is_some_and(|symbol| !matches!(symbol.owner, None | Some(Owner::Undefined(_))));
        linked
            || self
                .libraries
                .iter()
                .any(|library| library.find(name).is_some())
    }

    fn search_again(&mut self) -> Result<(), LinkError> {
        loop {
            let mut found = false;
            for index in 0..self.archives.len() {
                found |= self.search(index)?;
            }
            if !found {
                return Ok(());
            }
        }
    }
}

/// Takes down, once, that a symbol is used and not defined.
fn want(wanted: &mut Vec<String>, seen: &mut HashSet<String>, name: &str) {
    if !seen.contains(name) {
        seen.insert(name.to_owned());
        wanted.push(name.to_owned());
    }
}
