//! Manifests and documents that agree, and such that don't.

use super::{check_crates, rust_version, undocumented_dependencies};
use crate::tidy::{File, Problem};

const ROOT: &str = r#"
[workspace.package]
rust-version = "1.95"

[workspace.dependencies]
# Ours.
ours = { path = "crates/ours" }

foreign = "1"
other = { version = "2", features = ["x"] }

[profile.release]
debug = true
"#;

fn shown(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn each_dependency_has_its_line() {
    assert_eq!(
        shown(&undocumented_dependencies(
            ROOT,
            "* `foreign`: why\n* `other`: why"
        )),
        [""; 0]
    );
    let found = undocumented_dependencies(ROOT, "foreign, `other`");
    assert_eq!(
        shown(&found),
        ["docs/adr/dependencies.md: no line for `foreign`"]
    );
}

#[test]
fn the_readme_names_the_same_rust() {
    assert_eq!(
        shown(&rust_version(ROOT, "needs Rust 1.95 or later")),
        [""; 0]
    );
    assert_eq!(rust_version(ROOT, "needs Rust 1.94").len(), 1);
    assert_eq!(rust_version(ROOT, "needs Rust 1.951").len(), 1);
}

#[test]
fn each_crate_has_a_readme_and_the_lints() {
    let good = "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n";
    let files = [
        file("crates/a/Cargo.toml", good),
        file("crates/a/README.md", ""),
        file("Cargo.toml", "[workspace]"),
    ];
    assert_eq!(shown(&check_crates(&files)), [""; 0]);
    let found = check_crates(&[file("crates/b/Cargo.toml", "[package]\nname = \"b\"\n")]);
    assert_eq!(
        shown(&found),
        [
            "crates/b/README.md: is missing",
            "crates/b/Cargo.toml: does not take the lints of the workspace"
        ]
    );
}
