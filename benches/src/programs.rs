//! C++ programs as bitcode.

use std::path::{Path, PathBuf};

use tjit_test_util::{Lang, bitcode_file, compile_to_bitcode, workspace_root};

/// As `tjit run` compiles C++ sources: all optimisation is left to the JIT.
const TJIT_FLAGS: [&str; 3] = ["-O2", "-Xclang", "-disable-llvm-passes"];

/// Bitcode that `lli` can run, which does not inline what must be inlined, and that any JIT may optimise.
const LLI_FLAGS: [&str; 2] = ["-Xclang", "-disable-O0-optnone"];

/// A program of `benches/programs` for the JIT.
///
/// # Panics
/// If it does not compile.
#[must_use]
pub fn bitcode(name: &str) -> Vec<u8> {
    compile_to_bitcode(&*source(name), Lang::Cxx, &TJIT_FLAGS)
}

/// A program of the workspace, by its path from the root, as a file that both `tjit` and `lli` run.
///
/// # Panics
/// If it does not compile.
#[must_use]
pub fn common_bitcode(path: &str) -> PathBuf {
    bitcode_file(&*workspace_root().join(path), Lang::Cxx, &LLI_FLAGS)
}

/// As [`common_bitcode`], with debug information (`-g`).
///
/// # Panics
/// If it does not compile.
#[must_use]
pub fn debug_bitcode(path: &str) -> PathBuf {
    let flags = [LLI_FLAGS[0], LLI_FLAGS[1], "-g"];
    bitcode_file(&*workspace_root().join(path), Lang::Cxx, &flags)
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("programs")
        .join(name)
}
