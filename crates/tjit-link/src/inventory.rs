//! What a module brings into the program.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use inkwell::module::{Linkage, Module};
use tjit_mangle::Mangler;
use tjit_orc::{
    Body, ComdatKind, GlobalKind, References, SurveyedGlobal, ThreadSafeContext, ThreadSafeModule,
    body, flatten_aliases, inline_assembly, references, survey,
};

use crate::called::{self, Called};
use crate::labels::{self, Labels};
use crate::nonshared::Nonshared;
use crate::notes::Notes;
use crate::{LinkError, NativeObject, asm, names, target};

/// A module that is ready to be linked: verified, without debug information, with names of its own, in the program's
/// context.
#[derive(Debug)]
pub(crate) struct Inventory {
    pub(crate) module: Arc<ThreadSafeModule>,
    pub(crate) name: String,
    pub(crate) globals: Vec<Global>,
    /// Behind the names of its locals.
    pub(crate) suffix: String,
    pub(crate) called: Called,
    /// What its module-level assembly defines, to be linked beside it.
    pub(crate) assembly: Option<NativeObject>,
    /// The object file that it stands for; in `module` is then what linkers add to each.
    pub(crate) native: Option<NativeObject>,
    pub(crate) labels: Labels,
    pub(crate) notes: Notes,
    /// Its own `__dso_handle`, if it has use for one.
    pub(crate) handle: Option<String>,
    /// The functions that are equal to a definition which prevails elsewhere, by name.
    pub(crate) spares: HashMap<String, usize>,
    // Of its contents; empty once it has been unloaded.
    hash: String,
    // Of each global, once it was wanted.
    codes: Vec<OnceLock<Code>>,
}

/// What is known of a definition after reading it.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) body: Body,
    pub(crate) references: References,
}

/// A global value under the name it has in the program.
#[derive(Debug, Clone)]
pub(crate) struct Global {
    pub(crate) name: String,
    pub(crate) facts: SurveyedGlobal,
    /// An object file has it, and does not say whether it is a function or a variable.
    pub(crate) untyped: bool,
}

/// How a definition competes with others of its name; a later one beats an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Strength {
    /// Somebody else has to provide it; this copy is there to be inlined.
    Importable,
    /// Gives way to any other.
    Weak,
    /// C's tentative definition: the largest wins.
    Common,
    /// There must be one only.
    Strong,
}

impl Global {
    pub(crate) fn is_reserved(&self) -> bool {
        self.name.starts_with(names::RESERVED)
    }

    pub(crate) fn is_local(&self) -> bool {
        names::is_local(self.facts.linkage)
    }

    /// `None` for a declaration.
    pub(crate) fn strength(&self) -> Option<Strength> {
        if !self.facts.defined {
            return None;
        }
        Some(match self.facts.linkage {
            Linkage::AvailableExternally => Strength::Importable,
            Linkage::Common => Strength::Common,
            _ if self.is_replaceable() => Strength::Weak,
            _ => Strength::Strong,
        })
    }

    fn is_replaceable(&self) -> bool {
        let weak = matches!(
            self.facts.linkage,
            Linkage::WeakAny
                | Linkage::LinkOnceAny
                | Linkage::WeakODR
                | Linkage::LinkOnceODR
                | Linkage::LinkOnceODRAutoHide
        );
        // Linkers throw all but one COMDAT of a name away, whatever the linkage of what is in it.
        weak || (self.facts.comdat == Some(ComdatKind::Any) && !self.is_local())
    }

    /// Whether all definitions of the name are equal by the language's rules, so that this one may stand for another.
    pub(crate) fn is_odr(&self) -> bool {
        matches!(
            self.facts.linkage,
            Linkage::WeakODR
                | Linkage::LinkOnceODR
                | Linkage::LinkOnceODRAutoHide
                | Linkage::AvailableExternally
        )
    }

    /// Whether its name may stand for the same thing as the other's.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        self.untyped || other.untyped || self.description() == other.description()
    }

    /// What its name stands for, in words for messages.
    pub(crate) fn description(&self) -> &'static str {
        match (self.facts.callable, self.facts.thread_local) {
            (true, _) => "a function",
            (false, true) => "a thread-local variable",
            (false, false) => "a variable",
        }
    }
}

impl Inventory {
    /// Takes stock of `module`, in `context` if there is one. `copies` counts modules with the same contents.
    pub(crate) fn new(
        module: ThreadSafeModule,
        context: Option<&ThreadSafeContext>,
        copies: &mut Copies,
    ) -> Result<Self, LinkError> {
        module.verify()?;
        let name = module.with_module(|module| module.get_name().to_string_lossy().into_owned());
        module.with_module(|module| target::check(module, &name))?;
        module.strip_debug_info();
        let (hash, module) = match (module.source_hash(), context) {
            (Some(hash), context) if context.is_none_or(|context| context.is(module.context())) => {
                (names::hash(hash), module)
            }
            (source_hash, context) => {
                let bitcode = module.to_bitcode();
                let hash = match source_hash {
                    Some(hash) => names::hash(hash),
                    None => names::hash(blake3::hash(bitcode.as_slice()).as_bytes()),
                };
                match context {
                    Some(context) if !context.is(module.context()) => {
                        (hash, context.parse(&name, bitcode.as_slice())?)
                    }
                    _ => (hash, module),
                }
            }
        };
        let suffix = names::suffix(&hash, copies.add(&hash));
        let mangler = mangler()?;
        let text = module.with_module(inline_assembly);
        let mut assembly = asm::assemble(&name, &text)?;
        let globals = module.with_module(|module| {
            let mut globals = names::settle(module, &name, mangler, &suffix, assembly.as_mut())?;
            // Their targets may have got other names.
            if globals.iter().any(|global| global.facts.target.is_some()) {
                flatten_aliases(module);
                globals = read(module);
            }
            if labels::fix(module, &globals, &suffix) {
                globals = read(module);
            }
            Ok::<_, LinkError>(globals)
        })?;
        let labels = module.with_module(|module| labels::find(module, &globals))?;
        let called = module.with_module(|module| called::find(module, &globals))?;
        let notes = module.with_module(Notes::read);
        let codes = globals.iter().map(|_| OnceLock::new()).collect();
        Ok(Self {
            handle: None,
            spares: HashMap::new(),
            codes,
            hash,
            module: Arc::new(module),
            name,
            suffix,
            globals,
            called,
            assembly,
            labels,
            notes,
            native: None,
        })
    }

    /// Takes stock of an object file, with an empty module in `context`.
    pub(crate) fn native(
        mut object: NativeObject,
        context: &ThreadSafeContext,
        copies: &mut Copies,
    ) -> Result<Self, LinkError> {
        let hash = names::hash(blake3::hash(object.bytes()).as_bytes());
        let suffix = names::suffix(&hash, copies.add(&hash));
        object.name_entries(&suffix);
        object.keep_own(&suffix);
        let name = object.name().to_owned();
        let module = context.parse(&name, b"; native code")?;
        let globals = object.globals();
        let codes = globals.iter().map(|_| OnceLock::new()).collect();
        Ok(Self {
            handle: None,
            spares: HashMap::new(),
            codes,
            hash,
            module: Arc::new(module),
            name,
            suffix,
            globals,
            called: object.called(),
            assembly: None,
            labels: Labels::default(),
            notes: Notes::default(),
            native: Some(object),
        })
    }
}

impl Inventory {
    /// What a definition does and refers to; read once.
    pub(crate) fn code(&self, global: usize) -> &Code {
        let name = &self.globals[global].name;
        let read = |module: &Module<'_>| match module.get_function(name) {
            Some(function) => Code {
                body: body(function),
                references: references(function),
            },
            None => {
                let variable = module.get_global(name);
                let references = variable.map(references).unwrap_or_default();
                Code {
                    body: Body::default(),
                    references,
                }
            }
        };
        self.codes[global].get_or_init(|| self.module.with_module(read))
    }

    /// What the code of an object file is called that the stub of `name` leads to.
    pub(crate) fn native_body(&self, name: &str) -> Option<String> {
        let object = self.native.as_ref()?;
        object
            .has_place(name)
            .then(|| format!("{name}.body{}", self.suffix))
    }

    /// What is left of the module when it has been unloaded: its place among the others. `empty` stands for its contents.
    pub(crate) fn unload(&mut self, empty: Arc<ThreadSafeModule>, copies: &mut Copies) {
        self.clear(empty, Some(copies));
    }

    /// As [`Inventory::unload`]; without `copies` no other module gets the names of its locals.
    pub(crate) fn clear(&mut self, empty: Arc<ThreadSafeModule>, copies: Option<&mut Copies>) {
        if let Some(copies) = copies {
            copies.remove(&self.hash);
        }
        *self = Self {
            module: empty,
            name: std::mem::take(&mut self.name),
            globals: Vec::new(),
            suffix: String::new(),
            called: Called::default(),
            assembly: None,
            native: None,
            labels: Labels::default(),
            notes: Notes::default(),
            handle: None,
            spares: HashMap::new(),
            codes: Vec::new(),
            hash: String::new(),
        };
    }

    /// Whether the module has been unloaded.
    pub(crate) fn is_gone(&self) -> bool {
        self.hash.is_empty()
    }

    /// Aligns a variable to at least `alignment` bytes.
    pub(crate) fn align(&self, global: usize, alignment: u32) {
        let name = &self.globals[global].name;
        self.module.with_module(|module| {
            if let Some(variable) = module.get_global(name) {
                variable.set_alignment(alignment);
            }
        });
    }

    /// Gives the module its own of what linkers give each shared object.
    pub(crate) fn give(&mut self, nonshared: &Nonshared) -> Result<(), LinkError> {
        if self.native.is_some() {
            return self.give_object(nonshared);
        }
        let suffix = &self.suffix;
        let given = self.module.with_module(|module| {
            let handle = nonshared.give(module, suffix)?;
            Ok::<_, LinkError>(handle.map(|handle| (handle, read(module))))
        })?;
        if let Some((handle, globals)) = given {
            self.handle = Some(handle);
            self.codes = globals.iter().map(|_| OnceLock::new()).collect();
            self.globals = globals;
        }
        Ok(())
    }

    /// As [`Inventory::give`], for an object file: what it is given is in the module beside it.
    fn give_object(&mut self, nonshared: &Nonshared) -> Result<(), LinkError> {
        let Some(object) = &mut self.native else {
            return Ok(());
        };
        let ir = nonshared.declarations(object);
        let module = self.module.context().parse(&self.name, ir.as_bytes())?;
        let given = module.with_module(|module| {
            target::check(module, &self.name)?;
            let handle = nonshared.give_object(module, object, &self.suffix)?;
            Ok::<_, LinkError>(handle.map(|handle| (handle, read(module))))
        })?;
        if let Some((handle, of_module)) = given {
            self.handle = Some(handle);
            self.globals = object.globals();
            self.globals.extend(of_module);
            self.codes = self.globals.iter().map(|_| OnceLock::new()).collect();
            self.module = Arc::new(module);
        }
        Ok(())
    }

    /// Adds what was made after the module had been read.
    pub(crate) fn add(&mut self, global: Global) {
        self.globals.push(global);
        self.codes.push(OnceLock::new());
    }

    /// Gives a variable that is only declared another name.
    pub(crate) fn rename_declaration(&mut self, global: usize, name: String) {
        let old = std::mem::replace(&mut self.globals[global].name, name);
        self.module.with_module(|module| {
            if let Some(variable) = module.get_global(&old) {
                variable.set_name(&self.globals[global].name);
            }
        });
    }
}

/// How many modules of the same contents there are, by the hash of the contents.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    numbers: HashMap<String, Numbers>,
    /// Of the modules that a link adds, which may fail.
    pending: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Numbers {
    present: u32,
    next: u32,
}

impl Copies {
    /// A number that no other copy has.
    fn add(&mut self, hash: &str) -> u32 {
        self.pending.push(hash.to_owned());
        let numbers = self.numbers.entry(hash.to_owned()).or_default();
        numbers.present += 1;
        numbers.next += 1;
        numbers.next - 1
    }

    /// The modules that were added have come to stay.
    pub(crate) fn commit(&mut self) {
        self.pending.clear();
    }

    /// They have not; their numbers are free again.
    pub(crate) fn roll_back(&mut self) {
        for hash in std::mem::take(&mut self.pending) {
            if let Some(numbers) = self.numbers.get_mut(&hash) {
                numbers.next -= 1;
            }
            self.remove(&hash);
        }
    }

    fn remove(&mut self, hash: &str) {
        if let Some(numbers) = self.numbers.get_mut(hash) {
            numbers.present -= 1;
            if numbers.present == 0 {
                self.numbers.remove(hash);
            }
        }
    }
}

/// The globals of a module whose names are settled.
fn read(module: &Module<'_>) -> Vec<Global> {
    let global = |mut facts: SurveyedGlobal| {
        let name = String::from_utf8_lossy(&std::mem::take(&mut facts.name)).into_owned();
        Global {
            name,
            facts,
            untyped: false,
        }
    };
    survey(module).into_iter().map(global).collect()
}

/// The host's rules for names.
pub(crate) fn mangler() -> Result<Mangler, LinkError> {
    let host = tjit_orc::Host::get()?;
    Mangler::from_triple(&host.triple)
        .map_err(|error| LinkError::unsupported(host.triple.clone(), error.to_string()))
}

/// Whether a global is a function of the program, and not another name of one.
///
/// A body that stays where it is (`labels`) is code that the function jumps to, and no function of its own.
pub(crate) fn is_function(facts: &SurveyedGlobal) -> bool {
    facts.kind == GlobalKind::Function && !facts.attributes.fixed
}
