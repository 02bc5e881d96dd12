//! What would be installed, on machines of every kind.

use super::{BENCH, BUILD, CROSS, Manager, Need, install, missing, plan};
use crate::host::fake::FakeHost;

/// A Debian with everything: each piece can be left out by its name.
fn debian(without: &[&str]) -> FakeHost {
    let has = |name: &str| !without.contains(&name);
    let mut host = FakeHost::default();
    if has("llvm") {
        let question = "--version --prefix --includedir --libdir";
        host = host
            .with_program(
                "/usr/bin/llvm-config-22",
                question,
                "22.1.8\n/p\n/p/include\n/p/lib\n",
            )
            .with_file("/p/include/llvm-c/Core.h")
            .with_file("/p/lib/libLLVM.so");
    }
    if has("clang") {
        host = host
            .with_program("/usr/bin/clang-22", "-dumpversion", "22.1.8")
            .with_file("/usr/bin/clang++-22");
    }
    if has("headers") {
        host = host.with_program(
            "/usr/bin/clang++-22",
            "-x c++ -E -include cstddef /dev/null",
            "",
        );
    }
    for (name, file) in [
        ("g++", "c++"),
        ("lli", "lli-22"),
        ("gcc", "aarch64-linux-gnu-gcc"),
        ("qemu", "qemu-aarch64"),
    ] {
        if has(name) {
            host = host.with_file(&format!("/usr/bin/{file}"));
        }
    }
    host
}

#[track_caller]
fn check_missing(without: &[&str], needs: &[Need], expected: &[Need]) {
    match missing(&debian(without), needs) {
        Ok(missing) => assert_eq!(missing, expected, "without {without:?}"),
        Err(error) => panic!("without {without:?}: {error}"),
    }
}

#[test]
fn only_what_is_missing_is_named() {
    check_missing(&[], BENCH, &[]);
    check_missing(&[], CROSS, &[]);
    check_missing(&["lli"], BUILD, &[]);
    check_missing(&["lli"], BENCH, &[Need::Lli]);
    check_missing(&["llvm"], BUILD, &[Need::Llvm]);
    check_missing(&["headers"], BUILD, &[Need::CxxHeaders]);
    check_missing(&["clang", "headers"], BUILD, &[Need::Clang]);
    check_missing(
        &["llvm", "clang", "headers", "g++", "lli"],
        BENCH,
        &[Need::Llvm, Need::Clang, Need::CxxCompiler, Need::Lli],
    );
    check_missing(&["qemu"], CROSS, &[Need::Emulator]);
}

#[track_caller]
fn lines(missing: &[Need], manager: Manager) -> Vec<String> {
    match plan(missing, manager) {
        Ok(commands) => commands.iter().map(|words| words.join(" ")).collect(),
        Err(error) => panic!("{error}"),
    }
}

const APT: &str =
    "env DEBIAN_FRONTEND=noninteractive apt-get --quiet --option DPkg::Lock::Timeout=600";

#[test]
fn apt_updates_first_and_names_each_package_once() {
    let needs = [Need::Clang, Need::CxxCompiler, Need::CxxHeaders];
    let expected = [
        format!("{APT} update"),
        format!("{APT} --yes --no-install-recommends install clang-22 g++"),
    ];
    assert_eq!(lines(&needs, Manager::Apt { sudo: false }), expected);
    let sudo = expected.map(|line| format!("sudo -n {line}"));
    assert_eq!(lines(&needs, Manager::Apt { sudo: true }), sudo);
}

#[test]
fn apt_installs_what_linking_needs_with_llvm() {
    let install = lines(&[Need::Llvm], Manager::Apt { sudo: false }).pop();
    let packages = "llvm-22-dev libpolly-22-dev libzstd-dev zlib1g-dev libxml2-dev libffi-dev";
    assert!(install.is_some_and(|line| line.ends_with(&format!(" install {packages}"))));
}

#[test]
fn homebrew_installs_one_formula() {
    assert_eq!(
        lines(&[Need::Llvm, Need::Clang, Need::Lli], Manager::Brew),
        ["brew install llvm@22"]
    );
}

#[test]
fn where_nothing_can_be_installed_the_packages_are_named() {
    let everything = [Need::Llvm, Need::Clang, Need::CxxCompiler];
    for manager in [Manager::Unknown, Manager::AptWithoutRights, Manager::Brew] {
        let message = plan(&everything, manager)
            .map_err(|error| error.to_string())
            .err()
            .unwrap_or_default();
        for part in [
            "LLVM 22",
            "llvm-22-dev",
            "clang-22",
            "g++",
            "brew install llvm@22",
            "LLVM_SYS_221_PREFIX",
        ] {
            assert!(
                message.contains(part),
                "{manager:?}: no {part} in: {message}"
            );
        }
    }
}

#[test]
fn the_manager_and_the_right_to_use_it() {
    let apt = || FakeHost::default().with_file("/usr/bin/apt-get");
    let root = apt().with_program("id", "-u", "0\n");
    assert_eq!(Manager::detect(&root), Manager::Apt { sudo: false });
    let user = apt().with_program("id", "-u", "1000\n");
    assert_eq!(Manager::detect(&user), Manager::AptWithoutRights);
    let asks = apt()
        .with_program("id", "-u", "1000\n")
        .with_file("/usr/bin/sudo");
    assert_eq!(Manager::detect(&asks), Manager::AptWithoutRights);
    let sudoer =
        apt()
            .with_program("id", "-u", "1000\n")
            .with_program("/usr/bin/sudo", "-n true", "");
    assert_eq!(Manager::detect(&sudoer), Manager::Apt { sudo: true });
    assert_eq!(
        Manager::detect(&FakeHost::default().with_file("/usr/bin/brew")),
        Manager::Brew
    );
    assert_eq!(Manager::detect(&FakeHost::default()), Manager::Unknown);
}

#[test]
fn only_the_last_command_has_to_succeed() {
    let command = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
    assert!(install(&[]).is_ok());
    assert!(install(&[command("exit 1"), command("exit 0")]).is_ok());
    let message =
        install(&[command("exit 0"), command("exit 3")]).map_err(|error| error.to_string());
    assert_eq!(
        message,
        Err("`sh -c exit 3` ended with exit status: 3".into())
    );
}
