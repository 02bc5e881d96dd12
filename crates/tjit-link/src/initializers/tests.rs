//! Which initialisers run.

use super::prevailing;
use crate::called::{Entry, Order};
use crate::resolve::Owner;

fn entry(function: &str, associated: Option<&str>) -> Entry {
    let associated = associated.map(str::to_owned);
    Entry {
        order: Order::Default,
        function: function.to_owned(),
        associated,
    }
}

#[test]
fn an_initializer_goes_with_its_variable() {
    let entries = [
        entry("always", None),
        entry("here", Some("here")),
        entry("there", Some("there")),
        entry("host", Some("host")),
    ];
    let owner = |name: &str| match name {
        "here" => Some(Owner::Program(1)),
        "there" => Some(Owner::Program(0)),
        _ => Some(Owner::Host(0x1000)),
    };
    let symbols: Vec<_> = prevailing(1, &entries, owner)
        .into_iter()
        .map(|i| i.function.clone())
        .collect();
    assert_eq!(symbols, ["always", "here"]);
}
