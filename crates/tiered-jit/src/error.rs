//! What can go wrong, as seen by the embedder.

use std::path::PathBuf;
use std::sync::Arc;

use tjit_runtime::Unrunnable;

use crate::canary::CanaryRefusal;
use crate::facts::frozen::Unfreezable;

/// An error of the JIT: what was tried, on what, and what to do about it where that can be said.
///
/// No error changes the running program: a module that can't be added leaves the program as it was, a function that can't
/// be recompiled keeps its version.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A module could not be linked into the program.
    #[error(transparent)]
    Link(Arc<tjit_link::LinkError>),
    /// LLVM could not parse, compile or link something.
    #[error(transparent)]
    Llvm(#[from] tjit_orc::Error),
    /// The compile layer could not compile a module.
    #[error(transparent)]
    CompileLayer(#[from] tjit_compile_layer::Error),
    /// No stubs could be made.
    #[error(transparent)]
    Stubs(Arc<tjit_stubs::Error>),
    /// The function table is full, or another limit of the runtime was reached.
    #[error(transparent)]
    Runtime(Arc<tjit_runtime::Error>),
    /// A counter could not be added.
    #[error(transparent)]
    Instrument(Arc<tjit_instrument::Error>),
    /// The policy's tiers are no list.
    #[error(transparent)]
    Tiers(#[from] crate::TiersError),
    /// A file of directives can't be read, or says something that can't be.
    #[error("directives in `{}`{}: {reason}", path.display(), in_line(*line))]
    DirectivesFile {
        /// The file.
        path: PathBuf,
        /// The line, or 0 if it is about the whole file.
        line: usize,
        /// What is wrong, and what is to be there.
        reason: String,
    },
    /// The function has the directive `never`, so that it is not optimised.
    #[error("`{}` is not optimised: it has the directive `never`", tjit_link::demangle(.0))]
    Directive(String),
    /// A pass pipeline that LLVM does not understand.
    #[error("the pipeline `{pipeline}`: {reason}")]
    Pipeline {
        /// The pipeline.
        pipeline: String,
        /// What LLVM said.
        reason: String,
    },
    /// A shared library the embedder named can't be loaded.
    #[error("loading the library `{}`: {reason}", path.display())]
    Library {
        /// The library.
        path: PathBuf,
        /// The dynamic linker's message.
        reason: String,
    },
    /// The program has no function to begin with.
    #[error("the program has no function `{0}` to start with")]
    NoEntry(String),
    /// The function comes from a native object file, so that there is no IR of it to compile again.
    #[error("`{0}` is native code; give it as bitcode to recompile it")]
    Native(String),
    /// A transformation returned an error, panicked or left a module that breaks the rules of the IR.
    #[error("transforming `{function}`: {reason}")]
    Transform {
        /// The function's linker-level name.
        function: String,
        /// What the transformation, the panic or the verifier said.
        reason: String,
    },
    /// There is no memory for another version of a function; see [`Builder::code_budget`](crate::Builder::code_budget).
    #[error(
        "optimising `{}`: versions take {bytes} of {budget} bytes and none can be freed; raise the budget, or free retired versions",
        tjit_link::demangle(function)
    )]
    CodeBudget {
        /// The function's linker-level name.
        function: String,
        /// What versions take.
        bytes: u64,
        /// What they may take.
        budget: u64,
    },
    /// A variable can't be frozen.
    #[error("freezing `{}`: {reason}", tjit_link::demangle(variable))]
    Freeze {
        /// Its linker-level name.
        variable: String,
        /// Why.
        reason: Unfreezable,
    },
    /// What is known of the running program can't be folded into a unit, or the function not be specialised.
    #[error(transparent)]
    Fold(Arc<tjit_reopt::Error>),
    /// A compilation failed.
    #[error("compiling `{function}`: {reason}")]
    Compile {
        /// The function's linker-level name.
        function: String,
        /// Which step failed and why.
        reason: String,
    },
    /// A version can't be tried on some of the calls.
    #[error("trying a version of `{}`: {reason}", tjit_link::demangle(function))]
    Canary {
        /// The function's linker-level name.
        function: String,
        /// Why.
        reason: CanaryRefusal,
    },
    /// A function was called that nobody defines. It may be called again when a module or library that does has been added.
    #[error(
        "{} `{}`, which neither the program nor its libraries define: add the module or library that does",
        .caller.as_ref().map_or_else(|| "somebody calls".to_owned(), |caller| format!("`{caller}` calls")),
        tjit_link::demangle(symbol)
    )]
    Undefined {
        /// The function's linker-level name.
        symbol: String,
        /// The function that calls it, as its source spells it, if the program or a library has it.
        caller: Option<String>,
    },
    /// The resolver of an ifunc did not choose a function, so that calling the ifunc is this error too.
    #[error(
        "choosing the function behind `{}`: {reason}",
        tjit_link::demangle(symbol)
    )]
    IFunc {
        /// The ifunc's linker-level name.
        symbol: String,
        /// How its resolver failed.
        reason: String,
    },
    /// What was to be recompiled is an ifunc.
    #[error("`{}` has no body to recompile: a resolver chose the function behind it", tjit_link::demangle(.0))]
    NoBody(String),
    /// An exception left a constructor. The constructors after it have not run.
    #[error(
        "constructing the program: `{}`: {what}",
        tjit_link::demangle(function)
    )]
    Constructor {
        /// The constructor's linker-level name.
        function: String,
        /// The type of the exception, and its message if it is a `std::exception`.
        what: String,
    },
    /// A module is not one of this program's, or was removed before.
    #[error("the program has no module `{0}`, or not any more")]
    NoModule(String),
    /// Threads have yet to destroy thread-locals of a module that is to be removed.
    #[error(
        "removing `{module}`: {pending} of its thread-local variables wait to be destroyed at the end of other threads; \
         let those end first"
    )]
    ThreadExits {
        /// The module.
        module: String,
        /// How many objects there are.
        pending: usize,
    },
    /// What is being compiled can't remove modules, nor have functions change together.
    #[error(
        "waiting in a transformation until nothing is compiled: it runs while code is; let it come to its end first"
    )]
    Inside,
    /// A version can't run again.
    #[error(
        "rolling `{}` back to version {version}: {reason}",
        tjit_link::demangle(function)
    )]
    Version {
        /// The linker-level name of the function.
        function: String,
        /// The number that was asked for.
        version: usize,
        /// What speaks against it.
        reason: Unrunnable,
    },
    /// A request was overtaken by a later one that it must not undo.
    #[error(
        "the request for `{}` was withdrawn: {reason}",
        tjit_link::demangle(function)
    )]
    Withdrawn {
        /// The linker-level name of the function.
        function: String,
        /// What came after it.
        reason: String,
    },
    /// A function was removed with its module before a request was served.
    #[error("`{0}` was removed with its module")]
    Removed(String),
    /// A request was taken back.
    #[error("the request to compile `{0}` was cancelled")]
    Cancelled(String),
    /// The deadline of a request passed before the version could run. The old version runs on.
    #[error("the deadline passed before `{0}` was compiled")]
    Deadline(String),
    /// The trigger of a request will never come: its channel was closed, or its predicate panicked.
    #[error("waiting to compile `{function}`: {reason}")]
    Trigger {
        /// The function's linker-level name.
        function: String,
        /// Why.
        reason: String,
    },
    /// Nothing of the program that could be compiled again has a name of that pattern.
    #[error("the program has no function `{0}` that could be recompiled")]
    NoMatch(String),
    /// An address is neither that of a function nor in the code of a version of one.
    #[error("no function of the program is at {0:#x}")]
    NotOurs(usize),
    /// The JIT was shut down before the request was served.
    #[error("the JIT was shut down before `{0}` was compiled")]
    ShutDown(String),
    /// A file for the IR of versions can't be written.
    #[error("writing `{}`: {reason}", path.display())]
    EmitIr {
        /// The file.
        path: PathBuf,
        /// The system's message.
        reason: String,
    },
    /// A background thread can't be started.
    #[error("starting a compile thread: {0}")]
    Thread(String),
}

impl Error {
    /// Whether a pass pipeline is to blame.
    pub(crate) fn is_pipeline(&self) -> bool {
        self.is_of_compiler(tjit_orc::ErrorKind::Passes)
    }

    /// Whether the compiler was told to stop.
    pub(crate) fn is_stop(&self) -> bool {
        self.is_of_compiler(tjit_orc::ErrorKind::Stopped)
    }

    fn is_of_compiler(&self, kind: tjit_orc::ErrorKind) -> bool {
        let kind = tjit_compile_layer::ErrorKind::Llvm(kind);
        matches!(self, Self::CompileLayer(error) if error.kind() == kind)
    }
}

impl From<tjit_link::LinkError> for Error {
    fn from(error: tjit_link::LinkError) -> Self {
        Self::Link(Arc::new(error))
    }
}

impl From<tjit_reopt::Error> for Error {
    fn from(error: tjit_reopt::Error) -> Self {
        Self::Fold(Arc::new(error))
    }
}

impl From<tjit_stubs::Error> for Error {
    fn from(error: tjit_stubs::Error) -> Self {
        Self::Stubs(Arc::new(error))
    }
}

impl From<tjit_runtime::Error> for Error {
    fn from(error: tjit_runtime::Error) -> Self {
        match error {
            tjit_runtime::Error::Version {
                symbol,
                number,
                reason,
            } => Self::Version {
                function: symbol.to_string(),
                version: number,
                reason,
            },
            tjit_runtime::Error::Withdrawn { symbol, reason } => Self::Withdrawn {
                function: symbol.to_string(),
                reason: reason.to_string(),
            },
            tjit_runtime::Error::Stopped(symbol) => Self::ShutDown(symbol.to_string()),
            tjit_runtime::Error::Removed(symbol) => Self::Removed(symbol.to_string()),
            error => Self::Runtime(Arc::new(error)),
        }
    }
}

impl From<tjit_instrument::Error> for Error {
    fn from(error: tjit_instrument::Error) -> Self {
        Self::Instrument(Arc::new(error))
    }
}

fn in_line(line: usize) -> String {
    match line {
        0 => String::new(),
        line => format!(", line {line}"),
    }
}
