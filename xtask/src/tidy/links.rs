//! Links between the documents and files of the tree lead somewhere.

use super::{File, Problem};

#[cfg(test)]
mod tests;

/// Every relative link of a Markdown file that leads to no file and no directory of the tree.
pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let documents = files.iter().filter(|file| file.path.ends_with(".md"));
    documents
        .flat_map(|document| dead_links(document, files))
        .collect()
}

fn dead_links(document: &File, files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, line) in document.text.lines().enumerate() {
        for target in targets(line) {
            let path = resolve(&document.path, target);
            let leads_somewhere = path.as_ref().is_some_and(|path| exists(path, files));
            if !leads_somewhere {
                problems.push(Problem {
                    path: document.path.clone(),
                    line: index + 1,
                    message: format!("the link to `{target}` leads nowhere"),
                });
            }
        }
    }
    problems
}

/// What the links of the line lead to, of those that stay in the tree; without the place in a document.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let links = line.split("](").skip(1);
    links
        .filter_map(|rest| rest.split([')', '#', ' ']).next())
        .filter(|target| !target.is_empty() && !target.contains(':'))
}

/// The link's path from the root, if it does not leave the tree.
fn resolve(document: &str, target: &str) -> Option<String> {
    let directory = document
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn exists(path: &str, files: &[File]) -> bool {
    let is_below = |file: &str| {
        file.strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    files
        .iter()
        .any(|file| file.path == path || is_below(&file.path))
}
