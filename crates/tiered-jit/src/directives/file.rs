//! Directives from a file, in TOML.
//!
//! ```toml
//! [[function]]
//! name = "Circle::*"     # or a linker-level name; `*` is any text, `?` any character
//! eager = true           # also: never, pin
//! calls = 500            # also: loops
//! pipeline = "default<O2>"
//! ```

use std::num::NonZeroU64;
use std::path::Path;

use tjit_runtime::Directive;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Error;
use crate::directives::Rule;

/// Reads a file: rules in their order, and warnings about what is not understood in it.
pub(crate) fn read(path: &Path) -> Result<(Vec<Rule>, Vec<String>), Error> {
    let text = std::fs::read_to_string(path).map_err(|error| failure(path, 0, error))?;
    parse(path, &text)
}

pub(crate) fn parse(path: &Path, text: &str) -> Result<(Vec<Rule>, Vec<String>), Error> {
    let file = File { path, text };
    let mut warnings = Vec::new();
    let mut rules = Vec::new();
    let document = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        failure(path, file.line(at), error.message())
    })?;
    for (key, value) in document.get_ref() {
        if key.get_ref() != "function" {
            warnings.push(file.unknown(key.span().start, key.get_ref()));
            continue;
        }
        let entries = value.get_ref().as_array();
        let entries =
            entries.ok_or_else(|| file.error(value, "`function` is to be [[function]]"))?;
        for entry in entries.iter() {
            rules.push(file.rule(entry, &mut warnings)?);
        }
    }
    Ok((rules, warnings))
}

struct File<'f> {
    path: &'f Path,
    text: &'f str,
}

impl File<'_> {
    fn rule(
        &self,
        entry: &Spanned<DeValue<'_>>,
        warnings: &mut Vec<String>,
    ) -> Result<Rule, Error> {
        let table = entry.get_ref().as_table();
        let table = table.ok_or_else(|| self.error(entry, "`function` is to be [[function]]"))?;
        let mut directive = Directive::default();
        let mut pattern = None;
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => pattern = Some(self.text_of("name", value)?.to_owned()),
                "never" => directive.never = self.flag("never", value)?,
                "eager" => directive.eager = self.flag("eager", value)?,
                "pin" => directive.pin = self.flag("pin", value)?,
                "calls" => directive.calls = Some(self.number("calls", value)?),
                "loops" => directive.loops = Some(self.number("loops", value)?),
                "pipeline" => directive.pipeline = Some(self.text_of("pipeline", value)?.into()),
                other => warnings.push(self.unknown(key.span().start, other)),
            }
        }
        if directive.never && directive.eager {
            return Err(self.error(entry, "`never` and `eager` exclude each other"));
        }
        let pattern = pattern.ok_or_else(|| self.error(entry, "there is no `name`"))?;
        let origin = self.place(entry.span().start);
        Ok(Rule::new(pattern, directive, Some(origin)))
    }

    fn flag(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<bool, Error> {
        let flag = value.get_ref().as_bool();
        flag.ok_or_else(|| self.error(value, &format!("`{key}` is to be true or false")))
    }

    fn text_of<'v>(&self, key: &str, value: &'v Spanned<DeValue<'_>>) -> Result<&'v str, Error> {
        let text = value.get_ref().as_str();
        text.ok_or_else(|| self.error(value, &format!("`{key}` is to be a string")))
    }

    fn number(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Result<NonZeroU64, Error> {
        let digits = value.get_ref().as_integer();
        let number =
            digits.and_then(|digits| u64::from_str_radix(digits.as_str(), digits.radix()).ok());
        let number = number.and_then(NonZeroU64::new);
        number.ok_or_else(|| self.error(value, &format!("`{key}` is to be a number from 1")))
    }

    fn error(&self, value: &Spanned<DeValue<'_>>, reason: &str) -> Error {
        failure(self.path, self.line(value.span().start), reason)
    }

    fn unknown(&self, at: usize, key: &str) -> String {
        format!("{}: unknown key `{key}`", self.place(at))
    }

    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path.display(), self.line(at))
    }

    fn line(&self, at: usize) -> usize {
        1 + self
            .text
            .bytes()
            .take(at)
            .filter(|&byte| byte == b'\n')
            .count()
    }
}

/// `line` is 0 for what is wrong with the file as a whole.
fn failure(path: &Path, line: usize, reason: impl ToString) -> Error {
    Error::DirectivesFile {
        path: path.to_owned(),
        line,
        reason: reason.to_string(),
    }
}
