//! `tjit run`, from the command line to the program's end.

use std::env;
use std::ffi::{CString, OsStr};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tiered_jit::TieredJit;

use crate::args::{self, Request, Run, StatsFormat};
use crate::error::{self, Error};
use crate::frontend::{self, create_failure};
use crate::input::Input;
use crate::journal::Journal;
use crate::libraries;
use crate::process;
use crate::report::Report;
use crate::tier_names::TierNames;
use crate::watch::{Printer, Reader, Watch};

/// The command. It returns only for the help and for errors; a program that ran ends the process.
#[must_use]
pub fn main() -> ExitCode {
    let start = Instant::now();
    let result = args::parse(env::args_os()).and_then(|request| match request {
        Request::Print(text) => {
            // A reader that went away has read enough.
            let _written = io::stdout().lock().write_all(text.as_bytes());
            Ok(ExitCode::SUCCESS)
        }
        Request::Run(run) => execute(&run, start),
    });
    result.unwrap_or_else(|error| {
        error::report(&error);
        ExitCode::from(error::EXIT_CODE)
    })
}

fn execute(run: &Run, start: Instant) -> Result<ExitCode, Error> {
    let inputs = inputs(run)?;
    let arguments = program_arguments(run)?;
    if let Some(directory) = &run.reports.emit_ir {
        let what = || format!("the directory `{}`", directory.display());
        std::fs::create_dir_all(directory).map_err(|error| create_failure(&what(), &error))?;
    }
    let before = Instant::now();
    let frontend = frontend::compile(&inputs, &run.clang)?;
    let frontend_time = if inputs.iter().any(Input::is_source) {
        before.elapsed()
    } else {
        Duration::ZERO
    };

    process::restore_signals();
    // Its destructors are not registered: see `process`.
    tiered_jit::orc::llvm_is_never_destroyed();
    // Before anything is loaded or registered that could want to run at the end: it comes after all of that.
    process::at_exit(at_exit).map_err(|error| create_failure("an exit handler", &error))?;
    let jit = process::without_signals(|| start_jit(run, frontend.libraries))?;
    Ending::arm(jit, run, start, frontend_time)?;
    match process::run(jit, frontend.modules, &run.entry_function, &arguments) {
        // Not a return from our main: no more of the program could run after that, and its handlers, destructors of its
        // statics and other threads do until the process is gone.
        Ok(code) => std::process::exit(code),
        // It did not run, or can't go on; the report at the end is for those that end by themselves.
        Err(error) => process::abandon(&error),
    }
}

/// The files of the program, those of libraries last.
fn inputs(run: &Run) -> Result<Vec<Input>, Error> {
    let mut paths = Vec::new();
    for path in run.files.iter().chain(&run.extra_module) {
        paths.extend(libraries::expand(path, &run.library_path)?);
    }
    paths.extend(libraries::find(&run.library, &run.library_path)?);
    paths.iter().map(|path| Input::open(path)).collect()
}

/// A JIT that is never torn down: whatever ends the process, code of the program runs up to the last moment (`atexit`
/// handlers, destructors of statics and thread-locals, detached threads), and the system takes the memory back anyway.
fn start_jit(run: &Run, libraries: Vec<std::path::PathBuf>) -> Result<&'static TieredJit, Error> {
    let mut builder = run
        .knobs
        .configure(TieredJit::builder())
        .on_fatal(|error| process::abandon(&Error::Jit(error.clone())));
    if let Some(directory) = &run.reports.emit_ir {
        builder = builder.emit_ir(directory);
    }
    for library in run.dlopen.iter().chain(&libraries) {
        builder = builder.library(library);
    }
    Ok(Box::leak(Box::new(builder.build()?)))
}

/// argv of the program: the first file, as with lli, or what the flag says, and then the arguments.
fn program_arguments(run: &Run) -> Result<Vec<CString>, Error> {
    let name = run
        .fake_argv0
        .as_deref()
        .or_else(|| run.files.first().map(|path| path.as_os_str()));
    let arguments = name
        .into_iter()
        .chain(run.arguments.iter().map(|argument| argument.as_os_str()));
    arguments.map(c_string).collect()
}

fn c_string(argument: &OsStr) -> Result<CString, Error> {
    // The system does not pass one on, but nothing in the types says so.
    CString::new(argument.as_bytes()).map_err(|_| Error::Nul {
        argument: argument.to_string_lossy().into_owned(),
    })
}

/// What is told when the process ends, however it does, save for signals and `_exit`.
#[derive(Debug)]
struct Ending {
    jit: &'static TieredJit,
    stats: Option<StatsFormat>,
    watches: Vec<Arc<Watch>>,
    start: Instant,
    frontend: Duration,
    /// A child that the program forked inherits the handler; the report is ours.
    process: u32,
}

static ENDING: OnceLock<Ending> = OnceLock::new();

impl Ending {
    /// Says what the exit handler has to do.
    fn arm(
        jit: &'static TieredJit,
        run: &Run,
        start: Instant,
        frontend: Duration,
    ) -> Result<(), Error> {
        let mut readers: Vec<Box<dyn Reader>> = Vec::new();
        if run.reports.print_compilation {
            readers.push(Box::new(Printer::new(TierNames::of(jit))));
        }
        if let Some(path) = &run.reports.events {
            readers.push(Box::new(Journal::create(path, TierNames::of(jit))?));
        }
        let start_one = |reader| process::without_signals(|| Watch::start(jit, reader));
        let watches = readers.into_iter().map(start_one);
        let ending = Self {
            jit,
            stats: run.reports.stats,
            watches: watches.collect::<Result<_, _>>()?,
            start,
            frontend,
            process: std::process::id(),
        };
        ENDING.get_or_init(|| ending);
        Ok(())
    }

    fn tell(&self) {
        // Now that all functions are known that directives could have been for.
        for warning in self.jit.directive_warnings() {
            error::warn(&warning);
        }
        self.watches.iter().for_each(|watch| watch.stop());
        let Some(format) = self.stats else { return };
        let report = Report::new(self.jit, self.frontend, self.start.elapsed());
        let text = match format {
            StatsFormat::Text => report.to_string(),
            StatsFormat::Json => report.json(),
        };
        // When standard error is closed there is nobody to read it.
        let _written = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Runs when all of the program's handlers and destructors have run.
extern "C" fn at_exit() {
    let ours = |ending: &&Ending| ending.process == std::process::id();
    if let Some(ending) = ENDING.get().filter(ours) {
        ending.tell();
    }
}
