//! Rules about Rust source.

use super::lexer::Source;
use super::text::find_backlog;
use super::{Findings, find_words, is_dev_file, is_word, line_of};

#[cfg(test)]
mod tests;

pub(super) type Rule = fn(path: &str, source: &Source) -> Findings;

pub(super) const RULES: &[Rule] = &[
    module_doc,
    length,
    function_length,
    banned_code,
    backlog_comments,
    safety_comments,
    forbid_unsafe,
    tier_suffixes,
    llvm_names,
    executable_memory,
];

/// The longest file we accept, tests apart; the aim is 400.
const MAX_LINES: usize = 600;

/// The longest function we accept, tests apart; nine of ten should have 35 lines at most.
const MAX_FUNCTION_LINES: usize = 80;

/// What a finished piece of code has no use for.
const BANNED: &[&str] = &[
    "#[ignore",
    "#[should_panic",
    "todo!",
    "unimplemented!",
    "dbg!",
];

/// Crates that promise to have no unsafe code, by the file that says so.
const FORBID_UNSAFE: &[&str] = &[
    "crates/tjit-mangle/src/lib.rs",
    "crates/tjit-instrument/src/lib.rs",
    "crates/tjit-reopt/src/lib.rs",
    "crates/tjit-link/src/lib.rs",
    "crates/tjit-cli/src/main.rs",
    "xtask/src/main.rs",
];

/// The suffixes that tell the tier of a body, and the one crate that spells them.
const TIER_SUFFIXES: &[&str] = &["_optimized", "_baseline"];
const SUFFIX_CRATE: &str = "crates/tjit-mangle/";

/// The one crate that calls llvm-c.
const LLVM_CRATE: &str = "crates/tjit-orc/";

/// What it takes to make memory executable, and the one crate that does.
const EXECUTABLE: &[&str] = &[
    "PROT_EXEC",
    "MAP_JIT",
    "ProtFlags::EXEC",
    "MprotectFlags::EXEC",
    "PAGE_EXECUTE_READ",
];
const EXECUTABLE_CRATE: &str = "crates/tjit-stubs/";

fn module_doc(_path: &str, source: &Source) -> Findings {
    let first = ["//!", "#![doc = include_str!("];
    if first.iter().any(|start| source.text.starts_with(start)) {
        return Findings::new();
    }
    vec![(
        1,
        "does not start with a `//!` line that says what it is for".to_owned(),
    )]
}

fn length(path: &str, source: &Source) -> Findings {
    let lines = source.text.lines().count();
    if is_test(path) || lines <= MAX_LINES {
        return Findings::new();
    }
    vec![(lines, format!("{lines} lines; split at {MAX_LINES}"))]
}

fn function_length(path: &str, source: &Source) -> Findings {
    if is_test(path) {
        return Findings::new();
    }
    let lengths = find_words(&source.code, "fn").filter_map(|at| {
        let lines = body_lines(&source.code[at..])?;
        (lines > MAX_FUNCTION_LINES).then(|| (line_of(&source.code, at), lines))
    });
    lengths
        .map(|(line, lines)| {
            (
                line,
                format!("a function of {lines} lines; split at {MAX_FUNCTION_LINES}"),
            )
        })
        .collect()
}

/// Lines from a `fn` to the end of its body; `None` when it has none (a declaration, a pointer type).
fn body_lines(code: &str) -> Option<usize> {
    if code.starts_with("fn(") {
        return None;
    }
    let open = code
        .find(['{', ';'])
        .filter(|&at| code[at..].starts_with('{'))?;
    let mut depth = 0_usize;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(line_of(code, open + at));
        }
    }
    None
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

fn banned_code(_path: &str, source: &Source) -> Findings {
    let found = BANNED
        .iter()
        .flat_map(|what| source.code.match_indices(what))
        .filter(|(at, what)| {
            let before = source.code[..*at].chars().next_back();
            what.starts_with('#') || !before.is_some_and(is_word)
        });
    found
        .map(|(at, what)| (line_of(&source.code, at), format!("`{what}` in the tree")))
        .collect()
}

fn backlog_comments(_path: &str, source: &Source) -> Findings {
    find_backlog(&source.comments)
}

/// One safety comment for each unsafe block and `unsafe impl`; unsafe attributes and foreign blocks may have one.
fn safety_comments(_path: &str, source: &Source) -> Findings {
    let (mut needed, mut allowed) = (0, 0);
    for at in find_words(&source.code, "unsafe") {
        let rest = source.code[at + "unsafe".len()..].trim_start();
        match rest {
            _ if rest.starts_with('{') || rest.starts_with("impl") => needed += 1,
            _ if rest.starts_with('(') || rest.starts_with("extern") => allowed += 1,
            _ => {}
        }
    }
    let given = source.comments.matches("SAFETY:").count();
    if (needed..=needed + allowed).contains(&given) {
        return Findings::new();
    }
    vec![(
        0,
        format!("{needed} unsafe blocks and impls, {given} `SAFETY:` comments"),
    )]
}

fn forbid_unsafe(path: &str, source: &Source) -> Findings {
    if !FORBID_UNSAFE.contains(&path) || source.code.contains("#![forbid(unsafe_code)]") {
        return Findings::new();
    }
    vec![(0, "no `#![forbid(unsafe_code)]`".to_owned())]
}

fn tier_suffixes(path: &str, source: &Source) -> Findings {
    if path.starts_with(SUFFIX_CRATE) || is_dev_file(path) {
        return Findings::new();
    }
    let strings = &source.strings;
    let found = TIER_SUFFIXES
        .iter()
        .flat_map(|suffix| strings.match_indices(suffix))
        .filter(|(at, suffix)| {
            let after = strings[at + suffix.len()..].chars().next();
            !after.is_some_and(is_word)
        });
    let lines = found.map(|(at, suffix)| (line_of(strings, at), suffix));
    let shipped = shipped_lines(&source.code);
    lines
        .filter(|(line, _)| *line <= shipped)
        .map(|(line, suffix)| {
            (
                line,
                format!("`{suffix}` is spelled in {SUFFIX_CRATE} only"),
            )
        })
        .collect()
}

/// How many lines come before an inline test module.
fn shipped_lines(code: &str) -> usize {
    let attribute = "#[cfg(test)]";
    let inline = code.match_indices(attribute).find(|(at, _)| {
        let item = code[at + attribute.len()..].trim_start();
        let body = item.find(['{', ';']);
        item.starts_with("mod ") && body.is_some_and(|at| item[at..].starts_with('{'))
    });
    inline.map_or(usize::MAX, |(at, _)| line_of(code, at))
}

fn llvm_names(path: &str, source: &Source) -> Findings {
    if path.starts_with(LLVM_CRATE) {
        return Findings::new();
    }
    let found = find_words(&source.code, "llvm_sys");
    found
        .map(|at| {
            (
                line_of(&source.code, at),
                format!("`llvm_sys` is named in {LLVM_CRATE} only"),
            )
        })
        .collect()
}

fn executable_memory(path: &str, source: &Source) -> Findings {
    if path.starts_with(EXECUTABLE_CRATE) {
        return Findings::new();
    }
    let found = EXECUTABLE
        .iter()
        .flat_map(|what| find_words(&source.code, what));
    found
        .map(|at| {
            (
                line_of(&source.code, at),
                format!("executable memory is mapped in {EXECUTABLE_CRATE} only"),
            )
        })
        .collect()
}
