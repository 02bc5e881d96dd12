//! When and how the cross tests run.

use super::{CRATES, CrossStd, cross_test, short};
use crate::host::fake::FakeHost;
use crate::sh::show;

fn with_tools() -> FakeHost {
    FakeHost::default()
        .with_file("/usr/bin/aarch64-linux-gnu-gcc")
        .with_file("/usr/bin/qemu-aarch64")
}

#[test]
fn an_installed_standard_library_needs_no_nightly() {
    let host = FakeHost::default()
        .with_program("rustc", "--print sysroot", "/rust\n")
        .with_program("rustc", "+nightly --print sysroot", "/nightly\n")
        .with_file("/nightly/lib/rustlib/src/rust/library/Cargo.lock");
    assert_eq!(CrossStd::find(&host), Some(CrossStd::BuildStd));
    let host = host.with_file("/rust/lib/rustlib/aarch64-unknown-linux-gnu/lib");
    assert_eq!(CrossStd::find(&host), Some(CrossStd::Installed));
    assert_eq!(CrossStd::find(&FakeHost::default()), None);
}

#[test]
fn a_skipped_run_says_what_is_missing() {
    let reason = |host| short(&host).err().unwrap_or_default();
    assert!(reason(FakeHost::default()).contains("the aarch64 cross compiler"));
    assert!(reason(with_tools()).contains("rust-src"));
}

#[test]
fn nightly_builds_its_own_standard_library() {
    let line = show(&cross_test(CrossStd::BuildStd, CRATES));
    assert!(
        line.starts_with("cargo +nightly test -Zbuild-std --target aarch64-unknown-linux-gnu"),
        "{line}"
    );
    assert!(
        line.ends_with("--package tjit-stubs --package tjit-mangle"),
        "{line}"
    );
}
