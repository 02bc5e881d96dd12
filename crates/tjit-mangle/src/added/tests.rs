//! Names of what the JIT adds.

use super::*;

#[test]
fn counters_are_named_and_read_back() {
    for (symbol, counter) in [
        ("foo", "foo.tjit.calls"),
        ("\u{1}raw", "\u{1}raw.tjit.calls"),
        ("foo.tjit.calls", "foo.tjit.calls.tjit.calls"),
    ] {
        assert_eq!(counter_name(symbol), counter);
        assert_eq!(counted_symbol(counter), Some(symbol));
    }
}

#[test]
fn other_names_are_not_counters() {
    for name in ["", "foo", ".tjit.calls", "foo.tjit.calls.1"] {
        assert_eq!(counted_symbol(name), None, "{name}");
    }
}
