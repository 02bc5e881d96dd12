//! No knob of the library is without its flag and variable.

use std::collections::BTreeSet;
use std::path::Path;

use crate::args;

/// Setters of `Builder` whose flag has another name, and what it is called.
const OTHER_NAMES: [(&str, &str); 4] = [
    ("tiering", "tier"),
    ("directives_file", "directives"),
    ("host_cpu", "portable"),
    ("library", "dlopen"),
];

/// Setters of `Builder` without a flag.
const NOT_MIRRORED: [(&str, &str); 7] = [
    ("build", "it is no knob"),
    (
        "define",
        "an address of this process means nothing to who starts it",
    ),
    (
        "directive",
        "directives are given by the file of --directives",
    ),
    (
        "keep_versions",
        "it says what is freed, and without the promise of `reclaim` nothing is",
    ),
    ("on_fatal", "a function; the command reports and ends"),
    ("policy", "an object; what it decides has flags"),
    (
        "reclaim",
        "a promise about the program's threads that the command can't make for it",
    ),
];

/// Setters that make no sense in the command as it is built.
const EMBEDDERS_ONLY: [(&str, &str); 1] = [(
    "thread_sanitizer",
    "the process must be built with ThreadSanitizer, which the command is not",
)];

/// Flags that say what is run: as with `lli` and linkers, the environment does not change that.
const WITHOUT_VARIABLE: [&str; 1] = ["dlopen"];

/// The setters of `Builder`, by its source.
fn setters() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tiered-jit/src/config.rs");
    let source = std::fs::read_to_string(path).unwrap();
    let methods = source.lines().filter_map(|line| {
        let line = line.trim_start().strip_prefix("pub ")?;
        let line = line.strip_prefix("unsafe ").unwrap_or(line);
        let (name, rest) = line.strip_prefix("fn ")?.split_once('(')?;
        let is_of_builder =
            rest.is_empty() || rest.starts_with("mut self") || rest.starts_with("self");
        is_of_builder.then(|| name.to_owned())
    });
    methods.collect()
}

#[test]
fn every_knob_has_a_flag_and_a_variable() {
    let setters = setters();
    assert!(setters.contains("threshold"), "{setters:?}");
    let excepted = || NOT_MIRRORED.iter().chain(&EMBEDDERS_ONLY);
    for (name, reason) in excepted() {
        assert!(
            setters.contains(*name),
            "there is no `{name}` any more ({reason})"
        );
    }
    let command = args::command();
    let run = command.find_subcommand("run").unwrap();
    let readme = include_str!("../../README.md");
    for setter in setters
        .iter()
        .filter(|name| excepted().all(|(other, _)| other != name))
    {
        let other = OTHER_NAMES.iter().find(|(name, _)| name == setter);
        let flag = other.map_or_else(|| setter.replace('_', "-"), |(_, flag)| (*flag).to_owned());
        let argument = run
            .get_arguments()
            .find(|argument| argument.get_long() == Some(&flag));
        let argument = argument.unwrap_or_else(|| panic!("no flag --{flag} for `{setter}`"));
        assert!(
            readme.contains(&format!("--{flag}")),
            "--{flag} is not in the README"
        );
        if WITHOUT_VARIABLE.contains(&&*flag) {
            continue;
        }
        let variable = format!("TJIT_{}", flag.replace('-', "_").to_uppercase());
        let has = argument.get_env().and_then(|name| name.to_str());
        assert_eq!(has, Some(&*variable), "--{flag}");
        assert!(
            readme.contains(&format!("`{variable}`")),
            "{variable} is not in the README"
        );
    }
}

#[test]
fn every_knob_is_turned() {
    let sources = [include_str!("../knobs.rs"), include_str!("../command.rs")].concat();
    for setter in setters() {
        let is_excepted = |list: &[(&str, &str)]| list.iter().any(|(name, _)| *name == setter);
        if is_excepted(&NOT_MIRRORED) || is_excepted(&EMBEDDERS_ONLY) {
            continue;
        }
        let is_called = sources.contains(&format!("Builder::{setter})"))
            || sources.contains(&format!(".{setter}("));
        assert!(is_called, "`{setter}` is never called");
    }
}
