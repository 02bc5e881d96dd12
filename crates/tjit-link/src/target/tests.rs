//! Triples that name one system in different words.

use super::same_system;

#[test]
fn vendor_and_version_do_not_matter() {
    for (left, right) in [
        ("x86_64-pc-linux-gnu", "x86_64-unknown-linux-gnu"),
        ("arm64-apple-macosx15.0.0", "aarch64-apple-darwin24.1.0"),
        ("amd64-unknown-freebsd14.1", "x86_64-unknown-freebsd13"),
    ] {
        assert!(same_system(left, right), "{left} and {right}");
    }
}

#[test]
fn architecture_system_and_environment_matter() {
    for other in [
        "aarch64-unknown-linux-gnu",
        "i686-pc-linux-gnu",
        "x86_64-pc-linux-musl",
        "x86_64-pc-linux-gnux32",
        "x86_64-pc-windows-msvc",
        "x86_64-unknown-unknown",
    ] {
        assert!(!same_system("x86_64-pc-linux-gnu", other), "{other}");
    }
}
