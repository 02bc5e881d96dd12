//! What is said of single functions, by patterns of their names.

use std::sync::atomic::{AtomicBool, Ordering};

use tjit_link::demangle;
use tjit_runtime::Directive;
use wildmatch::WildMatch;

pub(crate) mod file;

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
}

impl Directives {
    pub(crate) fn new(rules: Vec<Rule>, warnings: Vec<String>) -> Self {
        Self { rules, warnings }
    }

    pub(crate) fn pipelines(&self) -> impl Iterator<Item = &str> {
        self.rules
            .iter()
            .filter_map(|rule| rule.directive.pipeline.as_deref())
    }

    /// What is said of the function with this linker-level name.
    pub(crate) fn of(&self, symbol: &str) -> Directive {
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

    /// What was wrong with the rules, and which of them no function had the name for up to now.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let unused = self.rules.iter();
        let unused = unused.filter(|rule| !rule.has_matched.load(Ordering::Relaxed));
        let unused = unused.map(|rule| {
            let origin = rule.origin.as_deref().unwrap_or("directive");
            format!("{origin}: no function matches `{}`", rule.pattern)
        });
        self.warnings.iter().cloned().chain(unused).collect()
    }
}

#[cfg(test)]
mod tests;
