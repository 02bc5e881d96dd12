//! The program: modules that are linked, and who defines what.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use tjit_mangle::{Tier, Version, body_name};
use tjit_orc::{GlobalKind, ThreadSafeModule};

use crate::inventory::{Code, Copies, Global, Inventory, is_function};
use crate::linked::{FunctionKind, Linked};
use crate::lookup::Lookup;
use crate::resolve::Owner;
use crate::sections::SharedSection;
use crate::table::{self, Table};
use crate::written::Written;
use crate::{HostSymbols, Input, LinkError, ModuleId, Unloaded, aliases, emit, inputs, sections};

/// A set of modules linked into one program, out of which functions are sliced to be compiled.
///
/// Linking decides once who defines each symbol and gives all variables to modules of their own, so that however often
/// a function is compiled there is one copy of the data. The modules stay here as a library of bodies.
///
/// `Send` and `Sync`: slices may be made from several threads at once, each holding the lock of the modules' context
/// only while it copies.
pub struct Program {
    host: Arc<dyn HostSymbols>,
    modules: Vec<Inventory>,
    symbols: Symbols,
    functions: Vec<Arc<str>>,
    ifuncs: Vec<Arc<str>>,
    // Names that look like those of bodies.
    body_like: HashSet<String>,
    copies: Copies,
    lookup: OnceLock<Lookup>,
    written: Written,
    /// Sections with bounds that are made of variables of several modules.
    pub(crate) shared_sections: Vec<SharedSection>,
    variables: OnceLock<Lookup>,
}

/// Symbols by their names.
pub(crate) type Symbols = HashMap<Arc<str>, Symbol, foldhash::fast::RandomState>;

/// A name of the program.
#[derive(Debug)]
pub(crate) struct Symbol {
    /// `None` if nobody defines it, and copies of its body are there to be inlined.
    pub(crate) owner: Option<Owner>,
    /// The definition that may be read: the prevailing one, else one that is equal by the language's rules.
    pub(crate) definition: Option<Place>,
    /// Of an alias of a function: the function.
    pub(crate) alias_of: Option<Arc<str>>,
    /// Of an ifunc: the function that chooses what it is.
    pub(crate) resolver: Option<Arc<str>>,
    callees: OnceLock<Vec<Arc<str>>>,
}

/// A global value of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) module: usize,
    pub(crate) global: usize,
}

impl Symbol {
    pub(crate) fn new(
        owner: Option<Owner>,
        definition: Option<Place>,
        alias_of: Option<Arc<str>>,
    ) -> Self {
        Self {
            owner,
            definition,
            alias_of,
            resolver: None,
            callees: OnceLock::new(),
        }
    }
}

impl Program {
    /// An empty program that may bind to the symbols of `host`.
    pub fn new(host: Arc<dyn HostSymbols>) -> Self {
        Self {
            host,
            modules: Vec::new(),
            symbols: Symbols::default(),
            functions: Vec::new(),
            ifuncs: Vec::new(),
            body_like: HashSet::new(),
            copies: Copies::default(),
            lookup: OnceLock::new(),
            written: Written::default(),
            shared_sections: Vec::new(),
            variables: OnceLock::new(),
        }
    }

    /// Links modules, native objects and what is wanted of archives into the program, all of them or none.
    ///
    /// Symbols are resolved as a system linker does: strong definitions before tentative before weak ones, the first of
    /// equals, and the host's copy of what is equal everywhere by the language's rules. What an earlier link decided stays.
    /// The first module's context becomes the program's; modules of other contexts are moved into it.
    ///
    /// Names of locals depend on the bytes that their module was parsed from and on nothing else; for a module made in memory,
    /// on its bitcode. Cost: in proportion to what the modules hold, whatever the program has already.
    ///
    /// # Errors
    /// Everything that [`LinkError`] lists but failed look-ups. The program is as it was then.
    pub fn link<I: Into<Input>>(
        &mut self,
        inputs: impl IntoIterator<Item = I>,
    ) -> Result<Linked, LinkError> {
        self.try_link(inputs.into_iter().map(|input| Ok(input.into())))
    }

    /// As [`Program::link`], of inputs that may turn out not to be there: the first error ends it.
    ///
    /// Each is asked for when all before it have been looked at. It is cheapest to parse modules only then: what is known to be
    /// needed of a module is read while the processor still has it in its caches.
    ///
    /// # Errors
    /// The first of `inputs`, and as [`Program::link`]. The program is as it was then.
    pub fn try_link<E: From<LinkError>>(
        &mut self,
        inputs: impl IntoIterator<Item = Result<Input, E>>,
    ) -> Result<Linked, E> {
        let mut copies = std::mem::take(&mut self.copies);
        let decided = self.decide(inputs, &mut copies);
        match decided {
            Ok(_) => copies.commit(),
            Err(_) => copies.roll_back(),
        }
        self.copies = copies;
        let (new, table, linked) = decided?;
        self.add(new, table, &linked);
        Ok(linked)
    }

    /// What the program will be with the inputs, which it is not yet.
    fn decide<E: From<LinkError>>(
        &self,
        inputs: impl IntoIterator<Item = Result<Input, E>>,
        copies: &mut Copies,
    ) -> Result<(Vec<Inventory>, Table, Linked), E> {
        let mut new = inputs::gather(self, inputs, copies)?;
        let mut table = table::build(self, &new)?;
        sections::rename(&mut table, self.modules.len(), &mut new);
        aliases::split(&mut table, self.modules.len(), &mut new);
        let linked = emit::emit(self, &new, &table)?;
        Ok((new, table, linked))
    }

    fn add(&mut self, mut new: Vec<Inventory>, table: Table, linked: &Linked) {
        let first_module = self.modules.len();
        let (first_function, first_ifunc) = (self.functions.len(), self.ifuncs.len());
        for function in &linked.functions {
            let list = match function.kind {
                FunctionKind::Body => &mut self.functions,
                FunctionKind::IFunc { .. } => &mut self.ifuncs,
                FunctionKind::Undefined | FunctionKind::Native { .. } => continue,
            };
            list.push(Arc::from(function.symbol.as_str()));
        }
        let names = new
            .iter()
            .flat_map(|module| &module.globals)
            .map(|global| &global.name);
        self.body_like.extend(
            names
                .filter(|name| tjit_mangle::split_body_name(name).is_some())
                .cloned(),
        );
        for absent in &table.absent {
            new[absent.module - first_module].globals[absent.global]
                .facts
                .used = false;
        }
        let shared = table.sections.iter().filter_map(SharedSection::of);
        self.shared_sections.extend(shared);
        self.modules.extend(new);
        if self.symbols.is_empty() {
            self.symbols = table.symbols;
        } else {
            self.symbols.extend(table.symbols);
        }
        for module in first_module..self.modules.len() {
            self.modules[module].spares = self.spares(module);
        }
        let joining = &self.modules[first_module..];
        if joining.iter().any(|module| module.native.is_some()) {
            // Made anew with their functions when it is wanted.
            self.lookup = OnceLock::new();
        }
        if let Some(lookup) = self.lookup.get_mut() {
            let functions = self.functions[first_function..].iter();
            lookup.extend(functions.chain(&self.ifuncs[first_ifunc..]));
        }
        if self.variables.get().is_some() {
            let symbols = self.variable_symbols(first_module);
            if let Some(variables) = self.variables.get_mut() {
                variables.extend(symbols.iter());
            }
        }
        self.written.forget(|name| self.symbols.contains_key(name));
    }

    /// The functions that modules of the program have bodies of, in the order in which they were linked.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = &str> {
        self.functions.iter().map(|symbol| &**symbol)
    }

    /// Whether a module of the program has the prevailing definition of `symbol`: a function, a variable or an alias.
    pub fn defines(&self, symbol: &str) -> bool {
        matches!(
            self.symbols.get(symbol).and_then(|symbol| symbol.owner),
            Some(Owner::Program(_))
        )
    }

    /// Whether a native object of the program has the prevailing definition of the function `symbol`: it has no versions, and
    /// no stub if it was never undefined.
    pub fn is_native_function(&self, symbol: &str) -> bool {
        self.native_function(symbol).is_some()
    }

    /// The name of a native function of the program.
    pub(crate) fn native_function(&self, symbol: &str) -> Option<&Arc<str>> {
        let (name, symbol) = self.symbols.get_key_value(symbol)?;
        let Some(Owner::Program(module)) = symbol.owner else {
            return None;
        };
        let global = self.global(symbol)?;
        let may_be_called = global.facts.callable || global.untyped;
        let is_native =
            self.module(module).native.is_some() && global.facts.kind == GlobalKind::Variable;
        (is_native && may_be_called).then_some(name)
    }

    /// The first version of `symbol` from `at_least` on whose body would not be called like a symbol of the program: it is
    /// `foo_v2_optimized` for a program that has a `foo_optimized` of its own beside `foo`.
    ///
    /// # Errors
    /// [`LinkError::Unsupported`] if no version number is left.
    pub fn free_version(
        &self,
        symbol: &str,
        at_least: Version,
        tier: Tier,
    ) -> Result<Version, LinkError> {
        let mut version = at_least;
        while self.is_body_like(&body_name(symbol, version, tier)) {
            version = version.next().ok_or_else(|| {
                LinkError::unsupported(symbol, "it has run out of version numbers")
            })?;
        }
        Ok(version)
    }

    /// The name of the baseline body of `symbol`.
    ///
    /// # Errors
    /// As [`Program::free_version`].
    pub fn baseline_body(&self, symbol: &str) -> Result<String, LinkError> {
        let version = self.free_version(symbol, Version::FIRST, Tier::Baseline)?;
        Ok(body_name(symbol, version, Tier::Baseline))
    }

    /// The functions of the program that `symbol`, a function of the program, calls directly; each once, in the order of
    /// their first call. Empty for any other symbol.
    pub fn callees(&self, symbol: &str) -> &[Arc<str>] {
        let Some((_, entry)) = self.function(symbol) else {
            return &[];
        };
        entry.callees.get_or_init(|| {
            let Some(code) = self.code(entry) else {
                return Vec::new();
            };
            let functions = code
                .body
                .calls
                .iter()
                .filter_map(|call| self.function(call));
            let mut seen = HashSet::new();
            functions
                .filter(|(name, _)| seen.insert(*name))
                .map(|(name, _)| name.clone())
                .collect()
        })
    }

    /// The function that is linked under `symbol` or that it is an alias of, if a module of the program defines it.
    pub(crate) fn function(&self, symbol: &str) -> Option<(&Arc<str>, &Symbol)> {
        let (name, entry) = self.body_of(symbol)?;
        matches!(entry.owner, Some(Owner::Program(_))).then_some((name, entry))
    }

    /// As [`Program::function`], also for ifuncs: what has a stub of its own.
    pub(crate) fn callable(&self, symbol: &str) -> Option<&Arc<str>> {
        let (mut name, mut entry) = self.symbols.get_key_value(symbol)?;
        if let Some(target) = &entry.alias_of {
            (name, entry) = self.symbols.get_key_value(target)?;
        }
        let is_ifunc = entry.resolver.is_some();
        let found = self.function(symbol).map(|(name, _)| name);
        found.or_else(|| is_ifunc.then_some(name))
    }

    /// As [`Program::function`], also for functions of others that the program has a body of.
    pub(crate) fn body_of(&self, symbol: &str) -> Option<(&Arc<str>, &Symbol)> {
        let (mut name, mut entry) = self.symbols.get_key_value(symbol)?;
        if let Some(target) = &entry.alias_of {
            (name, entry) = self.symbols.get_key_value(target)?;
        }
        let definition = self.global(entry)?;
        is_function(&definition.facts).then_some((name, entry))
    }

    /// The definition of a symbol that may be read.
    pub(crate) fn global(&self, symbol: &Symbol) -> Option<&Global> {
        let place = symbol.definition?;
        self.modules.get(place.module)?.globals.get(place.global)
    }

    /// What the definition of a symbol does and refers to. `None` without one.
    pub(crate) fn code(&self, symbol: &Symbol) -> Option<&Code> {
        Some(self.code_at(symbol.definition?))
    }

    pub(crate) fn global_at(&self, place: Place) -> &Global {
        &self.modules[place.module].globals[place.global]
    }

    pub(crate) fn code_at(&self, place: Place) -> &Code {
        self.modules[place.module].code(place.global)
    }

    /// Where to read a function for use by `modules`: in the first of them that has a definition which is equal to the one that
    /// prevails, or else the one that prevails.
    pub(crate) fn copy_for(
        &self,
        name: &str,
        symbol: &Symbol,
        modules: [usize; 2],
    ) -> Option<Place> {
        let prevailing = symbol.definition?;
        let own = |module: usize| {
            let has_prevailing = module == prevailing.module;
            let global = self.modules[module].spares.get(name).copied();
            let spare = global.map(|global| Place { module, global });
            if has_prevailing {
                Some(prevailing)
            } else {
                spare
            }
        };
        Some(modules.into_iter().find_map(own).unwrap_or(prevailing))
    }

    pub(crate) fn module(&self, index: usize) -> &Inventory {
        &self.modules[index]
    }

    pub(crate) fn modules(&self) -> &[Inventory] {
        &self.modules
    }

    pub(crate) fn symbol(&self, name: &str) -> Option<&Symbol> {
        self.symbols.get(name)
    }

    /// A symbol's name as the program keeps it.
    pub(crate) fn symbol_name(&self, name: &str) -> Option<&Arc<str>> {
        Some(self.symbols.get_key_value(name)?.0)
    }

    /// The symbols that modules define.
    pub(crate) fn symbols_of(&self, modules: &BTreeSet<usize>) -> impl Iterator<Item = &Arc<str>> {
        let is_theirs = |symbol: &Symbol| match symbol.owner {
            Some(Owner::Program(module)) => modules.contains(&module),
            _ => false,
        };
        let symbols = self.symbols.iter();
        symbols.filter_map(move |(name, symbol)| is_theirs(symbol).then_some(name))
    }

    /// Changes what a symbol is; `None` removes it.
    pub(crate) fn replace_symbol(&mut self, name: &Arc<str>, symbol: Option<Symbol>) {
        match symbol {
            Some(symbol) => drop(self.symbols.insert(name.clone(), symbol)),
            None => drop(self.symbols.remove(name)),
        }
    }

    /// The functions of a module that are equal to a definition which prevails elsewhere.
    fn spares(&self, module: usize) -> HashMap<String, usize> {
        let globals = self.modules[module].globals.iter().enumerate();
        let is_spare = |(index, global): &(usize, &Global)| {
            let place = Place {
                module,
                global: *index,
            };
            let prevails_elsewhere = || {
                let symbol = self.symbols.get(&*global.name);
                symbol.is_some_and(|symbol| symbol.definition != Some(place))
            };
            global.facts.defined
                && global.is_odr()
                && is_function(&global.facts)
                && prevails_elsewhere()
        };
        let spares = globals.filter(is_spare);
        spares
            .map(|(index, global)| (global.name.clone(), index))
            .collect()
    }

    /// Drops the contents of modules whose symbols have been taken out.
    pub(crate) fn forget(
        &mut self,
        modules: &[ModuleId],
        empty: &Arc<ThreadSafeModule>,
        unloaded: &Unloaded,
    ) {
        let gone = unloaded.functions.iter().chain(&unloaded.undefined);
        let gone: HashSet<&Arc<str>> = gone.collect();
        for list in [&mut self.functions, &mut self.ifuncs] {
            list.retain(|symbol| !gone.contains(symbol));
        }
        for module in modules {
            self.modules[module.index()].unload(empty.clone(), &mut self.copies);
        }
        let is_gone = |index: &usize| modules.iter().any(|module| module.index() == *index);
        self.shared_sections
            .retain(|section| !section.modules.iter().any(is_gone));
        let names = self.modules.iter().flat_map(|module| &module.globals);
        let names = names.map(|global| &global.name);
        self.body_like = names
            .filter(|name| tjit_mangle::split_body_name(name).is_some())
            .cloned()
            .collect();
        self.lookup = OnceLock::new();
        self.variables = OnceLock::new();
        self.written.forget(|name| self.symbols.contains_key(name));
    }

    /// Whether a symbol of the program, defined or only declared, is called like a body.
    pub(crate) fn is_body_like(&self, name: &str) -> bool {
        self.body_like.contains(name)
    }

    pub(crate) fn host(&self) -> &dyn HostSymbols {
        &*self.host
    }

    /// As [`Program::symbol`], with the name as the program keeps it.
    pub(crate) fn symbol_entry(&self, name: &str) -> Option<(&Arc<str>, &Symbol)> {
        self.symbols.get_key_value(name)
    }

    pub(crate) fn written(&self) -> &Written {
        &self.written
    }

    pub(crate) fn lookup(&self) -> &Lookup {
        self.lookup.get_or_init(|| {
            let natives = self.modules.iter().filter(|module| module.native.is_some());
            let names: BTreeSet<_> = natives
                .flat_map(|module| &module.globals)
                .filter_map(|global| self.native_function(&global.name))
                .collect();
            let functions = self.functions.iter().chain(&self.ifuncs);
            Lookup::of_functions(functions.chain(names))
        })
    }

    pub(crate) fn variables(&self) -> &Lookup {
        self.variables
            .get_or_init(|| Lookup::of_variables(self.variable_symbols(0).iter()))
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field(
                "modules",
                &self
                    .modules
                    .iter()
                    .map(|module| &module.name)
                    .collect::<Vec<_>>(),
            )
            .field("functions", &self.functions.len())
            .field("symbols", &self.symbols.len())
            .finish_non_exhaustive()
    }
}
