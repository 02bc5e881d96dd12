//! The names of a program.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::resolve::Owner;

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
    pub(super) callees: OnceLock<Vec<Arc<str>>>,
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

    /// The same symbol after a link that changed nothing about it.
    pub(crate) fn kept(&self) -> Self {
        let mut kept = Self::new(self.owner, self.definition, self.alias_of.clone());
        kept.resolver = self.resolver.clone();
        kept
    }
}
