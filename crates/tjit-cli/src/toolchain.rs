//! Finding compilers that write bitcode of our LLVM.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, one_line};

/// The variable with which llvm-sys is told where LLVM is; its `bin` directory comes before `PATH`.
const PREFIX_VARIABLE: &str = "LLVM_SYS_221_PREFIX";

/// The LLVM this command is linked with. Bitcode of a later one can't be read; of an earlier one it can, but its compilers
/// are not what is tested.
pub(crate) fn llvm_major() -> u32 {
    tiered_jit::inkwell::support::get_llvm_version().0
}

/// A clang of our LLVM, which compiles C++ when it is told so.
pub(crate) fn clang() -> Result<PathBuf, Error> {
    let major = llvm_major();
    let mut tried = Vec::new();
    if let Some(chosen) = env::var_os("TJIT_CLANG") {
        let path = PathBuf::from(chosen);
        return match clang_version(&path) {
            Some(version) if version == major => Ok(path),
            found => {
                tried.push(verdict(&path, found));
                Err(Error::NoClang {
                    major,
                    tried: tried.join(", "),
                })
            }
        };
    }
    for path in clang_candidates(major) {
        // The file `clang-22` says by its name what asking it would cost a process to find out.
        let named = path
            .file_name()
            .is_some_and(|name| name == format!("clang-{major}").as_str());
        match in_path(&path) {
            Some(found) if named => return Ok(found),
            Some(found) => match clang_version(&found) {
                Some(version) if version == major => return Ok(found),
                version => tried.push(verdict(&path, version)),
            },
            None => tried.push(format!("`{}` does not exist", path.display())),
        }
    }
    Err(Error::NoClang {
        major,
        tried: tried.join(", "),
    })
}

fn verdict(path: &Path, version: Option<u32>) -> String {
    match version {
        Some(version) => format!("`{}` is version {version}", path.display()),
        None => format!("`{}` is no clang", path.display()),
    }
}

/// Where clang may be, best first; names without a directory are looked up in `PATH`.
fn clang_candidates(major: u32) -> Vec<PathBuf> {
    let names = [format!("clang-{major}"), "clang".to_owned()];
    let prefix = env::var_os(PREFIX_VARIABLE).map(|prefix| Path::new(&prefix).join("bin"));
    let below = |directory: PathBuf| names.clone().map(|name| directory.join(name));
    prefix
        .into_iter()
        .flat_map(below)
        .chain(names.clone().map(PathBuf::from))
        .collect()
}

/// The file, looked up in `PATH` when it has no directory.
fn in_path(name: &Path) -> Option<PathBuf> {
    if name.components().count() > 1 {
        return name.is_file().then(|| name.to_owned());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}

/// The major version that a clang says it has; `None` when it can't be run or is something else.
fn clang_version(path: &Path) -> Option<u32> {
    let output = Command::new(path).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    number_after(&text, "clang version ")
}

fn number_after(text: &str, label: &str) -> Option<u32> {
    let rest = text.split_once(label)?.1;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// A rustc of our LLVM.
#[derive(Debug)]
pub(crate) struct Rustc {
    pub(crate) path: PathBuf,
}

impl Rustc {
    /// Finds rustc and checks that its LLVM is ours.
    pub(crate) fn find() -> Result<Self, Error> {
        let major = llvm_major();
        let variables = ["TJIT_RUSTC", "RUSTC"];
        let chosen = variables
            .iter()
            .find_map(env::var_os)
            .unwrap_or_else(|| OsString::from("rustc"));
        let rustc = Self {
            path: chosen.into(),
        };
        let text = rustc
            .ask(&["-vV"])
            .map_err(|reason| Error::NoRustc { major, reason })?;
        match number_after(&text, "LLVM version: ") {
            Some(found) if found == major => Ok(rustc),
            found => Err(Error::RustcLlvm {
                compiler: rustc.path.display().to_string(),
                found: found.map_or_else(
                    || "an unknown version".to_owned(),
                    |found| found.to_string(),
                ),
                major,
            }),
        }
    }

    /// Rust's standard library as a shared library.
    pub(crate) fn standard_library(&self) -> Result<PathBuf, Error> {
        let missing = |reason| Error::NoRustc {
            major: llvm_major(),
            reason,
        };
        let directory = self.ask(&["--print=target-libdir"]).map_err(missing)?;
        let directory = Path::new(directory.trim_end());
        let entries = std::fs::read_dir(directory).map_err(|error| Error::Read {
            path: directory.to_owned(),
            reason: error.to_string(),
        })?;
        let is_std = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("libstd-") && name.ends_with(env::consts::DLL_SUFFIX)
        };
        let mut found = entries.filter_map(|entry| Some(entry.ok()?.path()));
        found
            .find(is_std)
            .ok_or_else(|| missing(format!("there is no libstd in `{}`", directory.display())))
    }

    fn ask(&self, arguments: &[&str]) -> Result<String, String> {
        let name = self.path.display();
        let output = Command::new(&self.path)
            .args(arguments)
            .output()
            .map_err(|error| format!("`{name}`: {error}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(format!(
            "`{name}`: {}",
            one_line(&String::from_utf8_lossy(&output.stderr))
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::number_after;

    #[test]
    fn versions_are_read_from_what_compilers_say() {
        assert_eq!(
            number_after("Debian clang version 22.1.8 (1~deb12u1)", "clang version "),
            Some(22)
        );
        assert_eq!(
            number_after("release: 1.95.0\nLLVM version: 22.1.2\n", "LLVM version: "),
            Some(22)
        );
        assert_eq!(number_after("gcc (Debian) 12.2.0", "clang version "), None);
    }
}
