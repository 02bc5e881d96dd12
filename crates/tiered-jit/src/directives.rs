//! What is said of single functions, by patterns of their names, and by themselves.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tjit_link::demangle;
use tjit_runtime::Directive;
use wildmatch::WildMatch;

use crate::Error;

pub(crate) mod file;
mod note;

/// What is said of the functions whose names a pattern matches: the linker-level name, or the name in the source.
#[derive(Debug)]
pub(crate) struct Rule {
    pattern: String,
    matcher: WildMatch,
    directive: Directive,
    /// Where it was read, for messages.
    origin: Option<String>,
    has_matched: AtomicBool,
}

impl Rule {
    pub(crate) fn new(pattern: String, directive: Directive, origin: Option<String>) -> Self {
        Self {
            matcher: WildMatch::new(&pattern),
            pattern,
            directive,
            origin,
            has_matched: AtomicBool::new(false),
        }
    }
}

/// All rules of a JIT, and what was wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Directives {
    /// The last that matches is heard first.
    rules: Vec<Rule>,
    warnings: Vec<String>,
    notes: Mutex<Notes>,
}

/// What functions say of themselves.
#[derive(Debug, Default)]
struct Notes {
    directives: HashMap<String, Directive>,
    /// Each once, however often a function is linked.
    warnings: BTreeSet<String>,
}

impl Directives {
    pub(crate) fn new(rules: Vec<Rule>, warnings: Vec<String>) -> Self {
        Self {
            rules,
            warnings,
            notes: Mutex::default(),
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A function was linked whose definition says `texts` of it. `check` tells what is wrong with a pipeline.
    pub(crate) fn annotate(
        &self,
        symbol: &str,
        texts: &[String],
        check: impl Fn(&str) -> Result<(), Error>,
    ) {
        if texts.is_empty() {
            self.notes().directives.remove(symbol);
            return;
        }
        let mut warnings = Vec::new();
        let directive = note::parse(texts, check, |text, reason| {
            let name = demangle(symbol);
            warnings.push(format!("`{name}` says `{text}` of itself: {reason}"));
        });
        let mut notes = self.notes();
        notes.warnings.extend(warnings);
        notes.directives.insert(symbol.to_owned(), directive);
    }

    /// The function is not the program's any more.
    pub(crate) fn forget(&self, symbol: &str) {
        self.notes().directives.remove(symbol);
    }

    pub(crate) fn pipelines(&self) -> impl Iterator<Item = &str> {
        self.rules
            .iter()
            .filter_map(|rule| rule.directive.pipeline.as_deref())
    }

    /// What is said of the function with this linker-level name.
    pub(crate) fn of(&self, symbol: &str) -> Directive {
        let note = self.notes().directives.get(symbol).cloned();
        self.said(symbol).or(note.unwrap_or_default())
    }

    /// What the embedder says.
    fn said(&self, symbol: &str) -> Directive {
        if self.rules.is_empty() {
            return Directive::default();
        }
        let name = demangle(symbol);
        let says = |rule: &&Rule| {
            let matches = rule.matcher.matches(symbol) || rule.matcher.matches(&name);
            // Relaxed: only for the report.
            rule.has_matched.fetch_or(matches, Ordering::Relaxed);
            matches
        };
        let rules = self.rules.iter().rev().filter(says);
        rules.fold(Directive::default(), |directive, rule| {
            directive.or(rule.directive.clone())
        })
    }

    /// What was wrong with the rules, which of them no function had the name for up to now, and what was wrong with what
    /// functions say of themselves.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let unused = self.rules.iter();
        let unused = unused.filter(|rule| !rule.has_matched.load(Ordering::Relaxed));
        let unused = unused.map(|rule| {
            let origin = rule.origin.as_deref().unwrap_or("directive");
            format!("{origin}: no function matches `{}`", rule.pattern)
        });
        let notes = self.notes();
        let noted = notes.warnings.iter().cloned();
        let given = self.warnings.iter().cloned();
        given.chain(unused).chain(noted).collect()
    }
}

#[cfg(test)]
mod tests;
