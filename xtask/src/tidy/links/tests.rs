//! Tests of the rule about links.

use super::*;

fn problems_of(document: &str, text: &str) -> Vec<String> {
    let file = |path: &str, text: &str| File {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let files = [
        file(document, text),
        file("crates/a/README.md", ""),
        file("tests/programs/pair/b.c", ""),
    ];
    let messages = check(&files).into_iter();
    messages
        .map(|problem| format!("{}: {}", problem.line, problem.message))
        .collect()
}

#[test]
fn files_and_directories_are_found_from_the_document() {
    let text = "[a](../a/README.md) [b](../../tests/programs/pair)\n[c](../../tests/programs/pair/b.c#top)";
    assert_eq!(problems_of("crates/b/README.md", text), [""; 0]);
    assert_eq!(problems_of("README.md", "[a](crates/a/)"), [""; 0]);
}

#[test]
fn what_is_not_there_is_a_problem_with_its_line() {
    let found = problems_of(
        "docs/x.md",
        "fine\n[a](../crates/c) and [b](../tests/programs/pai)",
    );
    let expected = [
        "2: the link to `../crates/c` leads nowhere",
        "2: the link to `../tests/programs/pai` leads nowhere",
    ];
    assert_eq!(found, expected);
    assert_eq!(problems_of("x.md", "[a](../outside)").len(), 1);
}

#[test]
fn links_to_elsewhere_are_left_alone() {
    let text = "[a](https://example.org/x) [b](#below) [c][d] `f`(x)";
    assert_eq!(problems_of("x.md", text), [""; 0]);
}
