//! Which initialisers run.

use super::prevailing;
use crate::resolve::Owner;

fn entry(function: &str, associated: Option<&str>) -> tjit_orc::Initializer {
    let associated = associated.map(str::to_owned);
    tjit_orc::Initializer {
        priority: 65535,
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
        .map(|i| i.symbol)
        .collect();
    assert_eq!(symbols, ["always", "here"]);
}
