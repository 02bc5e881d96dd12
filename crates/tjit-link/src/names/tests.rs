//! Suffixes, there and back.

use super::{checked, hash, suffix, unpromoted};

#[test]
fn a_suffix_depends_on_the_contents_and_on_nothing_else() {
    assert_eq!(suffix(&hash(&[b'a'; 32]), 0), suffix(&hash(&[b'a'; 32]), 0));
    assert_ne!(suffix(&hash(&[b'a'; 32]), 0), suffix(&hash(&[b'b'; 32]), 0));
    assert_ne!(suffix(&hash(&[b'a'; 32]), 0), suffix(&hash(&[b'a'; 32]), 1));
}

#[test]
fn promotion_is_undone() {
    for copy in [0, 1, 41] {
        let promoted = format!("count.7{}", suffix(&hash(&[7; 32]), copy));
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

// As only bitcode can have them: the parser of text refuses some.
#[test]
fn names_are_text_without_nul() {
    assert_eq!(checked(b"f".to_vec(), "t.bc"), Ok("f".to_owned()));
    for (name, message) in [
        (
            &b"a\0b"[..],
            "linking `t.bc`: symbol `a\\0b`: NUL byte at offset 1",
        ),
        (
            b"\xff",
            "linking `t.bc`: symbol `\u{fffd}`: it is not UTF-8",
        ),
        (
            b"\x01",
            "linking `t.bc`: symbol `\\u{1}`: there is nothing behind the `\\01` escape",
        ),
    ] {
        let error = checked(name.to_vec(), "t.bc").expect_err("no linker takes it");
        assert_eq!(error.to_string(), message);
    }
}
