//! What a module brings into the program.

use std::collections::HashMap;

use inkwell::module::{Linkage, Module};
use tjit_mangle::Mangler;
use tjit_orc::{
    ComdatKind, GlobalKind, SurveyedGlobal, ThreadSafeContext, ThreadSafeModule, inline_assembly,
    survey,
};

use crate::called::{self, Called};
use crate::labels::{self, Labels};
use crate::{LinkError, names, target};

/// A module that is ready to be linked: verified, without debug information, with names of its own, in the program's
/// context.
#[derive(Debug)]
pub(crate) struct Inventory {
    pub(crate) module: ThreadSafeModule,
    pub(crate) name: String,
    pub(crate) globals: Vec<Global>,
    /// Behind the names of its locals.
    pub(crate) suffix: String,
    pub(crate) called: Called,
    pub(crate) assembly: String,
    pub(crate) labels: Labels,
}

/// A global value under the name it has in the program.
#[derive(Debug, Clone)]
pub(crate) struct Global {
    pub(crate) name: String,
    pub(crate) facts: SurveyedGlobal,
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
        copies: &mut HashMap<String, u32>,
    ) -> Result<Self, LinkError> {
        module.verify()?;
        let name = module.with_module(|module| module.get_name().to_string_lossy().into_owned());
        module.with_module(|module| target::check(module, &name))?;
        module.strip_debug_info();
        let bitcode = module.to_bitcode();
        let copy = copies
            .entry(names::suffix(bitcode.as_slice(), 0))
            .or_default();
        let suffix = names::suffix(bitcode.as_slice(), *copy);
        *copy += 1;
        let module = match context {
            Some(context) if !context.is(module.context()) => {
                context.parse(&name, bitcode.as_slice())?
            }
            _ => module,
        };
        let mangler = mangler()?;
        let read = module.with_module(|module| {
            names::settle(module, &name, mangler, &suffix)?;
            Ok::<_, LinkError>(read(module))
        })?;
        let (globals, assembly) = read;
        let labels = module.with_module(|module| labels::find(module, &globals))?;
        let called = module.with_module(|module| called::find(module, &globals))?;
        Ok(Self {
            module,
            name,
            suffix,
            globals,
            called,
            assembly,
            labels,
        })
    }
}

impl Inventory {
    /// Aligns a variable to at least `alignment` bytes.
    pub(crate) fn align(&self, global: usize, alignment: u32) {
        let name = &self.globals[global].name;
        self.module.with_module(|module| {
            if let Some(variable) = module.get_global(name) {
                variable.set_alignment(alignment);
            }
        });
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

fn read(module: &Module<'_>) -> (Vec<Global>, String) {
    let globals = survey(module).into_iter().map(|facts| Global {
        name: String::from_utf8_lossy(&facts.name).into_owned(),
        facts,
    });
    (globals.collect(), inline_assembly(module))
}

/// The host's rules for names.
pub(crate) fn mangler() -> Result<Mangler, LinkError> {
    let host = tjit_orc::Host::get()?;
    Mangler::from_triple(&host.triple)
        .map_err(|error| LinkError::unsupported(host.triple.clone(), error.to_string()))
}

/// Whether a global is a function of the program, and not another name of one.
pub(crate) fn is_function(facts: &SurveyedGlobal) -> bool {
    facts.kind == GlobalKind::Function
}
