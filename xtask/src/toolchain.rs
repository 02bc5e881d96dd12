//! Finding LLVM 22, clang 22 and the other programs a build needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::host::Host;

#[cfg(test)]
mod tests;

/// The LLVM this workspace is written against; llvm-sys is pinned to the same one.
pub(crate) const LLVM_MAJOR: &str = "22";

/// The variable through which llvm-sys learns where LLVM is.
pub(crate) const PREFIX_VAR: &str = "LLVM_SYS_221_PREFIX";

/// An LLVM with headers and shared library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Llvm {
    pub(crate) prefix: PathBuf,
    pub(crate) llvm_config: PathBuf,
    pub(crate) version: String,
}

/// Everything a build and a run of the workspace use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    pub(crate) llvm: Llvm,
    pub(crate) clang: PathBuf,
    pub(crate) clangxx: PathBuf,
}

impl Toolchain {
    /// Tells a child process, and the cargo processes below it, which LLVM to use.
    pub(crate) fn export<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(PREFIX_VAR, &self.llvm.prefix)
    }
}

/// Looks for LLVM where the user says it is, or else where distributions put it.
///
/// # Errors
///
/// When [`PREFIX_VAR`] is set to something else than a usable LLVM 22: the user's word is not overruled silently.
pub(crate) fn find_llvm(host: &dyn Host) -> Result<Option<Llvm>> {
    if let Some(prefix) = host.var(PREFIX_VAR) {
        let config = Path::new(&prefix).join("bin/llvm-config");
        return match inspect(host, &config) {
            Ok(llvm) => Ok(Some(Llvm {
                prefix: prefix.into(),
                ..llvm
            })),
            Err(why) => Err(Error::new(format!(
                "{PREFIX_VAR}={prefix} is not LLVM {LLVM_MAJOR}: {why}; set it right or unset it"
            ))),
        };
    }
    let in_path = [
        format!("llvm-config-{LLVM_MAJOR}"),
        "llvm-config".to_owned(),
    ];
    let candidates = in_path.iter().filter_map(|name| host.which(name));
    let brewed = brew_prefix(host).map(|prefix| prefix.join("bin/llvm-config"));
    Ok(candidates
        .chain(brewed)
        .find_map(|config| inspect(host, &config).ok()))
}

/// Where Homebrew has LLVM 22, whether or not it is linked into the search path.
fn brew_prefix(host: &dyn Host) -> Option<PathBuf> {
    let brew = host.which("brew")?;
    let prefix = host.output(&brew, &["--prefix", &format!("llvm@{LLVM_MAJOR}")])?;
    Some(PathBuf::from(prefix.trim()))
}

/// Asks one `llvm-config`; the error says what is wrong with this LLVM.
fn inspect(host: &dyn Host, config: &Path) -> Result<Llvm, String> {
    let shown = config.display();
    let answer = host
        .output(
            config,
            &["--version", "--prefix", "--includedir", "--libdir"],
        )
        .ok_or_else(|| format!("{shown} does not run"))?;
    let [version, prefix, include, lib] = answer.lines().collect::<Vec<_>>()[..] else {
        return Err(format!("{shown} printed something unexpected"));
    };
    if version.split('.').next() != Some(LLVM_MAJOR) {
        return Err(format!("{shown} is version {version}"));
    }
    if !host.exists(&Path::new(include).join("llvm-c/Core.h")) {
        return Err(format!("no headers in {include}"));
    }
    let shared = ["libLLVM.so", "libLLVM.dylib", "LLVM-C.dll"];
    if !shared
        .iter()
        .any(|name| host.exists(&Path::new(lib).join(name)))
    {
        return Err(format!("no shared library in {lib}"));
    }
    Ok(Llvm {
        prefix: prefix.into(),
        llvm_config: config.into(),
        version: version.into(),
    })
}

/// clang and clang++ of the LLVM we found, by preference those beside it.
pub(crate) fn find_clang(host: &dyn Host, llvm: Option<&Llvm>) -> Option<(PathBuf, PathBuf)> {
    let beside = llvm.map(|llvm| {
        (
            llvm.prefix.join("bin/clang"),
            llvm.prefix.join("bin/clang++"),
        )
    });
    let versioned = pair_in_path(host, &format!("-{LLVM_MAJOR}"));
    let plain = pair_in_path(host, "");
    [beside, versioned, plain]
        .into_iter()
        .flatten()
        .find(|(clang, clangxx)| {
            host.exists(clangxx)
                && host
                    .output(clang, &["-dumpversion"])
                    .is_some_and(|version| version.split('.').next() == Some(LLVM_MAJOR))
        })
}

fn pair_in_path(host: &dyn Host, suffix: &str) -> Option<(PathBuf, PathBuf)> {
    Some((
        host.which(&format!("clang{suffix}"))?,
        host.which(&format!("clang++{suffix}"))?,
    ))
}

/// Whether clang++ finds a C++ standard library: clang alone brings none.
pub(crate) fn has_cxx_headers(host: &dyn Host, clangxx: &Path) -> bool {
    let null = if cfg!(windows) { "NUL" } else { "/dev/null" };
    host.output(clangxx, &["-x", "c++", "-E", "-include", "cstddef", null])
        .is_some()
}

/// The C++ compiler the `cc` crate will take for the shim.
pub(crate) fn find_cxx(host: &dyn Host) -> Option<PathBuf> {
    match host.var("CXX") {
        Some(cxx) => {
            let program = cxx.split_whitespace().next()?.to_owned();
            host.which(&program)
                .or_else(|| Some(PathBuf::from(program)).filter(|file| host.exists(file)))
        }
        None => host.which("c++"),
    }
}

/// LLVM's own way to run bitcode, which the benchmarks compare with.
pub(crate) fn find_lli(host: &dyn Host, llvm: Option<&Llvm>) -> Option<PathBuf> {
    let beside = llvm
        .map(|llvm| llvm.prefix.join("bin/lli"))
        .filter(|lli| host.exists(lli));
    beside.or_else(|| host.which(&format!("lli-{LLVM_MAJOR}")))
}

/// Debian's aarch64 cross compiler.
pub(crate) fn find_cross_gcc(host: &dyn Host) -> Option<PathBuf> {
    host.which(CROSS_GCC)
}

/// The emulator the cross tests run under.
pub(crate) fn find_qemu(host: &dyn Host) -> Option<PathBuf> {
    host.which("qemu-aarch64")
}

/// The linker for aarch64, and where Debian puts the C library for it.
pub(crate) const CROSS_GCC: &str = "aarch64-linux-gnu-gcc";
pub(crate) const CROSS_SYSROOT: &str = "/usr/aarch64-linux-gnu";
