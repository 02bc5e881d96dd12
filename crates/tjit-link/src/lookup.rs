//! Finding a function or variable by the name the source gives it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::LinkError;
use crate::demangle::demangle;
use crate::pattern;
use crate::program::Program;

#[cfg(test)]
mod tests;

/// How many names an error suggests.
const SUGGESTIONS: usize = 3;

/// Functions or variables of a program by what the source calls them.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// The spellings by which a name may be meant, besides the one in full.
    shorter: fn(&str) -> Vec<String>,
    /// With parameters, as [`demangle`] writes it, and the symbol; in the program's order.
    names: Vec<(String, Arc<str>)>,
    /// Indices into `names`, by the name in full and by the name without parameters.
    by_name: HashMap<String, Vec<usize>>,
}

impl Lookup {
    pub(crate) fn of_functions<'s>(functions: impl Iterator<Item = &'s Arc<str>>) -> Self {
        Self::new(functions, |full| {
            let mut spellings = vec![without_parameters(full).to_owned()];
            spellings.extend(without_qualifiers(full));
            spellings
        })
    }

    pub(crate) fn of_variables<'s>(variables: impl Iterator<Item = &'s Arc<str>>) -> Self {
        Self::new(variables, |full| vec![without_functions_parameters(full)])
    }

    fn new<'s>(
        symbols: impl Iterator<Item = &'s Arc<str>>,
        shorter: fn(&str) -> Vec<String>,
    ) -> Self {
        let mut lookup = Self {
            shorter,
            names: Vec::new(),
            by_name: HashMap::new(),
        };
        lookup.extend(symbols);
        lookup
    }

    /// Adds symbols that were linked after the others.
    pub(crate) fn extend<'s>(&mut self, symbols: impl Iterator<Item = &'s Arc<str>>) {
        for symbol in symbols {
            let full = demangle(symbol);
            let index = self.names.len();
            let mut spellings = (self.shorter)(&full);
            spellings.push(full.clone());
            spellings.sort_unstable();
            spellings.dedup();
            for spelling in spellings {
                self.by_name.entry(spelling).or_default().push(index);
            }
            self.names.push((full, symbol.clone()));
        }
    }

    pub(crate) fn find(&self, name: &str) -> &[usize] {
        self.by_name
            .get(name)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    pub(crate) fn symbol(&self, index: usize) -> &str {
        &self.names[index].1
    }

    /// What is at these places as the source spells them; those that are spelt alike also by their symbol.
    pub(crate) fn described(&self, indices: &[usize]) -> Vec<String> {
        let spelling = |index: &usize| &self.names[*index].0;
        let mut described: Vec<_> = indices
            .iter()
            .map(|index| {
                let alike = indices
                    .iter()
                    .filter(|other| spelling(other) == spelling(index))
                    .count();
                match alike {
                    1 => spelling(index).clone(),
                    _ => self.names[*index].1.to_string(),
                }
            })
            .collect();
        described.sort();
        described
    }

    /// The names most like `name`, the nearest first.
    pub(crate) fn nearest(&self, name: &str) -> Vec<String> {
        let wanted = last_component(without_parameters(name));
        let mut scored: Vec<_> = self
            .names
            .iter()
            .filter_map(|(full, _)| {
                let candidate = without_parameters(full);
                let last = || Some(close(wanted, last_component(candidate))? + 1);
                Some((close(name, candidate).or_else(last)?, full))
            })
            .collect();
        scored.sort();
        scored.dedup();
        scored
            .into_iter()
            .take(SUGGESTIONS)
            .map(|(_, full)| full.clone())
            .collect()
    }
}

impl Program {
    /// The symbol of a function or ifunc of the program, by the linker's name, or by the source's with or without parameters:
    /// `_ZNK6Circle4areaEv`, `Circle::area() const`, `Circle::area()` or `Circle::area`.
    ///
    /// The first use after a link demangles the names of all functions.
    ///
    /// # Errors
    /// [`LinkError::Unknown`] with similar names, [`LinkError::Ambiguous`] with the functions that it may mean.
    pub fn resolve_name(&self, name: &str) -> Result<&str, LinkError> {
        if let Some(symbol) = self.callable(name) {
            return Ok(symbol);
        }
        if let Some(symbol) = self.native_function(name) {
            return Ok(symbol);
        }
        let lookup = self.lookup();
        match lookup.find(name.trim()) {
            [] => Err(self.unknown(name)),
            [index] => Ok(&lookup.names[*index].1),
            several => Err(LinkError::Ambiguous {
                name: name.to_owned(),
                candidates: lookup.described(several),
            }),
        }
    }
}

impl Program {
    /// The symbols of the functions and ifuncs of the program whose names are of a pattern, in the program's order: `*` stands for
    /// any characters and `?` for one. Names are those of [`Program::resolve_name`].
    pub fn matching(&self, pattern: &str) -> Vec<&str> {
        let pattern = pattern.trim();
        let names = self.lookup().names.iter();
        let of_pattern = names.filter(|(full, symbol)| {
            pattern::matches(pattern, full)
                || pattern::matches(pattern, without_parameters(full))
                || pattern::matches(pattern, symbol)
        });
        of_pattern.map(|(_, symbol)| &**symbol).collect()
    }
}

/// The name up to its parameter list: `ns::f` of `ns::f(int (*)(char)) const`. Template arguments stay, and so do the
/// parentheses of `operator()` and `(anonymous namespace)`.
fn without_parameters(full: &str) -> &str {
    let end = full.trim_end_matches(|c: char| {
        c.is_ascii_alphanumeric() || matches!(c, ' ' | '&' | '[' | ']' | ':')
    });
    if !end.ends_with(')') {
        return full;
    }
    // Backwards over the last balanced pair, which is the parameter list.
    let mut depth = 0_usize;
    for (position, byte) in end.bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return match &full[..position] {
                "" => full,
                name if name.ends_with("operator") => full,
                name => name,
            };
        }
    }
    full
}

/// The name with parameters but without what follows them, such as ` const`.
fn without_qualifiers(full: &str) -> Option<String> {
    let end = full.rfind(')')?;
    let rest = full[end + 1..].trim();
    let all_qualifiers = !rest.is_empty()
        && rest
            .split(' ')
            .all(|word| matches!(word, "const" | "volatile" | "&" | "&&"));
    all_qualifiers.then(|| full[..=end].to_owned())
}

/// The name of a local variable without the parameters of the functions it is in: `ns::f::count` of `ns::f(int) const::count`.
fn without_functions_parameters(full: &str) -> String {
    full.split("::")
        .fold(Vec::<String>::new(), |mut parts, part| {
            // A parameter list, or a template's arguments, may have `::` in it.
            match parts.last_mut() {
                Some(open) if !is_balanced(open) => *open = format!("{open}::{part}"),
                _ => parts.push(part.to_owned()),
            }
            parts
        })
        .iter()
        .map(|part| match part.as_str() {
            "(anonymous namespace)" => part,
            part => without_parameters(part),
        })
        .collect::<Vec<_>>()
        .join("::")
}

fn is_balanced(text: &str) -> bool {
    let count = |bracket: char| text.matches(bracket).count();
    count('(') == count(')') && count('<') == count('>')
}

fn last_component(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// The edit distance, if it is so small that the one may be meant by the other.
fn close(wanted: &str, candidate: &str) -> Option<usize> {
    let limit = wanted.len().div_ceil(3);
    let possible = wanted.len().abs_diff(candidate.len()) <= limit;
    possible
        .then(|| distance(wanted, candidate))
        .filter(|&found| found <= limit)
}

/// Edit distance (Levenshtein), in bytes.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
