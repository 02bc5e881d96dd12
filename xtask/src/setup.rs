//! `setup`: installs what is missing, says nothing when nothing is.

mod packages;

use std::process::{Command, ExitCode};

use crate::error::{Error, Result};
use crate::host::{Host, Machine};
use crate::sh;
use crate::toolchain::{self, Toolchain};

pub(crate) use packages::{Manager, Need};

#[cfg(test)]
mod tests;

/// What every command that builds something needs.
pub(crate) const BUILD: &[Need] = &[Need::Llvm, Need::Clang, Need::CxxCompiler, Need::CxxHeaders];
/// What the benchmarks and the whole test run need.
pub(crate) const BENCH: &[Need] = &[
    Need::Llvm,
    Need::Clang,
    Need::CxxCompiler,
    Need::CxxHeaders,
    Need::Lli,
];
/// What the cross tests need.
pub(crate) const CROSS: &[Need] = &[Need::CrossCompiler, Need::Emulator];

/// `cargo xtask setup [--cross]`.
pub(crate) fn command(cross: bool) -> Result<ExitCode> {
    ensure(BENCH)?;
    if cross {
        install_missing(CROSS)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Installs whichever of `needs` is missing and returns what a build uses.
///
/// # Errors
///
/// When the machine has no package manager we know, may not be changed by this user, or still lacks something afterwards.
pub(crate) fn ensure(needs: &[Need]) -> Result<Toolchain> {
    install_missing(needs)?;
    let host = &Machine;
    let gone = || {
        Error::new(format!(
            "LLVM and clang {} are not there after all",
            toolchain::LLVM_MAJOR
        ))
    };
    let llvm = toolchain::find_llvm(host)?.ok_or_else(gone)?;
    let (clang, clangxx) = toolchain::find_clang(host, Some(&llvm)).ok_or_else(gone)?;
    Ok(Toolchain {
        llvm,
        clang,
        clangxx,
    })
}

/// Installs whichever of `needs` is missing.
pub(crate) fn install_missing(needs: &[Need]) -> Result<()> {
    let host = &Machine;
    let missing = missing(host, needs)?;
    if missing.is_empty() {
        return Ok(());
    }
    let manager = Manager::detect(host);
    let commands = plan(&missing, manager)?;
    eprintln!("xtask: installing {}", list(&missing));
    install(&commands).map_err(|error| advise(&error, &missing, manager))?;
    match self::missing(host, &missing)?[..] {
        [] => Ok(()),
        ref still => Err(Error::new(format!(
            "still missing after the installation: {}",
            list(still)
        ))),
    }
}

/// Runs the commands; only the last one has to succeed. `apt-get update` also fails over a source that has nothing to do
/// with us, and the package lists may be good enough as they are.
fn install(commands: &[Vec<String>]) -> Result<()> {
    let Some((last, before)) = commands.split_last() else {
        return Ok(());
    };
    for words in before {
        if let Err(error) = sh::run_on_stderr(&mut to_command(words)) {
            eprintln!("xtask: {error}; going on without it");
        }
    }
    sh::run_on_stderr(&mut to_command(last))
}

/// Those of `needs` this machine does not have.
pub(crate) fn missing(host: &dyn Host, needs: &[Need]) -> Result<Vec<Need>> {
    let llvm = toolchain::find_llvm(host)?;
    let clang = toolchain::find_clang(host, llvm.as_ref());
    let has = |need: &Need| match need {
        Need::Llvm => llvm.is_some(),
        Need::Clang => clang.is_some(),
        Need::CxxCompiler => toolchain::find_cxx(host).is_some(),
        // Without clang there is nothing to ask; its package is being installed anyway.
        Need::CxxHeaders => clang
            .as_ref()
            .is_none_or(|(_, clangxx)| toolchain::has_cxx_headers(host, clangxx)),
        Need::Lli => toolchain::find_lli(host, llvm.as_ref()).is_some(),
        Need::CrossCompiler => toolchain::find_cross_gcc(host).is_some(),
        Need::Emulator => toolchain::find_qemu(host).is_some(),
    };
    Ok(needs.iter().filter(|need| !has(need)).copied().collect())
}

/// The commands that install `missing`, in order.
///
/// # Errors
///
/// Without a package manager that can do it: the message lists what to install by hand.
pub(crate) fn plan(missing: &[Need], manager: Manager) -> Result<Vec<Vec<String>>> {
    let by_hand = |why: &str| {
        let names = packages::for_apt(missing).join(" ");
        let brewed = packages::for_brew(missing).join(" ");
        Error::new(format!(
            "missing: {}\n{why}; install by hand, then try again:\n  Debian, Ubuntu: apt-get install {names}\n  Homebrew:       brew install {brewed}\n  \
             elsewhere:      the same programs; {} names an LLVM {} in a place of its own",
            list(missing),
            toolchain::PREFIX_VAR,
            toolchain::LLVM_MAJOR,
        ))
    };
    match manager {
        Manager::Apt { sudo } => Ok(packages::apt_commands(missing, sudo)),
        Manager::AptWithoutRights => Err(by_hand(
            "this user is not root and `sudo -n` asks for a password",
        )),
        Manager::Brew if missing.iter().all(|need| need.brew_formula().is_some()) => {
            Ok(packages::brew_commands(missing))
        }
        Manager::Brew => Err(by_hand(
            "Homebrew has no formula for all of it (a C++ compiler comes with `xcode-select --install`)",
        )),
        Manager::Unknown => Err(by_hand("this machine has neither apt nor Homebrew")),
    }
}

/// Adds what a newcomer can do about a package manager that failed.
fn advise(error: &Error, missing: &[Need], manager: Manager) -> Error {
    let hint = match manager {
        Manager::Apt { .. } | Manager::AptWithoutRights => {
            "when apt does not know these packages, this release is older than LLVM 22: add the archive at https://apt.llvm.org"
        }
        Manager::Brew | Manager::Unknown => "see what the package manager said above",
    };
    let names = packages::for_apt(missing).join(" ");
    Error::new(format!(
        "{error}\nneeded: {names}\n{hint}, or install LLVM 22 anywhere and set {}",
        toolchain::PREFIX_VAR
    ))
}

fn list(needs: &[Need]) -> String {
    needs
        .iter()
        .map(|need| need.describe())
        .collect::<Vec<_>>()
        .join(", ")
}

fn to_command(words: &[String]) -> Command {
    let mut words = words.iter();
    let mut command = sh::program(words.next().cloned().unwrap_or_default());
    command.args(words);
    command
}
