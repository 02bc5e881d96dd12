//! Programs from text, and what is in the modules that come out.

use std::collections::HashMap;
use std::sync::Arc;

use tjit_link::{HostSymbols, LinkError, Linked, Program};
use tjit_orc::{ThreadSafeContext, ThreadSafeModule};

/// A host with some symbols.
#[derive(Debug, Default)]
pub(crate) struct Host(pub(crate) HashMap<&'static str, u64>);

impl HostSymbols for Host {
    fn find(&self, linker_name: &str) -> Option<u64> {
        self.0.get(linker_name).copied()
    }
}

/// A host that has every symbol with one of these names.
pub(crate) fn host(names: &[&'static str]) -> Arc<dyn HostSymbols> {
    Arc::new(Host(
        names
            .iter()
            .zip(1..)
            .map(|(&name, number)| (name, number * 0x1000))
            .collect(),
    ))
}

/// Each text parsed in a context of its own, as `0.ll`, `1.ll` and so on.
#[track_caller]
pub(crate) fn parse(texts: &[&str]) -> Vec<ThreadSafeModule> {
    let parse = |(number, text): (usize, &&str)| {
        ThreadSafeContext::new()
            .parse(&format!("{number}.ll"), text.as_bytes())
            .expect("the test's IR parses")
    };
    texts.iter().enumerate().map(parse).collect()
}

/// Links texts into a new program.
#[track_caller]
pub(crate) fn try_link(
    host: Arc<dyn HostSymbols>,
    texts: &[&str],
) -> Result<(Program, Linked), LinkError> {
    let mut program = Program::new(host);
    let linked = program.link(parse(texts))?;
    for data in &linked.data {
        data.ir.verify().expect("data modules are valid");
    }
    Ok((program, linked))
}

#[track_caller]
pub(crate) fn link(texts: &[&str]) -> (Program, Linked) {
    try_link(Arc::new(()), texts).expect("the test's program links")
}

/// The error of linking texts, after checking that nothing of them is in the program.
#[track_caller]
pub(crate) fn link_error(texts: &[&str]) -> LinkError {
    let mut program = Program::new(Arc::new(()));
    let error = program
        .link(parse(texts))
        .expect_err("the test's program must not link");
    assert_eq!(program.functions().count(), 0);
    error
}

/// The module as text, verified.
#[track_caller]
pub(crate) fn text(module: &ThreadSafeModule) -> String {
    let text = module.with_module(|module| module.print_to_string().to_string());
    if let Err(error) = module.verify() {
        panic!("{error}\n{text}");
    }
    text
}

/// The line that defines or declares `symbol`.
#[track_caller]
pub(crate) fn line<'t>(text: &'t str, symbol: &str) -> &'t str {
    let is_of = |line: &&str| {
        let start = line
            .split_once('@')
            .map(|(start, rest)| (start, rest.trim_start_matches('"')));
        start.is_some_and(|(start, rest)| {
            (start.is_empty() || start.starts_with("define") || start.starts_with("declare"))
                && rest
                    .strip_prefix(symbol)
                    .is_some_and(|rest| rest.starts_with([' ', '(', '"']))
        })
    };
    text.lines()
        .find(is_of)
        .unwrap_or_else(|| panic!("no `{symbol}` in\n{text}"))
}

/// The name that the local `name` has in the program.
#[track_caller]
pub(crate) fn promoted(text: &str, name: &str) -> String {
    let start = text
        .find(&format!("@{name}."))
        .unwrap_or_else(|| panic!("no `{name}.…` in\n{text}"));
    let rest = &text[start + 1..];
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '$'))
        .unwrap_or(rest.len());
    rest[..end].to_owned()
}
