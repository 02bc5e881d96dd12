//! `tidy`: the rules about this tree that no compiler checks. One small function per rule.

mod layering;
mod lexer;
mod links;
mod manifests;
mod rust;
mod text;

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::error::{Context, Error, Result};
use crate::sh;

use lexer::Source;

/// A file of the tree.
#[derive(Debug)]
struct File {
    /// Relative to the root, with `/` between the parts.
    path: String,
    text: String,
}

/// Something that breaks a rule.
#[derive(Debug, Clone)]
struct Problem {
    path: String,
    /// From 1; 0 is the file as a whole.
    line: usize,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// What a rule about one file returns: lines (from 1) and messages.
type Findings = Vec<(usize, String)>;

/// `cargo xtask tidy`.
pub(crate) fn command() -> Result<ExitCode> {
    check()?;
    Ok(ExitCode::SUCCESS)
}

/// Prints every problem; having any is an error.
pub(crate) fn check() -> Result<()> {
    let files = read_tree(&sh::root())?;
    let mut problems = check_files(&files);
    problems.extend(manifests::check(&files));
    problems.extend(links::check(&files));
    problems.extend(layering::check()?);
    problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    for problem in &problems {
        eprintln!("{problem}");
    }
    match problems.len() {
        0 => {
            println!("tidy: {} files, no problem", files.len());
            Ok(())
        }
        count => Err(Error::new(format!("tidy: {count} problems"))),
    }
}

/// The rules that look at one file at a time.
fn check_files(files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files {
        let mut findings = Findings::new();
        for rule in text::RULES {
            findings.extend(rule(&file.path, &file.text));
        }
        if file.path.ends_with(".rs") {
            let source = Source::new(&file.text);
            for rule in rust::RULES {
                findings.extend(rule(&file.path, &source));
            }
        }
        let path = &file.path;
        problems.extend(findings.into_iter().map(|(line, message)| Problem {
            path: path.clone(),
            line,
            message,
        }));
    }
    problems
}

/// Every text file below `root`; what a build left there is no part of it.
fn read_tree(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    let mut dirs = vec![root.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        let reading = || format!("reading {}", dir.display());
        for entry in fs::read_dir(&dir).context(reading)? {
            let entry = entry.context(reading)?;
            let (path, kind) = (entry.path(), entry.file_type().context(reading)?);
            if kind.is_dir() {
                let built = entry.file_name() == "target" || path.join("CACHEDIR.TAG").exists();
                if !built && entry.file_name() != ".git" {
                    dirs.push(path);
                }
            } else if kind.is_file()
                && let Ok(text) = String::from_utf8(
                    fs::read(&path).context(|| format!("reading {}", path.display()))?,
                )
            {
                files.push(File {
                    path: relative(root, &path),
                    text,
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn relative(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).components();
    parts
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// Whether `c` can be part of an identifier.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where `word` stands alone in `text`: not inside a longer identifier.
fn find_words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |&at| {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
}

/// The line (from 1) of a byte offset.
fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Whether the path is of tests, examples or benchmarks: code that ships to nobody.
fn is_dev_file(path: &str) -> bool {
    let dev_dir = path
        .split('/')
        .any(|part| matches!(part, "tests" | "examples" | "benches" | "xtask"));
    let dev_crate = ["crates/tjit-filetests/", "crates/tjit-test-util/"]
        .iter()
        .any(|dir| path.starts_with(dir));
    dev_dir || dev_crate || path.ends_with("/tests.rs")
}
