//! The format of a test file.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::Error;

/// What a header line starts with.
const HEADER: &str = ";!";

/// What a line of the expected result starts with.
const EXPECTED: &str = ";;";

/// A test file, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct TestFile {
    /// The name of the subtest.
    pub test: String,
    /// The file's name without directory and extension.
    pub name: String,
    /// Everything in front of the expected result, header included (to LLVM it is a comment).
    pub input: String,
    /// The expected result, without the comment signs; each line ends in a newline.
    pub expected: String,
    options: Table,
}

impl TestFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], and those of [`parse`](Self::parse).
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Io {
            operation: "reading",
            path: path.display().to_string(),
            source,
        })?;
        Self::parse(
            &path.file_stem().unwrap_or_default().to_string_lossy(),
            &text,
        )
    }

    /// Takes the text of a file apart.
    ///
    /// # Errors
    ///
    /// [`Error::Header`] and [`Error::NoSubTest`].
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let mut options: Table = toml::from_str(&header(text))?;
        let Some(Value::String(test)) = options.remove("test") else {
            return Err(Error::NoSubTest);
        };
        let (input, expected) = split_expected(text);
        Ok(Self {
            test,
            name: name.to_owned(),
            input,
            expected,
            options,
        })
    }

    /// The header's options, without `test`. `T` should deny unknown fields.
    ///
    /// # Errors
    ///
    /// [`Error::Header`].
    pub fn options<T: DeserializeOwned>(&self) -> Result<T, Error> {
        Ok(self.options.clone().try_into()?)
    }

    /// The text of the file with `result` as the expected one.
    #[must_use]
    pub fn with_expected(&self, result: &str) -> String {
        let mut text = self.input.trim_end().to_owned();
        text.push_str("\n\n");
        for line in result.lines() {
            let line = if line.is_empty() {
                EXPECTED.to_owned()
            } else {
                format!("{EXPECTED} {line}")
            };
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

fn header(text: &str) -> String {
    text.lines()
        .map_while(|line| line.strip_prefix(HEADER))
        .fold(String::new(), |all, line| all + line + "\n")
}

/// Splits off the lines behind the last one that neither starts with [`EXPECTED`] nor is empty.
fn split_expected(text: &str) -> (String, String) {
    let lines: Vec<&str> = text.lines().collect();
    let is_input = |line: &&str| !line.trim().is_empty() && !line.starts_with(EXPECTED);
    let split = lines.iter().rposition(is_input).map_or(0, |last| last + 1);
    let expected = lines[split..]
        .iter()
        .filter_map(|line| line.strip_prefix(EXPECTED));
    (
        join(lines[..split].iter().copied()),
        join(expected.map(|line| line.strip_prefix(' ').unwrap_or(line))),
    )
}

fn join<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.fold(String::new(), |all, line| all + line + "\n")
}

#[cfg(test)]
mod tests;
