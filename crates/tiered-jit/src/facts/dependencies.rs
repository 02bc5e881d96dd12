//! Which unit relies on which fact.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tjit_runtime::{FunctionId, UnitId};

/// What kind of fact a variable's value is, or that a function is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// The embedder promised it.
    Frozen,
    /// Nobody writes it any more.
    Settled,
    /// Its body, which was there to be inlined or is that of the unit itself.
    Body,
}

/// The units that are being compiled, run, or could run again, and what they asked.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    units: HashMap<UnitId, Unit>,
    /// Those that are not on trial, by their functions.
    functions: HashMap<FunctionId, HashSet<UnitId>>,
    /// Who asked for a variable, whatever the answer was.
    askers: HashMap<Arc<str>, HashSet<UnitId>>,
    /// Of functions that must be inlined: the functions whose baselines have their bodies in them, or may.
    inlined: HashMap<Arc<str>, HashSet<FunctionId>>,
}

#[derive(Debug)]
struct Unit {
    function: FunctionId,
    /// What it asked for, with the answer that it may have got.
    asked: HashMap<Arc<str>, Option<Source>>,
}

impl Dependencies {
    /// `unit` is going to be compiled. It stays recorded when it is published, also when another runs, for it may run again.
    pub(crate) fn begin(&mut self, unit: UnitId, function: FunctionId) {
        self.functions.entry(function).or_default().insert(unit);
        let asked = HashMap::new();
        self.units.insert(unit, Unit { function, asked });
    }

    /// `unit` is going to be compiled for a trial, beside the unit that the function's job makes.
    pub(crate) fn begin_trial(&mut self, unit: UnitId, function: FunctionId) {
        let asked = HashMap::new();
        self.units.insert(unit, Unit { function, asked });
    }

    /// `unit` is not on trial any more.
    pub(crate) fn end_trial(&mut self, unit: UnitId) {
        self.forget(unit);
    }

    /// To be called before `unit` gets its answer.
    pub(crate) fn record(&mut self, unit: UnitId, variable: &Arc<str>, answer: Option<Source>) {
        if let Some(found) = self.units.get_mut(&unit) {
            found.asked.insert(variable.clone(), answer);
            let askers = self.askers.entry(variable.clone()).or_default();
            askers.insert(unit);
        }
    }

    /// Baselines are made with these bodies in them. What was recorded for earlier ones stays: they may be about to be published.
    pub(crate) fn record_baselines(
        &mut self,
        functions: impl Iterator<Item = FunctionId> + Clone,
        bodies: &[Arc<str>],
    ) {
        for body in bodies {
            let users = self.inlined.entry(body.clone()).or_default();
            users.extend(functions.clone());
        }
    }

    /// The functions whose baselines may have a body of `function` in them; they are about to have none.
    pub(crate) fn take_baselines(&mut self, function: &str) -> Vec<FunctionId> {
        let users = self.inlined.remove(function).unwrap_or_default();
        let mut users: Vec<_> = users.into_iter().collect();
        users.sort_unstable();
        users
    }

    /// Of the answers that `unit` got, it made no use but of `used`.
    pub(crate) fn keep(&mut self, unit: UnitId, used: &HashSet<&str>) {
        let Some(found) = self.units.get_mut(&unit) else {
            return;
        };
        let mut unused = Vec::new();
        found.asked.retain(|name, answer| {
            // What was imported is there, inlined or not.
            let is_body = *answer == Some(Source::Body);
            let kept = answer.is_none() || is_body || used.contains(&**name);
            if !kept {
                unused.push(name.clone());
            }
            kept
        });
        for name in unused {
            self.remove_asker(&name, unit);
        }
    }

    /// `unit` will not run any more, or never does: it was taken back, is not published, or its code is gone.
    pub(crate) fn gone(&mut self, unit: UnitId, function: FunctionId) {
        if let Some(units) = self.functions.get_mut(&function) {
            units.remove(&unit);
        }
        self.forget(unit);
    }

    /// The function is not the program's any more, or begins anew.
    pub(crate) fn forget_function(&mut self, function: FunctionId) {
        for users in self.inlined.values_mut() {
            users.remove(&function);
        }
        let units = self.functions.remove(&function).unwrap_or_default();
        for unit in units {
            self.forget(unit);
        }
    }

    /// The units that may have got the value of `variable` from `source`.
    pub(crate) fn users(&self, variable: &str, source: Source) -> Vec<(FunctionId, UnitId)> {
        self.with_answer(variable, Some(source))
    }

    /// The units that asked for the value of `variable` and got none.
    pub(crate) fn wanting(&self, variable: &str) -> Vec<(FunctionId, UnitId)> {
        self.with_answer(variable, None)
    }

    /// The variables whose value somebody has from `source`.
    pub(crate) fn variables(&self, source: Source) -> Vec<Arc<str>> {
        let names = self.askers.keys();
        names
            .filter(|name| !self.users(name, source).is_empty())
            .cloned()
            .collect()
    }

    fn with_answer(&self, variable: &str, answer: Option<Source>) -> Vec<(FunctionId, UnitId)> {
        let askers = self.askers.get(variable).into_iter().flatten();
        let mut found: Vec<_> = askers
            .filter_map(|&unit| {
                let asked = self.units.get(&unit)?;
                (asked.asked.get(variable) == Some(&answer)).then_some((asked.function, unit))
            })
            .collect();
        found.sort_unstable();
        found
    }

    fn forget(&mut self, unit: UnitId) {
        let Some(found) = self.units.remove(&unit) else {
            return;
        };
        for name in found.asked.into_keys() {
            self.remove_asker(&name, unit);
        }
    }

    fn remove_asker(&mut self, name: &Arc<str>, unit: UnitId) {
        if let Some(askers) = self.askers.get_mut(name) {
            askers.remove(&unit);
            if askers.is_empty() {
                self.askers.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
