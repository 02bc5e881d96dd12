//! The variables that the embedder has frozen.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

/// A variable that the embedder has frozen; see [`TieredJit::freeze`](crate::TieredJit::freeze).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frozen {
    /// Its linker-level name.
    pub symbol: Arc<str>,
    /// Its bytes, as in memory.
    pub value: Arc<[u8]>,
    /// The functions whose running version has the value in it, by their linker-level names.
    pub functions: Vec<Arc<str>>,
}

/// Why a variable can't be frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unfreezable {
    /// Each thread has its own.
    ThreadLocal,
    /// A library of the host owns it, and may write it without the embedder's knowing.
    Host,
    /// Its initialiser has not run, or not to its end.
    Uninitialised,
    /// It lies in memory that can't be written.
    Constant,
    /// The value to store has another size than the variable.
    Size {
        /// Bytes of the variable.
        expected: usize,
        /// Bytes of the value.
        found: usize,
    },
}

impl fmt::Display for Unfreezable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThreadLocal => f.write_str("each thread has its own"),
            Self::Host => {
                f.write_str("it belongs to the host, whose code may write it at any time")
            }
            Self::Uninitialised => f.write_str(
                "its initialiser has not run; have the program reach its declaration first",
            ),
            Self::Constant => f.write_str("it is a constant and can't be stored to"),
            Self::Size { expected, found } => {
                write!(f, "it has {expected} bytes and the value to store {found}")
            }
        }
    }
}

/// Their values.
#[derive(Debug, Default)]
pub(crate) struct FrozenSet {
    values: BTreeMap<Arc<str>, Arc<[u8]>>,
    /// What the embedder has stored to: that the program does not write it says nothing.
    stored: HashSet<Arc<str>>,
    /// What is being stored to.
    changing: Option<Arc<str>>,
}

impl FrozenSet {
    pub(crate) fn get(&self, symbol: &str) -> Option<&Arc<[u8]>> {
        self.values.get(symbol)
    }

    pub(crate) fn insert(&mut self, symbol: Arc<str>, value: Arc<[u8]>) {
        self.values.insert(symbol, value);
    }

    pub(crate) fn remove(&mut self, symbol: &str) -> bool {
        self.values.remove(symbol).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<[u8]>)> {
        self.values.iter()
    }

    /// From now on the variable has neither the old value nor the new one, until [`FrozenSet::end_store`].
    pub(crate) fn begin_store(&mut self, symbol: &Arc<str>) {
        self.values.remove(symbol);
        self.stored.insert(symbol.clone());
        self.changing = Some(symbol.clone());
    }

    pub(crate) fn end_store(&mut self) {
        self.changing = None;
    }

    pub(crate) fn is_changing(&self, symbol: &str) -> bool {
        self.changing.as_deref() == Some(symbol)
    }

    pub(crate) fn was_stored(&self, symbol: &str) -> bool {
        self.stored.contains(symbol)
    }

    /// The variable is not the program's any more.
    pub(crate) fn forget(&mut self, symbol: &str) {
        self.values.remove(symbol);
        self.stored.remove(symbol);
    }
}
