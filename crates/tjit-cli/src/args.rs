//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::LazyLock;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::error::{Error, one_line};
use crate::knobs::Knobs;

/// Runs LLVM bitcode, C, C++ and Rust programs: compiled as they run, recompiled where they are hot.
#[derive(Debug, Parser)]
#[command(name = "tjit", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Run),
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Request {
    /// Run a program.
    Run(Box<Run>),
    /// Print the help or the version.
    Print(String),
}

const EXAMPLES: &str = "\
Examples:
  tjit run shapes.cpp                        compile with clang, then run tiered
  tjit run --stats=text main.c util.c        two files, one program; a report at the end
  tjit run program.bc -- --size 10 input     arguments of the program come after `--`
  tjit run --std=c++20 -I include app.cpp    flags for clang; any other one with -X FLAG
  tjit run main.c util.o libfoo.a -L lib -lz  objects, archives and libraries, as a linker takes them
  tjit run --print-compilation --threshold=100 app.rs
  tjit run --tiers='baseline:200,quick=default<O1>:5000,peak=default<O3>' app.c
  tjit run --tier=baseline --emit-ir ir a.ll one tier only; its IR in the directory `ir`

The exit code is the program's own; 2 with a line `tjit: error: …` if it can't be run, or can't go on.";

/// Run a program: all files linked into one, sources compiled first
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Run {
    /// LLVM IR (.ll, .bc), C (.c), C++ (.cpp, .cc, .cxx, .C) or Rust (.rs); others by contents: bitcode, object, archive, shared library
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// Arguments of the program
    #[arg(value_name = "ARGS", last = true)]
    pub(crate) arguments: Vec<OsString>,

    /// The function to run, of main's type
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub(crate) entry_function: String,

    /// A shared library to load before the program; may be repeated
    #[arg(long, value_name = "LIBRARY")]
    pub(crate) dlopen: Vec<PathBuf>,

    /// One more file of the program, as FILE; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) extra_module: Vec<PathBuf>,

    /// A library, as linkers find it: libNAME.so or libNAME.a, or a file :NAME; after all FILEs
    #[arg(short = 'l', long = "library", value_name = "NAME")]
    pub(crate) library: Vec<OsString>,

    /// A directory to look for libraries in, before the system's
    #[arg(short = 'L', long = "library-path", value_name = "DIR")]
    pub(crate) library_path: Vec<PathBuf>,

    /// The program's argv[0] instead of the first file
    #[arg(long, value_name = "NAME")]
    pub(crate) fake_argv0: Option<OsString>,

    #[command(flatten)]
    pub(crate) knobs: Knobs,

    #[command(flatten)]
    pub(crate) reports: Reports,

    #[command(flatten)]
    pub(crate) clang: Clang,
}

/// What is told about the compilations.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports (on standard error)")]
pub(crate) struct Reports {
    /// A line for each compilation: ms since the start, function, tier, name, bytes, cause, time
    #[arg(
        long,
        env = "TJIT_PRINT_COMPILATION",
        value_parser = clap::builder::BoolishValueParser::new(),
        num_args = 0,
        default_value_t = false,
        default_missing_value = "true"
    )]
    pub(crate) print_compilation: bool,

    /// Write all that happens to functions to this file, as a JSON object per line
    #[arg(long, value_name = "FILE", env = "TJIT_EVENTS")]
    pub(crate) events: Option<PathBuf>,

    /// A report when the process ends
    #[arg(long, value_enum, value_name = "FORMAT", env = "TJIT_STATS")]
    pub(crate) stats: Option<StatsFormat>,

    /// Write the IR of each version to `<name>.ll` in this directory
    #[arg(long, value_name = "DIR", env = "TJIT_EMIT_IR")]
    pub(crate) emit_ir: Option<PathBuf>,
}

/// Flags for clang, which compiles C and C++ sources with -O2, leaving all optimisation to the JIT.
#[derive(Debug, Args)]
#[command(next_help_heading = "C and C++ sources")]
pub(crate) struct Clang {
    /// A directory to look for headers in
    #[arg(short = 'I', value_name = "DIR")]
    pub(crate) include: Vec<OsString>,

    /// A macro
    #[arg(short = 'D', value_name = "NAME[=VALUE]")]
    pub(crate) define: Vec<OsString>,

    /// The language standard; also `-std=STANDARD`
    #[arg(long, value_name = "STANDARD")]
    pub(crate) std: Option<String>,

    /// Any other flag for clang, as it is
    #[arg(
        short = 'X',
        long = "cflag",
        value_name = "FLAG",
        allow_hyphen_values = true
    )]
    pub(crate) cflag: Vec<OsString>,
}

/// How the report at the end is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatsFormat {
    /// Tables for people
    Text,
    /// One JSON object on one line
    Json,
}

/// What the command line asks for.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Request, Error> {
    let command = Cli::command().version(VERSION.as_str());
    let matches = command.try_get_matches_from(clang_spelling(arguments));
    match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(Cli {
            command: Command::Run(run),
        }) => Ok(Request::Run(Box::new(run))),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Request::Print(error.render().to_string()))
            }
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Err(Error::Usage(
                "nothing to do; see `tjit run --help`".to_owned(),
            )),
            _ => Err(Error::Usage(usage(&error.render().to_string()))),
        },
    }
}

/// All flags, with their variables.
#[cfg(test)]
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let (major, minor, patch) = tiered_jit::inkwell::support::get_llvm_version();
    format!(
        "{} (LLVM {major}.{minor}.{patch})",
        env!("CARGO_PKG_VERSION")
    )
});

/// Puts `--std=` for the `-std=` of compilers, which a parser of short flags would take for `-s -t -d`.
fn clang_spelling(arguments: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut of_program = false;
    arguments.map(move |argument| {
        of_program |= argument == "--";
        match argument.to_str() {
            Some(text) if !of_program && text.starts_with("-std=") => format!("-{text}").into(),
            _ => argument,
        }
    })
}

/// What is wrong, in one line: clap's first paragraph, and the name it thinks was meant.
fn usage(rendered: &str) -> String {
    let mut paragraphs = rendered.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let similar = paragraphs.find_map(|text| text.lines().find(|line| line.contains("similar")));
    let mut text = one_line(first.trim_start_matches("error: "));
    if let Some(tip) = similar {
        text.push_str("; ");
        text.push_str(tip.trim().trim_start_matches("tip: "));
    }
    text.push_str("; see `tjit run --help`");
    text
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;
    use crate::knobs::Tier;

    fn run(line: &str) -> Run {
        match parse(line.split(' ').map(OsString::from)) {
            Ok(Request::Run(run)) => *run,
            other => panic!("{other:?}"),
        }
    }

    fn error(line: &str) -> String {
        match parse(line.split(' ').map(OsString::from)) {
            Err(error) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_files_and_arguments_are_told_apart() {
        let run = run("tjit run --threshold=7 a.c b.c --tier baseline -- --threshold x -std=y");
        assert_eq!(run.files, [PathBuf::from("a.c"), PathBuf::from("b.c")]);
        assert_eq!(run.arguments, ["--threshold", "x", "-std=y"]);
        assert_eq!(run.knobs.threshold, NonZeroU64::new(7));
        assert_eq!(run.knobs.tier, Tier::Baseline);
        assert_eq!(run.entry_function, "main");
    }

    #[test]
    fn flags_of_clang_are_spelled_as_clang_does() {
        let run = run("tjit run -std=c++20 -Iinclude -DX=1 -D Y -X -Wall --cflag=-g a.cpp");
        assert_eq!(run.clang.std.as_deref(), Some("c++20"));
        assert_eq!(run.clang.include, ["include"]);
        assert_eq!(run.clang.define, ["X=1", "Y"]);
        assert_eq!(run.clang.cflag, ["-Wall", "-g"]);
    }

    #[test]
    fn libraries_are_spelled_as_linkers_do() {
        let run = run("tjit run -Llib -L more -lm a.c -l:libz.a -l pthread");
        assert_eq!(run.library, ["m", ":libz.a", "pthread"]);
        assert_eq!(
            run.library_path,
            [PathBuf::from("lib"), PathBuf::from("more")]
        );
        assert_eq!(run.files, [PathBuf::from("a.c")]);
    }

    #[test]
    fn errors_are_one_line_that_names_the_flag() {
        let unknown = error("tjit run --treshold=7 a.c");
        assert!(
            unknown.starts_with("unexpected argument '--treshold' found"),
            "{unknown}"
        );
        assert!(!unknown.contains('\n'), "{unknown}");
        assert!(
            unknown.contains("'--threshold'; see `tjit run --help`"),
            "{unknown}"
        );
        assert!(error("tjit").starts_with("nothing to do"));
        let missing = error("tjit run");
        assert!(missing.contains("<FILE>"), "{missing}");
        let zero = error("tjit run --threshold=0 a.c");
        assert!(zero.contains("--threshold"), "{zero}");
    }

    #[test]
    fn version_names_llvm() {
        match parse(["tjit", "--version"].into_iter().map(OsString::from)) {
            Ok(Request::Print(text)) => assert!(
                text.starts_with("tjit ") && text.contains("(LLVM 22."),
                "{text}"
            ),
            other => panic!("{other:?}"),
        }
    }
}
