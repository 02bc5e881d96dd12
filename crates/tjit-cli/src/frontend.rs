//! From sources to bitcode.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tempfile::TempDir;
use tiered_jit::ModuleSource;

use crate::args::Clang;
use crate::error::Error;
use crate::input::{Input, Kind};
use crate::toolchain::{self, Rustc};

/// What sources become.
#[derive(Debug)]
pub(crate) struct Frontend {
    /// One module per input, in the order of the inputs.
    pub(crate) modules: Vec<ModuleSource>,
    /// Shared libraries that the code of a language relies on.
    pub(crate) libraries: Vec<PathBuf>,
}

/// Compiles the sources among `inputs`, several at a time, and hands on the others as they are.
pub(crate) fn compile(inputs: &[Input], flags: &Clang) -> Result<Frontend, Error> {
    if !inputs.iter().any(Input::is_source) {
        let modules = inputs
            .iter()
            .map(|input| ModuleSource::file(&input.path))
            .collect();
        return Ok(Frontend {
            modules,
            libraries: Vec::new(),
        });
    }
    let compilers = Compilers::find(inputs, flags)?;
    let libraries = compilers
        .rustc
        .iter()
        .map(Rustc::standard_library)
        .collect::<Result<_, _>>()?;
    Ok(Frontend {
        modules: compilers.compile_all(inputs)?,
        libraries,
    })
}

/// The compilers that some inputs need.
#[derive(Debug)]
struct Compilers {
    clang: Option<PathBuf>,
    clang_flags: Vec<OsString>,
    rustc: Option<Rustc>,
    /// Removed with its contents when all is read back, which is before the program runs.
    directory: TempDir,
    terminal: bool,
}

impl Compilers {
    fn find(inputs: &[Input], flags: &Clang) -> Result<Self, Error> {
        let needed = |kinds: &[Kind]| inputs.iter().any(|input| kinds.contains(&input.kind));
        let directory = tempfile::Builder::new()
            .prefix("tjit-")
            .tempdir()
            .map_err(|error| create_failure("a temporary directory", &error))?;
        Ok(Self {
            clang: needed(&[Kind::C, Kind::Cxx])
                .then(toolchain::clang)
                .transpose()?,
            clang_flags: clang_flags(flags),
            rustc: needed(&[Kind::Rust]).then(Rustc::find).transpose()?,
            directory,
            terminal: io::stderr().is_terminal(),
        })
    }

    /// The modules in the order of `inputs`; of several errors, that of the first input.
    fn compile_all(&self, inputs: &[Input]) -> Result<Vec<ModuleSource>, Error> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut done = Vec::new();
            // Relaxed: the number only has to be taken once.
            while let Some((index, input)) = numbered(inputs, next.fetch_add(1, Ordering::Relaxed))
            {
                done.push((index, self.compile_one(index, input)));
            }
            done
        };
        let threads = thread::available_parallelism()
            .map_or(1, usize::from)
            .min(inputs.len());
        let mut done = thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for other in others {
                done.extend(
                    other
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                );
            }
            done
        });
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, module)| module).collect()
    }

    fn compile_one(&self, index: usize, input: &Input) -> Result<ModuleSource, Error> {
        let output = self.directory.path().join(format!("{index}.bc"));
        let mut command = match (input.kind, &self.clang, &self.rustc) {
            (Kind::C | Kind::Cxx, Some(clang), _) => self.clang_command(clang, input, &output),
            (Kind::Rust, _, Some(rustc)) => self.rustc_command(rustc, &input.path, &output),
            _ => return Ok(ModuleSource::file(&input.path)),
        };
        self.progress(&input.path);
        run(&mut command, &input.path)?;
        let bitcode = std::fs::read(&output).map_err(|error| Error::Read {
            path: output,
            reason: error.to_string(),
        })?;
        Ok(ModuleSource::bytes(input.path.to_string_lossy(), bitcode))
    }

    fn progress(&self, path: &Path) {
        if self.terminal {
            // Telling is all this is for.
            let _written = writeln!(io::stderr().lock(), "compiling {}", path.display());
        }
    }

    /// As for an optimised build, up to where LLVM's passes would start: those are the JIT's.
    fn clang_command(&self, clang: &Path, input: &Input, output: &Path) -> Command {
        let mut command = Command::new(clang);
        if input.kind == Kind::Cxx {
            command.arg("--driver-mode=g++");
        }
        command.args(["-O2", "-Xclang", "-disable-llvm-passes", "-emit-llvm", "-c"]);
        if self.terminal {
            command.arg("-fcolor-diagnostics");
        }
        command
            .args(&self.clang_flags)
            .arg("-o")
            .arg(output)
            .arg(&input.path);
        command
    }

    /// `prefer-dynamic` leaves the standard library, with its one copy of the thread-locals and the allocator, in its shared
    /// library. One codegen unit: rustc writes one module then.
    fn rustc_command(&self, rustc: &Rustc, input: &Path, output: &Path) -> Command {
        let mut command = Command::new(&rustc.path);
        command
            .args([
                "--edition=2024",
                "--emit=llvm-bc",
                "-Cprefer-dynamic",
                "-Ccodegen-units=1",
            ])
            .args(["-Copt-level=3", "-Cno-prepopulate-passes"])
            .args(["--crate-name", &crate_name(input)])
            .arg("-o")
            .arg(output)
            .arg(input);
        if self.terminal {
            command.arg("--color=always");
        }
        command
    }
}

fn numbered(inputs: &[Input], index: usize) -> Option<(usize, &Input)> {
    Some((index, inputs.get(index)?))
}

fn clang_flags(flags: &Clang) -> Vec<OsString> {
    let joined = |flag: &str, value: &OsString| {
        let mut joined = OsString::from(flag);
        joined.push(value);
        joined
    };
    let mut all: Vec<_> = flags
        .include
        .iter()
        .map(|directory| joined("-I", directory))
        .collect();
    all.extend(flags.define.iter().map(|name| joined("-D", name)));
    all.extend(
        flags
            .std
            .iter()
            .map(|standard| OsString::from(format!("-std={standard}"))),
    );
    all.extend(flags.cflag.iter().cloned());
    all
}

/// A name that Rust takes for a crate, from the name of its file.
fn crate_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = stem.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("program_{name}")
    }
}

/// Runs a compiler to its end; what it printed goes to standard error in one piece, also its warnings.
fn run(command: &mut Command, input: &Path) -> Result<(), Error> {
    let compiler = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| Error::Start {
        program: compiler.clone(),
        reason: error.to_string(),
    })?;
    let printed = [output.stdout, output.stderr].concat();
    // When standard error is closed there is nobody to read it.
    let _written = io::stderr().lock().write_all(&printed);
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Compile {
        path: input.to_owned(),
        compiler,
        status: output.status.to_string(),
    })
}

/// For directories and threads that the system refuses.
pub(crate) fn create_failure(what: &str, error: &io::Error) -> Error {
    Error::Create {
        what: what.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_named_after_their_files() {
        let cases = [
            ("a/shape-2.rs", "shape_2"),
            ("2d.rs", "program_2d"),
            ("a.b.rs", "a_b"),
        ];
        for (path, name) in cases {
            assert_eq!(crate_name(Path::new(path)), name);
        }
    }

    #[test]
    fn flags_come_in_clangs_spelling() {
        let flags = Clang {
            include: vec!["dir".into()],
            define: vec!["A=1".into()],
            std: Some("c++20".to_owned()),
            cflag: vec!["-g".into()],
        };
        assert_eq!(clang_flags(&flags), ["-Idir", "-DA=1", "-std=c++20", "-g"]);
    }
}
