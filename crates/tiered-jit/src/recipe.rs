//! How versions were made, for the next one to be made alike.
//!
//! A version that goes because a fact has changed is replaced without anybody asking. The transformations and the pipeline that
//! somebody did ask for, of the one before, hold for the new one too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tjit_runtime::{FunctionId, UnitId};

use crate::request::Request;

/// The requests that made a version, answered. A version and its renewals share it. Who makes a version keeps it locked.
pub(crate) type Recipe = Arc<Mutex<Vec<Request>>>;

/// The recipes of versions that run or could, as far as they were asked for to be other than they would be by themselves.
#[derive(Debug, Default)]
pub(crate) struct Recipes(Mutex<HashMap<FunctionId, HashMap<UnitId, Recipe>>>);

impl Recipes {
    /// That of the version that `unit` became; an empty one if there is none.
    pub(crate) fn of(&self, function: FunctionId, unit: Option<UnitId>) -> Recipe {
        let recipes = self.all();
        let known = recipes.get(&function).zip(unit);
        let known = known.and_then(|(units, unit)| units.get(&unit));
        known.cloned().unwrap_or_default()
    }

    /// `unit` is made by `recipe`, which has these requests. To be called before it is published, that is before anybody can ask.
    pub(crate) fn begin(
        &self,
        function: FunctionId,
        unit: UnitId,
        (recipe, requests): (&Recipe, &[Request]),
    ) {
        if requests.iter().any(Request::changes_code) {
            let mut recipes = self.all();
            let units = recipes.entry(function).or_default();
            units.insert(unit, recipe.clone());
        }
    }

    /// `unit` will not run any more, or never does.
    pub(crate) fn forget_unit(&self, function: FunctionId, unit: UnitId) {
        let mut recipes = self.all();
        let units = recipes.get_mut(&function);
        let recipe = units.and_then(|units| units.remove(&unit));
        // Not under the lock: it owns what the embedder gave.
        drop(recipes);
        drop(recipe);
    }

    /// The function is not the program's any more.
    pub(crate) fn forget(&self, function: FunctionId) {
        let units = self.all().remove(&function);
        drop(units);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<FunctionId, HashMap<UnitId, Recipe>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
