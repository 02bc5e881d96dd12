//! Names for versions: each attempt gets a number that no other had.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tjit_mangle::{Tier, Version};
use tjit_runtime::{FunctionId, FunctionRecord};

use crate::Error;
use crate::engine::Engine;
use crate::unit::failure;

/// Which version number comes next, also counting versions that failed: their names are used up.
#[derive(Debug, Default)]
pub(crate) struct VersionNumbers(Mutex<HashMap<FunctionId, Version>>);

impl VersionNumbers {
    pub(crate) fn next(
        &self,
        engine: &Engine,
        function: &FunctionRecord,
    ) -> Result<Version, Error> {
        let mut numbers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match numbers.get(&function.id()) {
            None => Some(Version::FIRST),
            Some(last) => last.next(),
        };
        let next = next.ok_or_else(|| failure(function, "it has run out of version numbers"))?;
        let next = engine
            .program()
            .free_version(function.symbol(), next, Tier::Optimized)?;
        numbers.insert(function.id(), next);
        Ok(next)
    }
}
