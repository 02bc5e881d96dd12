//! What a program is made of, and the two ways to run it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, OnceLock};

use tjit_test_util::{
    Input, Lang, Output, Tool, archive, bitcode_file, linked_executable, native_object,
    program_sources, run, shared_library, tool, workspace_root,
};

use crate::INPUT;

/// One program.
pub(crate) struct Program {
    pub(crate) name: String,
    /// In the order in which they are linked.
    parts: Vec<Part>,
    native: OnceLock<Output>,
}

/// One input of a linker.
enum Part {
    /// A source that is given as bitcode.
    Bitcode(PathBuf),
    /// A source whose name starts with `native_`: given as a native object.
    Object(PathBuf),
    /// A directory `lib_…`: an archive of what its sources become.
    Archive(Vec<Part>),
    /// A directory `so_…`: a shared library, native in any case.
    Library(Vec<PathBuf>),
}

/// The programs of one file, and those of a directory each.
pub(crate) fn programs() -> Vec<Program> {
    let single = program_sources()
        .into_iter()
        .map(|path| (name_of(&path), vec![Part::Bitcode(path)]));
    let directories = files_in(directory()).into_iter();
    let several = directories
        .filter(|path| path.is_dir() && !path.ends_with("refused"))
        .map(|path| (name_of(&path), parts_in(&path)));
    let program = |(name, parts)| Program {
        name,
        parts,
        native: OnceLock::new(),
    };
    single.chain(several).map(program).collect()
}

pub(crate) fn directory() -> &'static Path {
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| workspace_root().join("tests/programs"));
    &DIRECTORY
}

/// What is in a directory, by name.
pub(crate) fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("listing `{}`: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

pub(crate) fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Bitcode first, then objects, archives and libraries, each by name.
fn parts_in(directory: &Path) -> Vec<Part> {
    let mut parts: Vec<Part> = files_in(directory)
        .iter()
        .filter_map(|path| Part::of(path))
        .collect();
    parts.sort_by_key(Part::rank);
    parts
}

impl Part {
    fn of(path: &Path) -> Option<Self> {
        let name = name_of(path);
        if path.is_dir() && name.starts_with("lib_") {
            return Some(Self::Archive(parts_in(path)));
        }
        if path.is_dir() && name.starts_with("so_") {
            let sources = files_in(path).into_iter();
            return Some(Self::Library(
                sources
                    .filter(|file| Lang::of_path(file).is_some())
                    .collect(),
            ));
        }
        Lang::of_path(path)?;
        Some(if name.starts_with("native_") {
            Self::Object(path.to_owned())
        } else {
            Self::Bitcode(path.to_owned())
        })
    }

    fn rank(&self) -> usize {
        match self {
            Self::Bitcode(_) => 0,
            Self::Object(_) => 1,
            Self::Archive(_) => 2,
            Self::Library(_) => 3,
        }
    }

    /// The file for `tjit`, or the one that a native linker takes for the same.
    fn file(&self, native: bool) -> PathBuf {
        match self {
            Self::Bitcode(source) if native => {
                native_object(bitcode_of(source).as_path(), Lang::Ir, &["-O1"])
            }
            Self::Bitcode(source) => bitcode_of(source),
            Self::Object(source) => {
                native_object(source.as_path(), lang_of(source), &["-O1", "-fno-lto"])
            }
            Self::Archive(members) => {
                let members: Vec<_> = members.iter().map(|member| member.file(native)).collect();
                archive(&members)
            }
            Self::Library(sources) => shared_library(sources, &["-O1"]),
        }
    }

    fn is_rust(&self) -> bool {
        match self {
            Self::Bitcode(source) | Self::Object(source) => lang_of(source) == Lang::Rust,
            Self::Archive(members) => members.iter().any(Self::is_rust),
            Self::Library(_) => false,
        }
    }
}

impl Program {
    /// Runs it under `tjit`.
    pub(crate) fn run(&self, flags: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tjit"));
        command.arg("run").args(flags);
        if self.has_rust() {
            command.arg("--dlopen").arg(&*RUST_LIBRARY);
        }
        for part in &self.parts {
            if matches!(part, Part::Library(_)) {
                command.arg("--dlopen");
            }
            command.arg(part.file(false));
        }
        command.arg("--");
        run(command, INPUT)
    }

    /// What it does when clang links the same parts, and nothing else runs it; done once.
    pub(crate) fn native(&self) -> &Output {
        self.native.get_or_init(|| {
            let mut inputs: Vec<_> = self.parts.iter().map(|part| part.file(true)).collect();
            let mut flags = vec!["-lm"];
            let runtime_path = format!(
                "-Wl,-rpath,{}",
                RUST_LIBRARY.parent().unwrap_or(Path::new(".")).display()
            );
            if self.has_rust() {
                inputs.push(RUST_LIBRARY.clone());
                flags.push(&runtime_path);
            }
            run(Command::new(linked_executable(&inputs, &flags)), INPUT)
        })
    }

    fn has_rust(&self) -> bool {
        self.parts.iter().any(Part::is_rust)
    }
}

fn lang_of(path: &Path) -> Lang {
    Lang::of_path(path).unwrap_or(Lang::C)
}

/// The bitcode that `tjit` would make of the file itself, from the cache.
pub(crate) fn bitcode_of(path: &Path) -> PathBuf {
    let lang = lang_of(path);
    let flags: &[&str] = match lang {
        Lang::Rust => &[
            "-Cprefer-dynamic",
            "-Copt-level=3",
            "-Cno-prepopulate-passes",
        ],
        Lang::C | Lang::Cxx | Lang::Ir => &["-O2", "-Xclang", "-disable-llvm-passes"],
    };
    bitcode_file(path, lang, flags)
}

/// Rust's standard library as a shared library.
static RUST_LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let mut rustc = Command::new(tool(Tool::Rustc));
    rustc.arg("--print=target-libdir");
    let directory = run(rustc, Input::default()).stdout;
    let is_std = |path: &PathBuf| {
        let name = name_of(path);
        name.starts_with("libstd-") && name.ends_with(env::consts::DLL_SUFFIX)
    };
    let found = files_in(Path::new(directory.trim_end()))
        .into_iter()
        .find(is_std);
    found.unwrap_or_else(|| panic!("no libstd in `{directory}`"))
});
