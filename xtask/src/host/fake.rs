//! A machine made of tables, for tests of the probes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Host;

/// A machine made of tables.
#[derive(Debug, Default)]
pub(crate) struct FakeHost {
    pub(crate) vars: BTreeMap<String, String>,
    pub(crate) files: BTreeSet<PathBuf>,
    pub(crate) outputs: BTreeMap<String, String>,
}

impl FakeHost {
    /// Sets an environment variable.
    pub(crate) fn with_var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }

    /// Adds a file; those in `/usr/bin` are in the search path.
    pub(crate) fn with_file(mut self, path: &str) -> Self {
        self.files.insert(path.into());
        self
    }

    /// Adds a program that prints `output` when it is started with `args`.
    pub(crate) fn with_program(mut self, path: &str, args: &str, output: &str) -> Self {
        self.outputs
            .insert(format!("{path} {args}").trim().into(), output.into());
        self.with_file(path)
    }
}

impl Host for FakeHost {
    fn var(&self, name: &str) -> Option<String> {
        self.vars.get(name).cloned()
    }

    fn which(&self, program: &str) -> Option<PathBuf> {
        let file = Path::new("/usr/bin").join(program);
        self.files.contains(&file).then_some(file)
    }

    fn exists(&self, path: &Path) -> bool {
        self.files.contains(path)
    }

    fn output(&self, program: &Path, args: &[&str]) -> Option<String> {
        let line = format!("{} {}", program.display(), args.join(" "));
        self.outputs.get(line.trim()).cloned()
    }
}
