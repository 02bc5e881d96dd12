//! Rules about text of any kind.

use super::{Findings, find_words, line_of};

#[cfg(test)]
mod tests;

pub(super) type Rule = fn(path: &str, text: &str) -> Findings;

pub(super) const RULES: &[Rule] = &[
    trailing_space,
    final_line_break,
    backlog_words,
    machine_paths,
];

/// Written in two parts, so that this file may name them.
const BACKLOG: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("for", " now"),
];
const MACHINE_PATHS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/"),
];

/// Files people write by hand; expected outputs and inputs of tests keep the bytes they need.
fn is_written(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(
        extension,
        "rs" | "toml" | "md" | "cpp" | "cc" | "c" | "h" | "sh" | "ll" | "yml"
    ) || path == ".ci/run"
}

fn trailing_space(path: &str, text: &str) -> Findings {
    if !is_written(path) {
        return Findings::new();
    }
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.ends_with([' ', '\t', '\r']));
    lines
        .map(|(at, _)| (at + 1, "white space at the end of the line".to_owned()))
        .collect()
}

fn final_line_break(path: &str, text: &str) -> Findings {
    if is_written(path) && !text.is_empty() && !text.ends_with('\n') {
        return vec![(text.lines().count(), "no line break at the end".to_owned())];
    }
    Findings::new()
}

/// A comment is no place for a backlog. In Rust, words in string literals don't count: see [`super::rust`].
fn backlog_words(path: &str, text: &str) -> Findings {
    if !is_written(path) || path.ends_with(".rs") {
        Findings::new()
    } else {
        find_backlog(text)
    }
}

pub(super) fn find_backlog(text: &str) -> Findings {
    let found = BACKLOG
        .iter()
        .flat_map(|word| find_words(text, word).map(move |at| (at, word)));
    found
        .map(|(at, word)| {
            (
                line_of(text, at),
                format!("`{word}`: open an issue or say what holds"),
            )
        })
        .collect()
}

/// A path of one machine means nothing on another.
fn machine_paths(_path: &str, text: &str) -> Findings {
    let starts = |at: usize| {
        !text[..at].ends_with(|c: char| super::is_word(c) || matches!(c, '.' | '}' | '>' | '-'))
    };
    let found = MACHINE_PATHS
        .iter()
        .flat_map(|dir| text.match_indices(dir))
        .filter(|(at, _)| starts(*at));
    found
        .map(|(at, dir)| {
            (
                line_of(text, at),
                format!("`{dir}…` is a path of one machine"),
            )
        })
        .collect()
}
