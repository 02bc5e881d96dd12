//! Directives files, and what their patterns match.

use std::path::Path;

use super::*;

fn directives(text: &str) -> Directives {
    let (rules, warnings) = file::parse(Path::new("d.toml"), text).unwrap();
    Directives::new(rules, warnings)
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let error = file::parse(Path::new("d.toml"), text).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn names_of_source_and_linker_are_matched_and_later_rules_win() {
    let directives = directives(
        "[[function]]\nname = 'Circle::*'\neager = true\ncalls = 1_000\n\
         [[function]]\nname = '_ZN6Circle4areaEv'\nnever = true\nloops = 0x10\n\
         [[function]]\nname = 'nobody'\nspeed = 9\n",
    );
    let area = directives.of("_ZN6Circle4areaEv");
    assert!(area.never && !area.eager);
    assert_eq!(
        (area.calls.unwrap().get(), area.loops.unwrap().get()),
        (1_000, 16)
    );
    assert!(directives.of("_ZN6Circle5scaleEd").eager);
    assert!(directives.of("main").is_empty());
    assert_eq!(
        directives.warnings(),
        [
            "d.toml:11: unknown key `speed`",
            "d.toml:9: no function matches `nobody`"
        ]
    );
}

#[test]
fn errors_name_file_line_and_key() {
    check_error(
        "[[function]]\nnever = 1\nname = 'f'",
        "directives in `d.toml`, line 2: `never` is to be true or false",
    );
    check_error(
        "[[function]]\nname = 'f'\ncalls = 0",
        "directives in `d.toml`, line 3: `calls` is to be a number from 1",
    );
    check_error(
        "\n[[function]]\neager = true",
        "directives in `d.toml`, line 2: there is no `name`",
    );
    check_error(
        "function = 3",
        "directives in `d.toml`, line 1: `function` is to be [[function]]",
    );
}
