//! Who writes a variable: whether it is a constant once the program is under way.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use inkwell::module::Module;
use inkwell::values::InstructionValue;
use tjit_orc::{Access, Follow, GlobalKind, Origin, accesses, callers, guard_over};

use crate::program::Program;
use crate::resolve::Owner;

use answers::Answers;

mod answers;

/// The lists of constructors and destructors, which name variables that entries belong to.
const LISTS: [&str; 2] = ["llvm.global_ctors", "llvm.global_dtors"];

/// Parameters that an address is followed into from one call. Beyond it the address is taken to be kept.
const MOST_PARAMETERS: usize = 64;

/// Who writes a variable whose address nobody keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// Nobody: it has the value that it starts with for ever.
    Nobody,
    /// Code that runs while `guard` is held by it, and never once the guard is set.
    UnderGuard {
        /// The guard variable, as `__cxa_guard_acquire` takes it.
        guard: String,
    },
    /// Code that only constructors call.
    Constructors {
        /// The constructors, in the order of their names.
        functions: Vec<String>,
    },
}

/// What has been found out about the variables of a program.
#[derive(Debug, Default)]
pub(crate) struct Written {
    mentions: OnceLock<HashMap<Arc<str>, Vec<usize>>>,
    assembly: OnceLock<String>,
    answers: Mutex<Answers>,
    /// What code mentions that may still run and is not among the modules any more.
    by_running: HashSet<Arc<str>>,
}

impl Written {
    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Code that mentions these leaves the program and may go on to run.
    pub(crate) fn note_running(&mut self, mentioned: impl IntoIterator<Item = Arc<str>>) {
        self.by_running.extend(mentioned);
    }

    /// The program has changed; these are its names now.
    pub(crate) fn forget(&mut self, is_known: impl Fn(&str) -> bool) {
        self.mentions = OnceLock::new();
        self.assembly = OnceLock::new();
        self.by_running.retain(|name| is_known(name));
        self.answers().forget(is_known);
    }
}

impl Program {
    /// Who writes `variable`, if nobody keeps its address and all who write it are of one kind; `None` otherwise, also for
    /// what is not an ordinary variable that a module of the program defines. Found out by reading all code of the program
    /// that mentions the variable, and remembered until the next link or unload, which may change the answer.
    ///
    /// Reading the variable, comparing its address and passing it to functions that don't keep it are allowed to anyone, and so
    /// is returning it, if the function is only ever called. Whoever keeps it otherwise might write to it. Host libraries
    /// don't see the program's variables. The embedder may look one up by its name, which is for it to count, and call
    /// functions by theirs, which is what [`Program::note_outside_calls`] is for. Guards that plain loads and stores look after
    /// (`-fno-threadsafe-statics`) don't count: compilers may move such stores in front of those they stand for.
    pub fn written_by(&self, variable: &str) -> Option<Writer> {
        let name = self.symbol_name(variable)?;
        if let Some(known) = self.written().answers().get(name) {
            return known;
        }
        let mut search = Search::new(self);
        let answer = self.is_followed(name).then(|| search.run(name)).flatten();
        // Under one lock with what is noted meanwhile.
        let mut answers = self.written().answers();
        answers.insert(name, answer, search.inside.into_iter().collect())
    }

    /// Somebody outside the program calls `function` from now on, and gets the addresses that it returns. Returns whether
    /// [`Program::written_by`] has another answer for some variable than it gave before.
    pub fn note_outside_calls(&self, function: &str) -> bool {
        let body = self.body_of(function).map(|(name, _)| name);
        let Some(name) = body.or_else(|| self.symbol_name(function)) else {
            return false;
        };
        self.written().answers().add_outside(name)
    }

    /// Whether a symbol is a variable of the program that only instructions get at.
    fn is_followed(&self, name: &str) -> bool {
        let symbol = self.symbol(name);
        let Some(global) = symbol.and_then(|symbol| self.global(symbol)) else {
            return false;
        };
        let facts = &global.facts;
        let ours = symbol.is_some_and(|symbol| matches!(symbol.owner, Some(Owner::Program(_))));
        ours && facts.kind == GlobalKind::Variable
            && !facts.thread_local
            && !facts.externally_initialized
            // Who knows the bounds of a section gets at what is in it.
            && facts.section.is_none()
            && !global.is_reserved()
    }

    /// The modules that mention a name.
    fn mentioning(&self, name: &str) -> &[usize] {
        let index = || {
            let mut found: HashMap<Arc<str>, Vec<usize>> = HashMap::new();
            for (index, module) in self.modules().iter().enumerate() {
                for global in &module.globals {
                    let shared = self.symbol_name(&global.name).cloned();
                    let name = shared.unwrap_or_else(|| Arc::from(global.name.as_str()));
                    found.entry(name).or_default().push(index);
                }
            }
            found
        };
        let mentions = self.written().mentions.get_or_init(index);
        mentions.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether inline assembly of a function has `symbol` in its text. Such code gets at the symbol, and no operand tells it.
    fn is_in_assembly(&self, symbol: &str) -> bool {
        let texts = || {
            let codes = self.modules().iter().flat_map(|module| {
                let globals = 0..module.globals.len();
                globals.map(|global| module.code(global))
            });
            let texts: Vec<_> = codes.flat_map(|code| &*code.body.assembly).collect();
            texts.into_iter().map(|text| format!("{text}\n")).collect()
        };
        names_symbol(self.written().assembly.get_or_init(texts), symbol)
    }

    /// What a module does with an address.
    fn uses(&self, module: usize, origin: &From) -> Vec<Use> {
        // Nobody knows what native code does with what it mentions.
        if self.module(module).native.is_some() {
            return vec![Use::Kept];
        }
        self.module(module).module.with_module(|module| {
            let Some(found) = origin.accesses(module) else {
                return vec![Use::Kept];
            };
            found.into_iter().filter_map(Use::of).collect()
        })
    }

    /// What a function does with a parameter, and the functions that it hands it on to.
    fn effect(&self, function: &str, index: u32) -> Effect {
        let mut effect = Effect::Reads;
        let mut seen = HashSet::from([(function.to_owned(), index)]);
        let mut pending = vec![(function.to_owned(), index)];
        while let Some((function, index)) = pending.pop() {
            let definition = self
                .body_of(&function)
                // The body before may still run, and do otherwise.
                .filter(|(name, _)| !self.is_redefined(name))
                .and_then(|(name, symbol)| Some((name.to_string(), symbol.definition?.module)));
            let Some((name, module)) = definition.filter(|_| seen.len() <= MOST_PARAMETERS) else {
                return Effect::Keeps;
            };
            for found in self.uses(module, &From::Parameter(name, index)) {
                match found {
                    Use::Write(_) => effect = Effect::Writes,
                    Use::Passed {
                        function, index, ..
                    } => {
                        if seen.insert((function.clone(), index)) {
                            pending.push((function, index));
                        }
                    }
                    Use::Returned(_) | Use::InGlobal(_) | Use::Kept => return Effect::Keeps,
                }
            }
        }
        effect
    }

    /// The constructors out of which `function` is called, if it is called out of nothing else in the program, and all
    /// functions on the way there.
    fn constructors_calling(&self, function: &str) -> Option<(BTreeSet<String>, Vec<Arc<str>>)> {
        let mut constructors = BTreeSet::new();
        let mut seen = HashSet::from([function.to_owned()]);
        let mut pending = vec![function.to_owned()];
        while let Some(function) = pending.pop() {
            let definition = self
                .symbol(&function)
                .and_then(|symbol| self.global(symbol));
            // Others may be called by whoever links to the program.
            if !definition.is_some_and(|definition| definition.is_local()) {
                return None;
            }
            let mut is_called = false;
            for &module in self.mentioning(&function) {
                let found = self
                    .module(module)
                    .module
                    .with_module(|module| module.get_function(&function).and_then(callers))?;
                is_called |= !found.functions.is_empty() || !found.globals.is_empty();
                if found.globals.iter().any(|global| global != LISTS[0]) {
                    return None;
                }
                if !found.globals.is_empty() {
                    constructors.insert(function.clone());
                }
                let new = found.functions.into_iter();
                pending.extend(new.filter(|caller| seen.insert(caller.clone())));
            }
            if !is_called {
                return None;
            }
        }
        let names = seen.iter().filter_map(|name| self.symbol_name(name));
        Some((constructors, names.cloned().collect()))
    }
}

/// Whether assembly has `symbol` in it as a word, in comments too. A dollar sign may be the mark of an immediate operand.
fn names_symbol(assembly: &str, symbol: &str) -> bool {
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    assembly.match_indices(symbol).any(|(start, _)| {
        let before = assembly.as_bytes()[..start].last();
        let after = assembly.as_bytes()[start + symbol.len()..].first();
        !before.is_some_and(in_word) && !after.is_some_and(in_word)
    })
}

/// What becomes of an address that is passed to a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Reads,
    Writes,
    Keeps,
}

/// Where a module has an address from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum From {
    /// The variable, or another name of it.
    Global(String),
    Parameter(String, u32),
    Results(String),
}

impl From {
    fn name(&self) -> &str {
        match self {
            Self::Global(name) | Self::Parameter(name, _) | Self::Results(name) => name,
        }
    }

    /// `None` if the address can't be followed: a function that returns it is not just called.
    fn accesses<'m>(&self, module: &Module<'m>) -> Option<Vec<Access<'m>>> {
        let name = self.name();
        let origin = match self {
            Self::Global(_) => match module.get_global(name) {
                Some(global) => Origin::Global(global),
                // The module that defines an alias does not use it.
                None => return Some(Vec::new()),
            },
            Self::Parameter(_, index) => Origin::Parameter(module.get_function(name)?, *index),
            Self::Results(_) => {
                let function = module.get_function(name)?;
                if !callers(function)?.globals.is_empty() {
                    return None;
                }
                Origin::Results(function)
            }
        };
        Some(accesses(origin, Follow::Function))
    }
}

/// One thing that is done with an address, as far as it matters here.
enum Use {
    Write(Site),
    Passed {
        site: Site,
        function: String,
        index: u32,
    },
    /// By this function.
    Returned(String),
    InGlobal(String),
    Kept,
}

/// Where something is done.
struct Site {
    function: String,
    /// The guard that is held there.
    guard: Option<String>,
}

impl Site {
    fn of(instruction: InstructionValue<'_>) -> Option<Self> {
        Some(Self {
            function: function_of(instruction)?,
            guard: guard_over(instruction),
        })
    }
}

impl Use {
    /// `None` for what anyone may do.
    fn of(access: Access<'_>) -> Option<Self> {
        let found = match access {
            Access::Read(_) => return None,
            Access::Write(instruction) => Site::of(instruction).map(Self::Write),
            Access::Passed {
                call,
                function,
                index,
            } => Site::of(call).map(|site| Self::Passed {
                site,
                function,
                index,
            }),
            Access::Returned(instruction) => function_of(instruction).map(Self::Returned),
            Access::InGlobal(name) if LISTS.contains(&&*name) => return None,
            Access::InGlobal(name) => Some(Self::InGlobal(name)),
            Access::Volatile(_) | Access::Escape(_) => None,
        };
        Some(found.unwrap_or(Self::Kept))
    }
}

fn function_of(instruction: InstructionValue<'_>) -> Option<String> {
    let function = instruction.get_parent()?.get_parent()?;
    Some(function.get_name().to_str().ok()?.to_owned())
}

/// The way from a variable to all who write it.
struct Search<'p> {
    program: &'p Program,
    seen: HashSet<From>,
    pending: Vec<From>,
    guard: Option<String>,
    constructors: BTreeSet<String>,
    /// Functions all of whose calls are taken to be in the program.
    inside: BTreeSet<Arc<str>>,
}

impl<'p> Search<'p> {
    fn new(program: &'p Program) -> Self {
        Self {
            program,
            seen: HashSet::new(),
            pending: Vec::new(),
            guard: None,
            constructors: BTreeSet::new(),
            inside: BTreeSet::new(),
        }
    }

    fn run(&mut self, variable: &str) -> Option<Writer> {
        let program = self.program;
        self.add(From::Global(variable.to_owned()));
        while let Some(origin) = self.pending.pop() {
            if program.is_in_assembly(origin.name())
                || program.written().by_running.contains(origin.name())
            {
                return None;
            }
            for &module in program.mentioning(origin.name()) {
                for found in program.uses(module, &origin) {
                    self.visit(module, found)?;
                }
            }
        }
        match (self.guard.take(), self.constructors.is_empty()) {
            (None, true) => Some(Writer::Nobody),
            (Some(guard), true) => Some(Writer::UnderGuard { guard }),
            (None, false) => Some(Writer::Constructors {
                functions: std::mem::take(&mut self.constructors).into_iter().collect(),
            }),
            (Some(_), false) => None,
        }
    }

    fn add(&mut self, origin: From) {
        if self.seen.insert(origin.clone()) {
            self.pending.push(origin);
        }
    }

    /// `None` if the search is over.
    fn visit(&mut self, module: usize, found: Use) -> Option<()> {
        match found {
            Use::Write(site) => self.write(site),
            Use::Passed {
                site,
                function,
                index,
            } => match self.program.effect(&function, index) {
                Effect::Reads => Some(()),
                Effect::Writes => self.write(site),
                Effect::Keeps => None,
            },
            Use::Returned(function) => {
                let ours = matches!(
                    self.program
                        .symbol(&function)
                        .and_then(|symbol| symbol.owner),
                    Some(Owner::Program(_))
                );
                self.inside
                    .extend(self.program.symbol_name(&function).cloned());
                ours.then(|| self.add(From::Results(function)))
            }
            Use::InGlobal(name) => {
                let globals = &self.program.module(module).globals;
                let is_alias = |global: &crate::inventory::Global| {
                    global.name == name && global.facts.kind == GlobalKind::Alias
                };
                globals
                    .iter()
                    .any(is_alias)
                    .then(|| self.add(From::Global(name)))
            }
            Use::Kept => None,
        }
    }

    fn write(&mut self, site: Site) -> Option<()> {
        match (site.guard, &self.guard) {
            (Some(guard), None) => self.guard = Some(guard),
            (Some(guard), Some(other)) if guard == *other => {}
            (Some(_), Some(_)) => return None,
            (None, _) => {
                let (constructors, on_the_way) =
                    self.program.constructors_calling(&site.function)?;
                self.constructors.extend(constructors);
                self.inside.extend(on_the_way);
            }
        }
        Some(())
    }
}
