//! Rules about which crate may know which: read from `cargo metadata`, not from the manifests' text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Problem;
use crate::error::{Context, Error, Result};
use crate::sh;

#[cfg(test)]
mod tests;

/// The crates we ship, top row first: a crate may depend on those below it only.
const ROWS: &[&str] = &[
    "tjit-cli",
    "tjit-capi",
    "tiered-jit",
    "tjit-instrument",
    "tjit-reopt",
    "tjit-link",
    "tjit-compile-layer",
    "tjit-orc",
    "tjit-stubs",
    "tjit-runtime",
    "tjit-mangle",
    "tjit-failpoint",
];

/// Crates for ourselves: they may know everything, nothing we ship may know them.
const DEV: &[&str] = &["tjit-filetests", "tjit-test-util", "tjit-benches", "xtask"];

/// Crates that build on a machine without LLVM.
const NO_LLVM: &[&str] = &[
    "tjit-failpoint",
    "tjit-mangle",
    "tjit-stubs",
    "tjit-runtime",
    "xtask",
];

/// What linking LLVM looks like in a dependency tree, and the one crate that names it.
const LLVM: &str = "llvm-sys";
const LLVM_CRATE: &str = "tjit-orc";

/// Who depends on whom.
#[derive(Debug, Default)]
struct Graph {
    members: BTreeSet<String>,
    /// Normal and build dependencies: what users get.
    shipped: BTreeMap<String, BTreeSet<String>>,
    /// The dependencies of tests.
    dev: BTreeMap<String, BTreeSet<String>>,
}

/// Every broken rule about dependencies.
pub(super) fn check() -> Result<Vec<Problem>> {
    let mut cargo = sh::cargo(&["metadata", "--format-version=1", "--quiet"]);
    let output = cargo
        .output()
        .context(|| "starting `cargo metadata`".to_owned())?;
    if !output.status.success() {
        return Err(Error::new(format!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    let metadata =
        serde_json::from_slice(&output.stdout).context(|| "reading `cargo metadata`".to_owned())?;
    let graph =
        Graph::read(&metadata).ok_or_else(|| Error::new("`cargo metadata` has an unknown form"))?;
    Ok(graph.check())
}

impl Graph {
    fn read(metadata: &Value) -> Option<Self> {
        let packages = metadata["packages"].as_array()?;
        let named = |package: &Value| {
            Some((
                package["id"].as_str()?.to_owned(),
                package["name"].as_str()?.to_owned(),
            ))
        };
        let names: BTreeMap<String, String> = packages.iter().filter_map(named).collect();
        let name = |id: &Value| names.get(id.as_str()?).cloned();
        let mut graph = Self {
            members: metadata["workspace_members"]
                .as_array()?
                .iter()
                .filter_map(name)
                .collect(),
            ..Self::default()
        };
        for node in metadata["resolve"]["nodes"].as_array()? {
            let from = name(&node["id"])?;
            for dep in node["deps"].as_array()? {
                let to = name(&dep["pkg"])?;
                let is_dev = |kind: &Value| kind["kind"] == "dev";
                let (dev, shipped): (Vec<_>, Vec<_>) = dep["dep_kinds"]
                    .as_array()?
                    .iter()
                    .partition(|kind| is_dev(kind));
                if !shipped.is_empty() {
                    graph
                        .shipped
                        .entry(from.clone())
                        .or_default()
                        .insert(to.clone());
                }
                if !dev.is_empty() {
                    graph.dev.entry(from.clone()).or_default().insert(to);
                }
            }
        }
        Some(graph)
    }

    fn check(&self) -> Vec<Problem> {
        let found = [
            self.unknown_members(),
            self.direction(),
            self.llvm_free(),
            self.llvm_named(),
        ]
        .concat();
        let problem = |(name, message): (String, String)| Problem {
            path: name,
            line: 0,
            message,
        };
        found.into_iter().map(problem).collect()
    }

    fn unknown_members(&self) -> Vec<(String, String)> {
        let unknown = self
            .members
            .iter()
            .filter(|name| !ROWS.contains(&name.as_str()) && !DEV.contains(&name.as_str()));
        unknown
            .map(|name| (name.clone(), "has no row in the table of crates".to_owned()))
            .collect()
    }

    /// Arrows point down.
    fn direction(&self) -> Vec<(String, String)> {
        let row = |name: &str| ROWS.iter().position(|&other| other == name);
        let mut found = Vec::new();
        for (from, to) in self
            .shipped
            .iter()
            .flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
        {
            if !self.members.contains(from) || !self.members.contains(to) {
                continue;
            }
            let wrong = match (row(from), row(to)) {
                (Some(from), Some(to)) => to <= from,
                (Some(_), None) => true,
                (None, _) => from == "xtask",
            };
            if wrong {
                found.push((from.clone(), format!("must not depend on {to}")));
            }
        }
        found
    }

    fn llvm_free(&self) -> Vec<(String, String)> {
        let linking = NO_LLVM.iter().filter(|name| self.reaches(name, LLVM));
        linking
            .map(|&name| (name.to_owned(), "depends on LLVM".to_owned()))
            .collect()
    }

    fn llvm_named(&self) -> Vec<(String, String)> {
        let names_it = |all: &BTreeMap<String, BTreeSet<String>>, name: &str| {
            all.get(name).is_some_and(|to| to.contains(LLVM))
        };
        let others = self.members.iter().filter(|name| *name != LLVM_CRATE);
        let naming =
            others.filter(|name| names_it(&self.shipped, name) || names_it(&self.dev, name));
        naming
            .map(|name| {
                (
                    name.clone(),
                    format!("names {LLVM}; only {LLVM_CRATE} does"),
                )
            })
            .collect()
    }

    /// Whether what users get of `from` contains `to`.
    fn reaches(&self, from: &str, to: &str) -> bool {
        let (mut seen, mut todo) = (BTreeSet::new(), vec![from]);
        while let Some(name) = todo.pop() {
            if name == to {
                return true;
            }
            if seen.insert(name) {
                todo.extend(
                    self.shipped
                        .get(name)
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                );
            }
        }
        false
    }
}
