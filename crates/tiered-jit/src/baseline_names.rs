//! Names for baselines: a function that is redefined, or had such a function inlined, gets another one while the code of the one
//! before is still there.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tjit_link::Program;
use tjit_mangle::{Tier, Version, body_name};
use tjit_runtime::{FunctionId, FunctionRecord};

use crate::Error;
use crate::unit::failure;

/// The last version number that a baseline of each function has got.
#[derive(Debug, Default)]
pub(crate) struct BaselineNames(Mutex<HashMap<FunctionId, Version>>);

impl BaselineNames {
    /// Names for bodies of these functions that no others have.
    pub(crate) fn take(
        &self,
        program: &Program,
        functions: &[&FunctionRecord],
    ) -> Result<Vec<String>, Error> {
        let mut last = self.last();
        let name = |function: &&FunctionRecord| {
            let next = match last.get(&function.id()) {
                None => Some(Version::FIRST),
                Some(last) => last.next(),
            };
            let next =
                next.ok_or_else(|| failure(function, "it has run out of version numbers"))?;
            let next = program.free_version(function.symbol(), next, Tier::Baseline)?;
            last.insert(function.id(), next);
            Ok(body_name(function.symbol(), next, Tier::Baseline))
        };
        functions.iter().map(name).collect()
    }

    /// The functions have not been compiled under these names. Where nobody has got one since, they are free again.
    pub(crate) fn give_back(&self, functions: &[&FunctionRecord], names: &[String]) {
        let mut last = self.last();
        for (function, name) in functions.iter().zip(names) {
            let Some(&number) = last.get(&function.id()) else {
                continue;
            };
            if body_name(function.symbol(), number, Tier::Baseline) != *name {
                continue;
            }
            match Version::new(number.number() - 1) {
                Some(before) => drop(last.insert(function.id(), before)),
                None => drop(last.remove(&function.id())),
            }
        }
    }

    /// The code of a function is gone, and its names are free.
    pub(crate) fn forget(&self, function: FunctionId) {
        self.last().remove(&function);
    }

    fn last(&self) -> MutexGuard<'_, HashMap<FunctionId, Version>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
