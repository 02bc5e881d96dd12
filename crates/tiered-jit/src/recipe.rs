//! How the version of a function was made that runs, for the next one to be made alike.
//!
//! A version that goes because a fact has changed is replaced without anybody asking. The transformations and the pipeline that
//! somebody did ask for, of the one before, hold for the new one too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tjit_runtime::FunctionId;

use crate::request::Request;

/// The requests that made a version, answered; empty for one that was made by itself.
pub(crate) type Recipe = Arc<Mutex<Vec<Request>>>;

/// The recipes of all functions that were optimised.
#[derive(Debug, Default)]
pub(crate) struct Recipes(Mutex<HashMap<FunctionId, Recipe>>);

impl Recipes {
    /// Of one function. Who serves a job keeps it locked, so that the next job of the function finds what this one leaves.
    pub(crate) fn of(&self, function: FunctionId) -> Recipe {
        let mut recipes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recipes.entry(function).or_default().clone()
    }

    /// The function is not the program's any more.
    pub(crate) fn forget(&self, function: FunctionId) {
        let mut recipes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(recipes.remove(&function));
    }
}
