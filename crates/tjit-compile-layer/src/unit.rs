//! The materialization unit that a module waits in.

use std::sync::Arc;

use tjit_orc::{MaterializationUnit, Responsibility, SymbolFlags, ThreadSafeModule, demote};

use crate::config::ModuleOptions;
use crate::layer::Emitter;
use crate::symbols::Defined;

/// A module that is compiled when one of its symbols is looked up.
pub(crate) struct ModuleUnit {
    pub(crate) name: String,
    pub(crate) emitter: Arc<Emitter>,
    pub(crate) module: ThreadSafeModule,
    pub(crate) options: ModuleOptions,
    pub(crate) symbols: Vec<Defined>,
    // Why a symbol that is defined elsewhere could not be left out.
    pub(crate) failed_discard: Option<tjit_orc::Error>,
}

impl MaterializationUnit for ModuleUnit {
    fn name(&self) -> &str {
        &self.name
    }

    fn symbols(&self) -> Vec<(String, SymbolFlags)> {
        self.symbols
            .iter()
            .map(|symbol| (symbol.linker_name.clone(), symbol.flags))
            .collect()
    }

    fn materialize(self: Box<Self>, responsibility: Responsibility) {
        match &self.failed_discard {
            Some(error) => responsibility.fail(error),
            None => self
                .emitter
                .emit(responsibility, &self.module, &self.options),
        }
    }

    fn discard(&mut self, symbol: &str) {
        let discarded = self
            .symbols
            .iter()
            .find(|defined| defined.linker_name == symbol);
        if let Some(discarded) = discarded {
            let result = self
                .module
                .with_module(|module| demote(module, &discarded.ir_name));
            self.failed_discard = self.failed_discard.take().or(result.err());
        }
    }
}
