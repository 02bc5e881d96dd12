//! Every program of `tests/programs` does under `tjit` what it does natively, whatever the tiers.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Arc, LazyLock, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use tjit_test_util::{
    Input, Lang, Output, Tool, bitcode_file, native_executable, program_sources, run, tool,
    workspace_root,
};

/// How each program is run. At a threshold of 1 functions are recompiled while their first call runs, at 50 in their midst.
const MODES: [(&str, &[&str]); 4] = [
    ("baseline", &["--tier=baseline"]),
    ("optimized", &["--tier=optimized"]),
    ("auto-1", &["--tier=auto", "--threshold=1"]),
    ("auto-50", &["--tier=auto", "--threshold=50"]),
];

/// What every program is given; those that look at it say so in their first line.
const INPUT: Input<'_> = Input {
    args: &["first", "second argument"],
    env: &[("TJIT_TEST", "a value"), ("RUST_BACKTRACE", "0")],
    stdin: "a line of words\nanother line of words with more words\n",
};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let programs = programs();
    assert!(programs.len() >= 30, "only {} programs", programs.len());
    let trials = programs.into_iter().map(Arc::new).flat_map(|program| {
        MODES.map(|(mode, flags)| {
            let program = program.clone();
            Trial::test(format!("{mode}::{}", program.name), move || {
                program.check(flags)
            })
        })
    });
    let refused = files_in(&directory().join("refused"))
        .into_iter()
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            Trial::test(format!("refused::{name}"), move || check_refused(&path))
        });
    libtest_mimic::run(&arguments, trials.chain(refused).collect()).exit_code()
}

/// A program of one file, or of all the sources in a directory.
struct Program {
    name: String,
    sources: Vec<PathBuf>,
    native: OnceLock<Output>,
}

fn programs() -> Vec<Program> {
    let single = program_sources()
        .into_iter()
        .map(|path| (path.clone(), vec![path]));
    let entries = files_in(directory()).into_iter();
    let several = entries
        .filter(|path| path.is_dir() && !path.ends_with("refused"))
        .map(|path| {
            let sources = files_in(&path)
                .into_iter()
                .filter(|file| Lang::of_path(file).is_some());
            (path.clone(), sources.collect())
        });
    let named = |(path, sources): (PathBuf, Vec<PathBuf>)| Program {
        name: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        sources,
        native: OnceLock::new(),
    };
    single.chain(several).map(named).collect()
}

fn directory() -> &'static Path {
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| workspace_root().join("tests/programs"));
    &DIRECTORY
}

/// What is in a directory, by name.
fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("listing `{}`: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

impl Program {
    fn check(&self, flags: &[&str]) -> Result<(), Failed> {
        let native = self.native.get_or_init(|| self.run_native());
        let mut command = Command::new(env!("CARGO_BIN_EXE_tjit"));
        command.arg("run").args(flags);
        if self.has_rust() {
            command.arg("--dlopen").arg(&*RUST_LIBRARY);
        }
        command
            .args(self.sources.iter().map(|path| bitcode_of(path)))
            .arg("--");
        compare(native, &run(command, INPUT))
    }

    fn has_rust(&self) -> bool {
        self.sources
            .iter()
            .any(|path| Lang::of_path(path) == Some(Lang::Rust))
    }

    /// Has clang compile and link the same bitcode. The names of the files tell their contents apart, so that naming them
    /// among the flags is enough for the cache.
    fn run_native(&self) -> Output {
        let bitcode: Vec<String> = self
            .sources
            .iter()
            .map(|path| bitcode_of(path).display().to_string())
            .collect();
        let mut flags = vec!["-O1"];
        flags.extend(bitcode[1..].iter().map(String::as_str));
        flags.extend(["-lstdc++", "-lm"]);
        let rust = [
            RUST_LIBRARY.display().to_string(),
            format!(
                "-Wl,-rpath,{}",
                RUST_LIBRARY.parent().unwrap_or(Path::new(".")).display()
            ),
        ];
        if self.has_rust() {
            flags.extend(rust.iter().map(String::as_str));
        }
        let executable = native_executable(Path::new(&bitcode[0]), Lang::Ir, &flags);
        run(Command::new(executable), INPUT)
    }
}

/// The bitcode that `tjit` would make of the file itself, from the cache.
fn bitcode_of(path: &Path) -> PathBuf {
    let lang = Lang::of_path(path).unwrap_or(Lang::C);
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
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(env::consts::DLL_SUFFIX)
    };
    let found = files_in(Path::new(directory.trim_end()))
        .into_iter()
        .find(is_std);
    found.unwrap_or_else(|| panic!("no libstd in `{directory}`"))
});

fn compare(native: &Output, tjit: &Output) -> Result<(), Failed> {
    if (&native.stdout, native.code) == (&tjit.stdout, tjit.code) {
        return Ok(());
    }
    let lines = native.stdout.lines().zip(tjit.stdout.lines());
    let first = lines.enumerate().find(|(_, (native, tjit))| native != tjit);
    let difference = match first {
        Some((line, (native, tjit))) => {
            format!("line {}:\n  native: {native}\n  tjit:   {tjit}", line + 1)
        }
        None => format!(
            "{} lines natively, {} here",
            native.stdout.lines().count(),
            tjit.stdout.lines().count()
        ),
    };
    let message = format!(
        "{difference}\nexit code {} natively, {} here; standard error:\n{}",
        native.code, tjit.code, tjit.stderr
    );
    Err(message.into())
}

/// What can't be run rightly yet is refused, not run wrongly.
fn check_refused(path: &Path) -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tjit"));
    command.arg("run").arg(bitcode_of(path)).arg("--");
    let output = run(command, INPUT);
    if output.code == 2
        && output.stdout.is_empty()
        && output.stderr.starts_with("tjit: error: can't link ")
    {
        return Ok(());
    }
    Err(format!("it was not refused: {output:?}").into())
}
