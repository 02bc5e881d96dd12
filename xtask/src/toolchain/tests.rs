//! Which LLVM and which clang are taken, on machines of every kind.

use std::path::{Path, PathBuf};

use super::{Llvm, PREFIX_VAR, find_clang, find_cxx, find_lli, find_llvm, has_cxx_headers};
use crate::host::fake::FakeHost;

const QUESTION: &str = "--version --prefix --includedir --libdir";

/// A machine with an LLVM under `prefix` whose `llvm-config` is at `config`.
fn with_llvm(host: FakeHost, config: &str, prefix: &str, version: &str) -> FakeHost {
    host.with_program(
        config,
        QUESTION,
        &format!("{version}\n{prefix}\n{prefix}/include\n{prefix}/lib\n"),
    )
    .with_file(&format!("{prefix}/include/llvm-c/Core.h"))
    .with_file(&format!("{prefix}/lib/libLLVM.so"))
}

#[track_caller]
fn found(host: &FakeHost) -> Option<(PathBuf, String)> {
    match find_llvm(host) {
        Ok(llvm) => llvm.map(|llvm| (llvm.prefix, llvm.version)),
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn refused(host: &FakeHost) -> String {
    match find_llvm(host) {
        Ok(llvm) => panic!("found {llvm:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn nothing_installed() {
    assert_eq!(found(&FakeHost::default()), None);
}

#[test]
fn the_versioned_name_comes_before_the_plain_one() {
    let host = with_llvm(
        FakeHost::default(),
        "/usr/bin/llvm-config-22",
        "/usr/lib/llvm-22",
        "22.1.8",
    );
    let host = with_llvm(host, "/usr/bin/llvm-config", "/usr/local", "22.1.0");
    assert_eq!(
        found(&host),
        Some(("/usr/lib/llvm-22".into(), "22.1.8".into()))
    );
}

#[test]
fn another_version_in_the_path_is_passed_over() {
    let host = with_llvm(
        FakeHost::default(),
        "/usr/bin/llvm-config",
        "/usr/lib/llvm-14",
        "14.0.6",
    );
    assert_eq!(found(&host), None);
    let host = with_llvm(
        FakeHost::default(),
        "/usr/bin/llvm-config",
        "/usr",
        "22.1.8",
    );
    assert_eq!(found(&host), Some(("/usr".into(), "22.1.8".into())));
}

#[test]
fn homebrew_needs_no_search_path() {
    let brewed = "/opt/homebrew/opt/llvm@22";
    let host = FakeHost::default().with_program(
        "/usr/bin/brew",
        "--prefix llvm@22",
        "/opt/homebrew/opt/llvm@22\n",
    );
    assert_eq!(
        found(&host),
        None,
        "the directory is named even when the formula is not installed"
    );
    let host = with_llvm(host, &format!("{brewed}/bin/llvm-config"), brewed, "22.1.8");
    assert_eq!(found(&host), Some((brewed.into(), "22.1.8".into())));
}

#[test]
fn an_llvm_without_headers_or_shared_library_counts_as_missing() {
    let answer = "22.1.8\n/usr/lib/llvm-22\n/inc\n/lib\n";
    let host = FakeHost::default().with_program("/usr/bin/llvm-config-22", QUESTION, answer);
    assert_eq!(found(&host), None);
    let host = host.with_file("/inc/llvm-c/Core.h");
    assert_eq!(found(&host), None);
    assert!(found(&host.with_file("/lib/libLLVM.dylib")).is_some());
}

#[test]
fn the_variable_wins_over_the_path() {
    let host = with_llvm(
        FakeHost::default(),
        "/usr/bin/llvm-config-22",
        "/usr/lib/llvm-22",
        "22.1.8",
    );
    let host = with_llvm(host, "/opt/llvm/bin/llvm-config", "/opt/llvm", "22.1.9");
    assert_eq!(
        found(&host.with_var(PREFIX_VAR, "/opt/llvm")),
        Some(("/opt/llvm".into(), "22.1.9".into()))
    );
}

#[test]
fn a_variable_that_is_wrong_is_an_error_and_says_why() {
    let host = with_llvm(
        FakeHost::default(),
        "/usr/bin/llvm-config-22",
        "/usr/lib/llvm-22",
        "22.1.8",
    );
    let empty = refused(&host.with_var(PREFIX_VAR, "/opt/none"));
    assert!(
        empty.contains("/opt/none/bin/llvm-config does not run"),
        "{empty}"
    );
    let old = with_llvm(
        FakeHost::default(),
        "/opt/old/bin/llvm-config",
        "/opt/old",
        "21.1.0",
    );
    let old = refused(&old.with_var(PREFIX_VAR, "/opt/old"));
    assert!(
        old.contains("/opt/old/bin/llvm-config is version 21.1.0"),
        "{old}"
    );
}

fn llvm() -> Llvm {
    Llvm {
        prefix: "/p".into(),
        llvm_config: "/p/bin/llvm-config".into(),
        version: "22.1.8".into(),
    }
}

#[test]
fn clang_beside_llvm_comes_first_and_has_to_be_of_version_22() {
    let host = FakeHost::default()
        .with_program("/usr/bin/clang-22", "-dumpversion", "22.1.8\n")
        .with_file("/usr/bin/clang++-22");
    assert_eq!(
        find_clang(&host, Some(&llvm())),
        Some(("/usr/bin/clang-22".into(), "/usr/bin/clang++-22".into()))
    );
    assert_eq!(
        find_clang(&host, None),
        Some(("/usr/bin/clang-22".into(), "/usr/bin/clang++-22".into()))
    );
    let beside = host
        .with_program("/p/bin/clang", "-dumpversion", "22.1.8\n")
        .with_file("/p/bin/clang++");
    assert_eq!(
        find_clang(&beside, Some(&llvm())),
        Some(("/p/bin/clang".into(), "/p/bin/clang++".into()))
    );
    let old = FakeHost::default()
        .with_program("/usr/bin/clang", "-dumpversion", "14.0.6\n")
        .with_file("/usr/bin/clang++");
    assert_eq!(find_clang(&old, None), None);
}

#[test]
fn the_standard_library_is_probed_with_the_compiler_itself() {
    let clangxx = Path::new("/usr/bin/clang++-22");
    assert!(!has_cxx_headers(&FakeHost::default(), clangxx));
    let probe = "-x c++ -E -include cstddef /dev/null";
    assert!(has_cxx_headers(
        &FakeHost::default().with_program("/usr/bin/clang++-22", probe, ""),
        clangxx
    ));
}

#[test]
fn the_shim_compiler_follows_cxx() {
    assert_eq!(find_cxx(&FakeHost::default()), None);
    assert_eq!(
        find_cxx(&FakeHost::default().with_file("/usr/bin/c++")),
        Some("/usr/bin/c++".into())
    );
    let host = FakeHost::default()
        .with_file("/opt/clang++")
        .with_file("/usr/bin/g++");
    assert_eq!(
        find_cxx(&host.with_var("CXX", "/opt/clang++ -stdlib=libc++")),
        Some("/opt/clang++".into())
    );
    let host = FakeHost::default()
        .with_file("/usr/bin/g++")
        .with_var("CXX", "g++");
    assert_eq!(find_cxx(&host), Some("/usr/bin/g++".into()));
}

#[test]
fn lli_beside_llvm_or_versioned_in_the_path() {
    assert_eq!(find_lli(&FakeHost::default(), Some(&llvm())), None);
    assert_eq!(
        find_lli(&FakeHost::default().with_file("/p/bin/lli"), Some(&llvm())),
        Some("/p/bin/lli".into())
    );
    assert_eq!(
        find_lli(&FakeHost::default().with_file("/usr/bin/lli-22"), None),
        Some("/usr/bin/lli-22".into())
    );
}
