//! What has been found out, and which functions nobody outside the program may call for it to hold.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Writer;

/// Answers to who writes a variable.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    known: HashMap<Arc<str>, Option<Writer>>,
    /// The functions all of whose calls an answer takes to be in the program, with the variables of those answers.
    inside: HashMap<Arc<str>, Vec<Arc<str>>>,
    /// Functions that others call. That stays true when the program changes.
    outside: HashSet<Arc<str>>,
}

impl Answers {
    pub(crate) fn get(&self, variable: &str) -> Option<Option<Writer>> {
        self.known.get(variable).cloned()
    }

    /// Remembers `answer`, which holds if nobody outside calls the functions `inside`, and returns what it comes to.
    pub(crate) fn insert(
        &mut self,
        variable: &Arc<str>,
        answer: Option<Writer>,
        inside: Vec<Arc<str>>,
    ) -> Option<Writer> {
        let holds = !inside.iter().any(|name| self.outside.contains(name));
        let answer = answer.filter(|_| holds);
        if answer.is_some() {
            for function in inside {
                let variables = self.inside.entry(function).or_default();
                variables.push(variable.clone());
            }
        }
        self.known.insert(variable.clone(), answer.clone());
        answer
    }

    /// Others call `function` from now on. Returns whether an answer has changed by it.
    pub(crate) fn add_outside(&mut self, function: &Arc<str>) -> bool {
        self.outside.insert(function.clone());
        let variables = self.inside.remove(function).unwrap_or_default();
        let has_changed = !variables.is_empty();
        let gone = variables.into_iter().map(|variable| (variable, None));
        self.known.extend(gone);
        has_changed
    }

    /// The program is another one. `is_known` tells its names.
    pub(crate) fn forget(&mut self, is_known: impl Fn(&str) -> bool) {
        self.known.clear();
        self.inside.clear();
        self.outside.retain(|name| is_known(name));
    }
}
