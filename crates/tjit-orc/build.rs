//! Compiles the C++ shim with the flags of the LLVM that llvm-sys links.

use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=shim");
    println!("cargo::rerun-if-env-changed=LLVM_SYS_221_PREFIX");

    // llvm-sys (`links = "llvm-22"`) tells its dependants which llvm-config it chose.
    let llvm_config = std::env::var_os("DEP_LLVM_22_CONFIG_PATH")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from("llvm-config-22"));
    let output = Command::new(&llvm_config)
        .arg("--cxxflags")
        .output()
        .unwrap_or_else(|error| panic!("running `{}`: {error}", llvm_config.display()));
    assert!(
        output.status.success(),
        "`{}` failed",
        llvm_config.display()
    );
    let flags = String::from_utf8(output.stdout).expect("llvm-config prints UTF-8");

    let mut build = cc::Build::new();
    build
        .cpp(true)
        .files([
            "shim/aliases.cpp",
            "shim/clone.cpp",
            "shim/define.cpp",
            "shim/fold.cpp",
            "shim/labels.cpp",
            "shim/passes.cpp",
            "shim/slice.cpp",
            "shim/subtarget.cpp",
            "shim/thread_local.cpp",
        ])
        .opt_level(2)
        .warnings(true);
    if std::env::var_os("CARGO_FEATURE_FAILPOINTS").is_some() {
        build.file("shim/link_faults.cpp");
    }
    for flag in flags.split_whitespace() {
        match flag.strip_prefix("-I") {
            // LLVM's own headers are not warning-free under -Wall -Wextra.
            Some(include) => build.flag("-isystem").flag(include),
            None => build.flag(flag),
        };
    }
    // LLVM keeps operands in front of the objects that have them, which gcc takes for indices below zero.
    build.flag_if_supported("-Wno-array-bounds");
    // LLVM is built without RTTI, and classes that derive from its own must be as well.
    build.flag("-fno-rtti").compile("tjit_orc_shim");
}
