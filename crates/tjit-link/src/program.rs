//! The program: modules that are linked, and who defines what.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use tjit_mangle::{Tier, Version, body_name};
use tjit_orc::{Body, References, ThreadSafeModule, body, references};

use crate::inventory::{Global, Inventory, is_function};
use crate::linked::{FunctionKind, Linked};
use crate::lookup::Lookup;
use crate::resolve::Owner;
use crate::table;
use crate::{HostSymbols, LinkError, emit, refuse, sections};

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
    symbols: HashMap<Arc<str>, Symbol>,
    functions: Vec<Arc<str>>,
    // Names that look like those of bodies.
    body_like: HashSet<String>,
    // How many modules there are of the same contents, by the suffix of their locals.
    copies: HashMap<String, u32>,
    lookup: OnceLock<Lookup>,
}

/// A name of the program.
#[derive(Debug)]
pub(crate) struct Symbol {
    /// `None` if nobody defines it, and copies of its body are there to be inlined.
    pub(crate) owner: Option<Owner>,
    /// The definition that may be read: the prevailing one, else one that is equal by the language's rules.
    pub(crate) definition: Option<Place>,
    /// Of an alias of a function: the function.
    pub(crate) alias_of: Option<Arc<str>>,
    code: OnceLock<Code>,
    callees: OnceLock<Vec<Arc<str>>>,
}

/// A global value of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) module: usize,
    pub(crate) global: usize,
}

/// What is known of a definition after reading it.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) body: Body,
    pub(crate) references: References,
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
            code: OnceLock::new(),
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
            symbols: HashMap::new(),
            functions: Vec::new(),
            body_like: HashSet::new(),
            copies: HashMap::new(),
            lookup: OnceLock::new(),
        }
    }

    /// Links modules into the program, all of them or none.
    ///
    /// Symbols are resolved as a system linker does: strong definitions before tentative before weak ones, the first of
    /// equals, and the host's copy of what is equal everywhere by the language's rules. What an earlier link decided stays.
    /// The first module's context becomes the program's; modules of other contexts are moved into it.
    ///
    /// Names of locals depend on the contents of their module and on nothing else, if every module was parsed in a context
    /// of its own (LLVM renames types when several modules in one context have types of one name).
    ///
    /// # Errors
    /// Everything that [`LinkError`] lists but failed look-ups. The program is as it was then.
    pub fn link(&mut self, modules: Vec<ThreadSafeModule>) -> Result<Linked, LinkError> {
        let mut copies = self.copies.clone();
        let mut context = self
            .modules
            .first()
            .map(|module| module.module.context().clone());
        let mut new = Vec::with_capacity(modules.len());
        for module in modules {
            let inventory = Inventory::new(module, context.as_ref(), &mut copies)?;
            refuse::check(&inventory)?;
            context.get_or_insert_with(|| inventory.module.context().clone());
            new.push(inventory);
        }
        let mut table = table::build(self, &new)?;
        sections::rename(&mut table, self.modules.len(), &mut new);
        let linked = emit::emit(self, &new, &table)?;

        let bodies = linked
            .functions
            .iter()
            .filter(|function| function.kind == FunctionKind::Body);
        self.functions
            .extend(bodies.map(|function| Arc::from(function.symbol.as_str())));
        let names = new
            .iter()
            .flat_map(|module| &module.globals)
            .map(|global| &global.name);
        self.body_like.extend(
            names
                .filter(|name| tjit_mangle::split_body_name(name).is_some())
                .cloned(),
        );
        self.modules.extend(new);
        self.symbols.extend(table.symbols);
        self.copies = copies;
        self.lookup = OnceLock::new();
        Ok(linked)
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

    /// What the definition of a symbol does and refers to; read once. `None` without one.
    pub(crate) fn code<'p>(&'p self, symbol: &'p Symbol) -> Option<&'p Code> {
        let global = self.global(symbol)?;
        let module = self.module(symbol.definition?.module);
        Some(symbol.code.get_or_init(|| {
            module
                .module
                .with_module(|module| match module.get_function(&global.name) {
                    Some(function) => Code {
                        body: body(function),
                        references: references(function),
                    },
                    None => {
                        let variable = module.get_global(&global.name);
                        let references = variable.map(references).unwrap_or_default();
                        Code {
                            body: Body::default(),
                            references,
                        }
                    }
                })
        }))
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

    /// Whether a symbol of the program, defined or only declared, is called like a body.
    pub(crate) fn is_body_like(&self, name: &str) -> bool {
        self.body_like.contains(name)
    }

    pub(crate) fn host(&self) -> &dyn HostSymbols {
        &*self.host
    }

    pub(crate) fn lookup(&self) -> &Lookup {
        self.lookup.get_or_init(|| Lookup::new(&self.functions))
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
