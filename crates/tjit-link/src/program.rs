//! The program: modules that are linked, and who defines what.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use tjit_mangle::{Tier, Version, body_name};
use tjit_orc::GlobalKind;

use crate::inventory::{Code, Copies, Global, Inventory, is_function};
use crate::lookup::Lookup;
use crate::resolve::Owner;
use crate::sections::SharedSection;
use crate::written::Written;
use crate::{HostSymbols, LinkError};

pub(crate) use symbol::{Place, Symbol, Symbols};

mod join;
mod promised;
pub(crate) mod redefine;
mod symbol;

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
    /// Functions whose first meaning is not the one that prevails. Other definitions of their names are equal to none that does.
    redefined: HashSet<Arc<str>>,
    /// Functions that call what was redefined, of which not all is promised any more that was, and whether they may unwind now.
    unpromised: HashMap<Arc<str>, bool>,
    /// The modules that were linked to redefine a function.
    redefining: HashSet<usize>,
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
            redefined: HashSet::new(),
            unpromised: HashMap::new(),
            redefining: HashSet::new(),
        }
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
