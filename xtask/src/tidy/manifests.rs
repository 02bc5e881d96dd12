//! Rules about manifests and the documents that have to agree with them.

use super::{File, Problem};

#[cfg(test)]
mod tests;

/// Where each dependency is justified.
const DEPENDENCIES: &str = "docs/adr/dependencies.md";

/// Every broken rule about manifests.
pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let text = |path: &str| {
        files
            .iter()
            .find(|file| file.path == path)
            .map_or("", |file| file.text.as_str())
    };
    let root = text("Cargo.toml");
    [
        check_crates(files),
        undocumented_dependencies(root, text(DEPENDENCIES)),
        rust_version(root, text("README.md")),
    ]
    .concat()
}

fn problem(path: &str, message: String) -> Problem {
    Problem {
        path: path.to_owned(),
        line: 0,
        message,
    }
}

/// Each crate says who should use it and takes the lints of the workspace.
fn check_crates(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let manifests = files.iter().filter(|file| file.text.contains("[package]"));
    for (file, dir) in
        manifests.filter_map(|file| Some((file, file.path.strip_suffix("Cargo.toml")?)))
    {
        let readme = format!("{dir}README.md");
        if !files.iter().any(|file| file.path == readme) {
            problems.push(problem(&readme, "is missing".to_owned()));
        }
        if !section(&file.text, "lints").any(|line| line == "workspace = true") {
            problems.push(problem(
                &file.path,
                "does not take the lints of the workspace".to_owned(),
            ));
        }
    }
    problems
}

/// Each foreign crate in the workspace's table has a line that names it in backticks.
fn undocumented_dependencies(root: &str, document: &str) -> Vec<Problem> {
    let foreign = section(root, "workspace.dependencies").filter(|line| !line.contains("path ="));
    let names = foreign
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim());
    let missing = names.filter(|name| !document.contains(&format!("`{name}`")));
    missing
        .map(|name| problem(DEPENDENCIES, format!("no line for `{name}`")))
        .collect()
}

/// The README promises the same Rust as the manifest.
fn rust_version(root: &str, readme: &str) -> Vec<Problem> {
    let field =
        section(root, "workspace.package").find_map(|line| line.strip_prefix("rust-version"));
    let version = field
        .and_then(|value| value.split('"').nth(1))
        .unwrap_or("?");
    if super::find_words(readme, &format!("Rust {version}"))
        .next()
        .is_some()
    {
        return Vec::new();
    }
    vec![problem(
        "README.md",
        format!("does not say `Rust {version}`, the rust-version of Cargo.toml"),
    )]
}

/// The entries of a table of a manifest, without comments and empty lines.
fn section<'a>(manifest: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let header = format!("[{name}]");
    let lines = manifest
        .lines()
        .map(str::trim)
        .skip_while(move |line| *line != header)
        .skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}
