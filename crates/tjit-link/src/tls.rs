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

impl<'l> ThreadLocals<'l> {
    pub(crate) fn new(program: &'l Program, table: &'l Table) -> Self {
        Self {
            program,
            table,
            of_host: HashSet::new(),
        }
    }

    /// Replaces the thread-locals of a module. Returns the names of further variables that become data.
    pub(crate) fn replace(
        &mut self,
        index: usize,
        module: &'l Inventory,
    ) -> Result<Vec<String>, LinkError> {
        let mut further = Vec::new();
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
            further.extend(template.filter(|_| self.prevails(index, global)));
            if let ThreadLocalModel::Host { define: true, .. } = model {
                further.push(global.name.clone());
            }
        }
        Ok(further)
    }

    fn model(&mut self, name: &'l str) -> ThreadLocalModel {
        match self.owner(name) {
            Some(Owner::HostThread(place)) => ThreadLocalModel::Host {
                module: place.module,
                offset: place.offset,
                define: !self.is_linked(name) && self.of_host.insert(name),
            },
            Some(Owner::Program(_) | Owner::Host(_)) => ThreadLocalModel::Emulated,
            None => ThreadLocalModel::Absent,
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
