//! Thread-local variables: one model in all tiers.
//!
//! JITLink can't place a variable relative to the thread pointer, and a program must reach the host's thread-locals too. So
//! a thread-local becomes ordinary data that says where each thread has its copy, in the data module under the
//! variable's name, and every use of its address a call with that data: however often a function is compiled, the data
//! and with it the copies stay.

use std::collections::HashSet;

use tjit_orc::{ThreadLocalModel, replace_thread_local};

use crate::LinkError;
use crate::inventory::{Global, Inventory};
use crate::program::Program;
use crate::resolve::Owner;
use crate::table::Table;

/// Replaces the thread-locals of the modules of one link.
pub(crate) struct ThreadLocals<'l> {
    program: &'l Program,
    table: &'l Table,
    // The host's variables whose data a module of this link has.
    of_host: HashSet<&'l str>,
}

/// The names of further variables that become data.
#[derive(Default)]
pub(crate) struct Replaced {
    /// The values that the module's own thread-locals start with.
    pub(crate) templates: Vec<String>,
    /// Where the host has its thread-locals, which other modules will want to know too.
    pub(crate) of_host: Vec<String>,
}

impl<'l> ThreadLocals<'l> {
    pub(crate) fn new(program: &'l Program, table: &'l Table) -> Self {
        Self {
            program,
            table,
            of_host: HashSet::new(),
        }
    }

    /// Replaces the thread-locals of a module.
    pub(crate) fn replace(
        &mut self,
        index: usize,
        module: &'l Inventory,
    ) -> Result<Replaced, LinkError> {
        let mut replaced = Replaced::default();
        let globals = module
            .globals
            .iter()
            .filter(|global| global.facts.thread_local);
        for global in globals {
            let model = self.model(&global.name);
            let template = module
                .module
                .with_module(|module| replace_thread_local(module, &global.name, model))
                .map_err(|error| LinkError::unsupported(&global.name, error.message()))?;
            replaced
                .templates
                .extend(template.filter(|_| self.prevails(index, global)));
            if let ThreadLocalModel::Host { define: true, .. } = model {
                replaced.of_host.push(global.name.clone());
            }
        }
        Ok(replaced)
    }

    fn model(&mut self, name: &'l str) -> ThreadLocalModel {
        match self.owner(name) {
            Some(Owner::HostThread(place)) => ThreadLocalModel::Host {
                module: place.module,
                offset: place.offset,
                define: !self.is_linked(name) && self.of_host.insert(name),
            },
            Some(Owner::Program(_) | Owner::Host(_)) => ThreadLocalModel::Emulated,
            Some(Owner::Undefined(_)) | None => ThreadLocalModel::Absent,
        }
    }

    fn owner(&self, name: &str) -> Option<Owner> {
        let symbol = self.table.symbols.get(name);
        symbol.or_else(|| self.program.symbol(name))?.owner
    }

    /// Whether an earlier link has made data of a variable of the host's.
    fn is_linked(&self, name: &str) -> bool {
        let symbol = self.program.symbol(name);
        symbol.is_some_and(|symbol| matches!(symbol.owner, Some(Owner::HostThread(_))))
    }

    fn prevails(&self, index: usize, global: &Global) -> bool {
        self.owner(&global.name) == Some(Owner::Program(index))
    }
}
