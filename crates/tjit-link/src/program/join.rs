//! How modules become part of a program, and stop being one.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use tjit_orc::ThreadSafeModule;

use crate::inventory::{Copies, Global, Inventory, is_function};
use crate::linked::{FunctionKind, Linked};
use crate::program::{Place, Program};
use crate::sections::SharedSection;
use crate::table::{self, Table};
use crate::{Input, LinkError, ModuleId, Unloaded, aliases, emit, inputs, sections};

impl Program {
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
        self.link_with(inputs, None)
    }

    /// As [`Program::try_link`]. If the first module defines `redefined`, a function of the program, that definition is there to
    /// take the place of the one that prevails, which still does.
    pub(super) fn link_with<E: From<LinkError>>(
        &mut self,
        inputs: impl IntoIterator<Item = Result<Input, E>>,
        redefined: Option<&str>,
    ) -> Result<Linked, E> {
        let mut copies = std::mem::take(&mut self.copies);
        let decided = self.decide(inputs, &mut copies, redefined);
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
        redefined: Option<&str>,
    ) -> Result<(Vec<Inventory>, Table, Linked), E> {
        let mut new = inputs::gather(self, inputs, copies)?;
        let mut table = table::build(self, &new, redefined)?;
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
        self.withdraw_from(first_module..self.modules.len());
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
                && !self.redefined.contains(&*global.name)
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
        for symbol in &unloaded.functions {
            self.redefined.remove(symbol);
            self.unpromised.remove(symbol);
        }
        for module in modules {
            self.redefining.remove(&module.index());
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
}
