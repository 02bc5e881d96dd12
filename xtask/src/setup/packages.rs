//! What each need is called by the package managers.

use std::path::Path;

use crate::host::Host;

/// Something a command cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// LLVM 22 with headers and shared library.
    Llvm,
    /// clang and clang++ 22.
    Clang,
    /// A C++ compiler for the shim.
    CxxCompiler,
    /// A C++ standard library that clang++ finds.
    CxxHeaders,
    /// LLVM's interpreter and JIT, to compare with.
    Lli,
    /// A C compiler for aarch64, to link with.
    CrossCompiler,
    /// An emulator of aarch64 processes.
    Emulator,
}

impl Need {
    /// In words.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Llvm => "LLVM 22 (headers and shared library)",
            Self::Clang => "clang 22",
            Self::CxxCompiler => "a C++ compiler",
            Self::CxxHeaders => "the C++ standard library for clang++",
            Self::Lli => "lli 22",
            Self::CrossCompiler => "the aarch64 cross compiler",
            Self::Emulator => "qemu for aarch64",
        }
    }

    /// Debian's packages.
    fn debs(self) -> &'static [&'static str] {
        match self {
            // The last five are what linking LLVM statically asks for.
            Self::Llvm => &[
                "llvm-22-dev",
                "libpolly-22-dev",
                "libzstd-dev",
                "zlib1g-dev",
                "libxml2-dev",
                "libffi-dev",
            ],
            Self::Clang => &["clang-22"],
            Self::CxxCompiler | Self::CxxHeaders => &["g++"],
            Self::Lli => &["llvm-22-runtime"],
            Self::CrossCompiler => &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
            Self::Emulator => &["qemu-user"],
        }
    }

    /// Homebrew's formula; the C++ compiler and its library come with Apple's tools instead.
    pub(crate) fn brew_formula(self) -> Option<&'static str> {
        match self {
            Self::Llvm | Self::Clang | Self::Lli => Some("llvm@22"),
            Self::CxxCompiler | Self::CxxHeaders | Self::CrossCompiler | Self::Emulator => None,
        }
    }
}

/// Who installs packages here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    Apt { sudo: bool },
    AptWithoutRights,
    Brew,
    Unknown,
}

impl Manager {
    /// Finds the package manager and the right to use it, without asking anybody for a password.
    pub(crate) fn detect(host: &dyn Host) -> Self {
        if host.which("apt-get").is_some() {
            let root = host
                .output(Path::new("id"), &["-u"])
                .is_some_and(|id| id.trim() == "0");
            let sudo = || {
                host.which("sudo")
                    .is_some_and(|sudo| host.output(&sudo, &["-n", "true"]).is_some())
            };
            return match root {
                true => Self::Apt { sudo: false },
                false if sudo() => Self::Apt { sudo: true },
                false => Self::AptWithoutRights,
            };
        }
        if host.which("brew").is_some() {
            Self::Brew
        } else {
            Self::Unknown
        }
    }
}

/// Debian packages for `needs`, each once.
pub(crate) fn for_apt(needs: &[Need]) -> Vec<&'static str> {
    unique(needs.iter().flat_map(|need| need.debs().iter().copied()))
}

/// Homebrew formulae for `needs`, each once.
pub(crate) fn for_brew(needs: &[Need]) -> Vec<&'static str> {
    unique(needs.iter().filter_map(|need| need.brew_formula()))
}

fn unique(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// `apt-get update`, then `apt-get install`; never asks, and waits for another apt to finish.
pub(crate) fn apt_commands(needs: &[Need], sudo: bool) -> Vec<Vec<String>> {
    let prefix: &[&str] = if sudo { &["sudo", "-n"] } else { &[] };
    let apt = [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "--quiet",
        "--option",
        "DPkg::Lock::Timeout=600",
    ];
    let apt = || prefix.iter().chain(&apt).copied();
    let update = apt().chain(["update"]);
    let install = apt()
        .chain(["--yes", "--no-install-recommends", "install"])
        .chain(for_apt(needs));
    vec![
        update.map(str::to_owned).collect(),
        install.map(str::to_owned).collect(),
    ]
}

/// `brew install`.
pub(crate) fn brew_commands(needs: &[Need]) -> Vec<Vec<String>> {
    vec![
        ["brew", "install"]
            .into_iter()
            .chain(for_brew(needs))
            .map(str::to_owned)
            .collect(),
    ]
}
