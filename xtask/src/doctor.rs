//! `doctor`: prints what was found, one line each.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cross::{self, CrossStd};
use crate::error::Result;
use crate::host::{Host, Machine};
use crate::setup::{self, BUILD};
use crate::toolchain;

/// `cargo xtask doctor`: exit code 1 when a build would have to install something first.
pub(crate) fn command() -> Result<ExitCode> {
    let host = &Machine;
    for (name, value) in llvm(host)?
        .into_iter()
        .chain(rust(host))
        .chain(cross_tools(host))
        .chain(machine())
    {
        println!("{name:<14} {value}");
    }
    let missing = setup::missing(host, BUILD)?;
    if missing.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let names: Vec<&str> = missing.iter().map(|need| need.describe()).collect();
    println!(
        "missing: {}; `cargo xtask setup` installs it",
        names.join(", ")
    );
    Ok(ExitCode::FAILURE)
}

type Line = (&'static str, String);

fn llvm(host: &dyn Host) -> Result<Vec<Line>> {
    let llvm = toolchain::find_llvm(host)?;
    let clang = toolchain::find_clang(host, llvm.as_ref());
    let found = llvm
        .as_ref()
        .map(|llvm| format!("{} ({})", llvm.version, llvm.llvm_config.display()));
    let prefix = llvm
        .as_ref()
        .map(|llvm| format!("{}={}", toolchain::PREFIX_VAR, llvm.prefix.display()));
    let headers =
        clang.as_ref().map(
            |(_, clangxx)| match toolchain::has_cxx_headers(host, clangxx) {
                true => "found by clang++".to_owned(),
                false => "missing: clang++ finds no C++ standard library".to_owned(),
            },
        );
    Ok(vec![
        ("llvm", or_missing(found)),
        ("llvm prefix", or_missing(prefix)),
        (
            "clang",
            or_missing(clang.map(|(clang, _)| versioned(host, &clang))),
        ),
        ("c++ library", or_missing(headers)),
        (
            "c++",
            or_missing(toolchain::find_cxx(host).map(|cxx| versioned(host, &cxx))),
        ),
        (
            "lli",
            or_missing(toolchain::find_lli(host, llvm.as_ref()).map(shown)),
        ),
    ])
}

fn rust(host: &dyn Host) -> Vec<Line> {
    let ask = |program: &str, args: &[&str]| host.output(Path::new(program), args);
    let rustc = ask("rustc", &["--version", "--verbose"]).map(|text| {
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or("unknown")
                .to_owned()
        };
        format!("{} (LLVM {})", field("release: "), field("LLVM version: "))
    });
    let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
    vec![
        ("rustc", or_missing(rustc)),
        (
            "cargo",
            or_missing(ask("cargo", &["--version"]).map(first_line)),
        ),
        (
            "nextest",
            or_missing(ask("cargo", &["nextest", "--version"]).map(first_line)),
        ),
        (
            "nightly",
            or_missing(ask("cargo", &["+nightly", "--version"]).map(first_line)),
        ),
        (
            "miri",
            or_missing(ask("cargo", &["+nightly", "miri", "--version"]).map(first_line)),
        ),
    ]
}

fn cross_tools(host: &dyn Host) -> Vec<Line> {
    let std = CrossStd::find(host).map(|std| match std {
        CrossStd::Installed => "installed for this toolchain".to_owned(),
        CrossStd::BuildStd => "built from rust-src by nightly".to_owned(),
    });
    vec![
        (
            "cross gcc",
            or_missing(toolchain::find_cross_gcc(host).map(shown)),
        ),
        ("qemu", or_missing(toolchain::find_qemu(host).map(shown))),
        (
            "cross std",
            std.unwrap_or_else(|| format!("missing ({})", cross::STD_HINT)),
        ),
    ]
}

fn machine() -> Vec<Line> {
    let cores = std::thread::available_parallelism()
        .map(|cores| cores.to_string())
        .ok();
    vec![
        ("cores", or_missing(cores)),
        (
            "host",
            format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
        ),
    ]
}

fn versioned(host: &dyn Host, program: &Path) -> String {
    let version = host.output(program, &["--version"]).unwrap_or_default();
    format!(
        "{} ({})",
        version.lines().next().unwrap_or("unknown version"),
        program.display()
    )
}

fn shown(path: PathBuf) -> String {
    path.display().to_string()
}

fn or_missing(value: Option<String>) -> String {
    value.unwrap_or_else(|| "missing".to_owned())
}
