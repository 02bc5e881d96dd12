//! Suffixes, there and back.

use super::{suffix, unpromoted};

#[test]
fn a_suffix_depends_on_the_contents_and_on_nothing_else() {
    assert_eq!(suffix(b"a", 0), suffix(b"a", 0));
    assert_ne!(suffix(b"a", 0), suffix(b"b", 0));
    assert_ne!(suffix(b"a", 0), suffix(b"a", 1));
}

#[test]
fn promotion_is_undone() {
    for copy in [0, 1, 41] {
        let promoted = format!("count.7{}", suffix(b"module", copy));
        assert_eq!(unpromoted(&promoted), Some("count.7"), "{promoted}");
    }
}

#[test]
fn other_names_are_left_alone() {
    for name in [
        "",
        "main",
        "count.7",
        ".0123456789abcdef0123456789abcdef",
        "f.0123.2",
        "f.part.0",
        "3.4.5",
    ] {
        assert_eq!(unpromoted(name), None, "{name}");
    }
}
