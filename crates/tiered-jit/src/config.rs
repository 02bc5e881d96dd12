//! How a JIT is set up.

use std::collections::HashMap;
use std::fmt;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tjit_link::ImportBudget;
use tjit_runtime::{DefaultPolicy, Directive, HoldOff, Thresholds, TierPolicy, TierSpec};

use crate::directives::{self, Directives, Rule};
use crate::{Error, TieredJit};

/// Which tiers a program runs at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tiering {
    /// Baseline first; what is hot or asked for is optimised.
    #[default]
    Auto,
    /// Baseline only, without counters; requests from outside are still served.
    Baseline,
    /// Each function is optimised when it is first called.
    Optimized,
}

/// What to do when a call can't go on because its function can't be had, and the error can't be returned to anybody: nobody
/// entered the program on that thread, or a frame in between can't be unwound. When the handler returns, the process is
/// aborted. It may be called in a signal handler if the program calls functions for the first time there.
pub type FatalHandler = dyn Fn(&Error) + Send + Sync;

pub(crate) struct Config {
    pub(crate) tiering: Tiering,
    pub(crate) policy: Arc<dyn TierPolicy>,
    pub(crate) host_cpu: bool,
    pub(crate) thread_sanitizer: bool,
    pub(crate) group: NonZeroUsize,
    pub(crate) compile_ahead: usize,
    pub(crate) imports: ImportBudget,
    pub(crate) emit_ir: Option<PathBuf>,
    pub(crate) foreground: bool,
    pub(crate) reclaim: bool,
    pub(crate) code_budget: u64,
    pub(crate) keep_versions: usize,
    pub(crate) fatal: Arc<FatalHandler>,
    pub(crate) compile_deadline: Duration,
    pub(crate) unit_limit: NonZeroUsize,
}

/// Sets up a [`TieredJit`]; see the methods for what can be chosen and the defaults.
pub struct Builder {
    tiering: Tiering,
    threshold: Option<NonZeroU64>,
    loop_threshold: Option<NonZeroU64>,
    tiers: Option<Vec<TierSpec>>,
    queue_capacity: Option<NonZeroUsize>,
    directives: Vec<(String, Directive)>,
    directives_file: Option<PathBuf>,
    workers: Option<NonZeroUsize>,
    hold_off: Option<HoldOff>,
    policy: Option<Arc<dyn TierPolicy>>,
    host_cpu: bool,
    thread_sanitizer: bool,
    group: NonZeroUsize,
    compile_ahead: usize,
    imports: ImportBudget,
    emit_ir: Option<PathBuf>,
    foreground: bool,
    reclaim: bool,
    code_budget: u64,
    keep_versions: usize,
    fatal: Arc<FatalHandler>,
    compile_deadline: Duration,
    unit_limit: NonZeroUsize,
    pub(crate) definitions: HashMap<String, u64>,
    pub(crate) libraries: Vec<PathBuf>,
}

/// Functions compiled together on a first call. A fresh object costs as much as about four functions (`docs/architecture.md`,
/// costs), and most callees of a function that runs do run: 16 is where start-up of the example programs stopped improving.
const DEFAULT_GROUP: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// What optimised versions may take: 240 MiB, as the code of HotSpot with more than one tier (`ReservedCodeCacheSize`: 48 MiB, five times as
/// much with tiered compilation, `compilerDefinitions.cpp`).
const DEFAULT_CODE_BUDGET: u64 = 240 << 20;
/// Four orders of magnitude above what a function takes (`docs/architecture.md`, costs): what takes longer is LLVM at work on
/// something that it does not come to an end with, while other functions wait for the worker.
const DEFAULT_COMPILE_DEADLINE: Duration = Duration::from_secs(30);

/// About six seconds of a worker: LLVM 22 took 57 µs for each instruction of a function of 100,000 that are loads, stores and
/// branches, 38 µs for each of one of 10,000, without vectorising anything.
const DEFAULT_UNIT_LIMIT: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();

/// See [`Builder::hold_off`].
const DEFAULT_HOLD_OFF: HoldOff = HoldOff {
    quiet: Duration::from_millis(20),
    at_most: Duration::from_millis(100),
};

/// Functions compiled ahead for each first call: none. With 16 or 64, five programs took 0 to 12 % more time, in pairs of runs on two busy
/// cores: what they would call next was mostly in the group already, and what was compiled besides took time from it.
const DEFAULT_AHEAD: usize = 0;

impl Default for Builder {
    fn default() -> Self {
        Self {
            tiering: Tiering::default(),
            threshold: None,
            loop_threshold: None,
            tiers: None,
            queue_capacity: None,
            directives: Vec::new(),
            directives_file: None,
            workers: None,
            hold_off: None,
            policy: None,
            host_cpu: true,
            thread_sanitizer: false,
            group: DEFAULT_GROUP,
            compile_ahead: DEFAULT_AHEAD,
            imports: ImportBudget::default(),
            emit_ir: None,
            foreground: false,
            reclaim: false,
            code_budget: DEFAULT_CODE_BUDGET,
            keep_versions: 1,
            fatal: Arc::new(report_to_stderr),
            compile_deadline: DEFAULT_COMPILE_DEADLINE,
            unit_limit: DEFAULT_UNIT_LIMIT,
            definitions: HashMap::new(),
            libraries: Vec::new(),
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the process is about to be aborted and nobody else will say why"
)]
fn report_to_stderr(error: &Error) {
    eprintln!("tiered-jit: {error}; the caller cannot go on");
}

impl Builder {
    /// Which tiers the program runs at; [`Tiering::Auto`] by default.
    #[must_use]
    pub fn tiering(mut self, tiering: Tiering) -> Self {
        self.tiering = tiering;
        self
    }

    /// Calls of a baseline function before it is recompiled; see [`DefaultPolicy::CALLS`] for the default.
    #[must_use]
    pub fn threshold(mut self, calls: NonZeroU64) -> Self {
        self.threshold = Some(calls);
        self
    }

    /// Turns of a baseline function's loops before it is recompiled; [`DefaultPolicy::LOOPS`] for each call of the threshold by
    /// default. The next call enters the new version; a call that is in the loop stays where it is.
    #[must_use]
    pub fn loop_threshold(mut self, turns: NonZeroU64) -> Self {
        self.loop_threshold = Some(turns);
        self
    }

    /// The tiers, slowest code first, each with its pipeline and what it takes to leave it; two by default. They go before
    /// [`Builder::threshold`] and [`Builder::loop_threshold`]. See [`Tiers`](crate::Tiers) for how to read them from text.
    #[must_use]
    pub fn tiers(mut self, tiers: impl Into<Vec<TierSpec>>) -> Self {
        self.tiers = Some(tiers.into());
        self
    }

    /// Says something of the functions whose names `pattern` matches: linker-level names, or names in the source. In a pattern `*`
    /// is any text and `?` any character. What is said later goes before what was said earlier, and before the directives file.
    #[must_use]
    pub fn directive(mut self, pattern: impl Into<String>, directive: Directive) -> Self {
        self.directives.push((pattern.into(), directive));
        self
    }

    /// Reads directives from a TOML file: entries `[[function]]` with the keys `name` (a pattern, as with
    /// [`Builder::directive`]), `never`, `eager`, `pin` (true or false), `calls`, `loops` (numbers) and `pipeline`. What stands
    /// later goes before what stands earlier. See [`TieredJit::directive_warnings`] for what is not understood in it.
    #[must_use]
    pub fn directives_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.directives_file = Some(path.into());
        self
    }

    /// All that was said of functions, the strongest last.
    pub(crate) fn rules(&self) -> Result<Directives, Error> {
        let file = self.directives_file.as_deref().map(directives::file::read);
        let (mut rules, warnings) = file.transpose()?.unwrap_or_default();
        let said = self.directives.iter().cloned();
        rules.extend(said.map(|(pattern, directive)| Rule::new(pattern, directive, None)));
        Ok(Directives::new(rules, warnings))
    }

    /// How many functions that tripped may wait for a worker; see [`DefaultPolicy::queue_capacity`] for the default.
    #[must_use]
    pub fn queue_capacity(mut self, functions: NonZeroUsize) -> Self {
        self.queue_capacity = Some(functions);
        self
    }

    /// Background compile threads; see [`DefaultPolicy::workers`] for the default.
    #[must_use]
    pub fn workers(mut self, workers: NonZeroUsize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// For how long functions that became hot wait while the program starts: by default until no function has been called for the
    /// first time for 20 ms, but 100 ms at most. None with [`Builder::foreground`].
    ///
    /// Measured on two busy cores, in pairs of runs: programs of 100 to 700 ms that make first calls all along took 5 to 33 %
    /// less time and 15 to 34 % less CPU time than without, since much of what is hot while they start is so no more when it
    /// has been compiled; of those that end or settle within 50 ms some took up to 2 % less and none more, and a loop of 120 ms that
    /// waits for its one hot function took 11 ms more. .NET waits for 100 ms (`TC_BackgroundWorkerTimeoutMs`,
    /// `TC_CallCountingDelayMs`).
    #[must_use]
    pub fn hold_off(mut self, hold_off: HoldOff) -> Self {
        self.hold_off = Some(hold_off);
        self
    }

    /// A policy of the embedder's own, which then answers for threshold, workers and hold-off as well.
    #[must_use]
    pub fn policy(mut self, policy: Arc<dyn TierPolicy>) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Whether optimised code uses all instructions of this processor (the default) or only those that the modules allow.
    #[must_use]
    pub fn host_cpu(mut self, host_cpu: bool) -> Self {
        self.host_cpu = host_cpu;
        self
    }

    /// Whether compiled code tells ThreadSanitizer what it reads and writes; not by default. For embedders that are built with it
    /// themselves (`-Zsanitizer=thread`, `-fsanitize=thread`), and that export its functions (`-rdynamic`).
    #[must_use]
    pub fn thread_sanitizer(mut self, thread_sanitizer: bool) -> Self {
        self.thread_sanitizer = thread_sanitizer;
        self
    }

    /// The most functions that a first call compiles together: the one called and those it can reach; 16 by default.
    #[must_use]
    pub fn baseline_group(mut self, functions: NonZeroUsize) -> Self {
        self.group = functions;
        self
    }

    /// How many functions each first call may have compiled ahead in the background, beyond the group that it waits for: those that
    /// the group calls, and what they call; 0, which is the default, for none. A first call that comes meanwhile waits for at
    /// most a small group of them. Without effect together with [`Builder::foreground`] or [`Tiering::Optimized`].
    #[must_use]
    pub fn compile_ahead(mut self, functions: usize) -> Self {
        self.compile_ahead = functions;
        self
    }

    /// Which callees an optimised unit takes along to be inlined.
    #[must_use]
    pub fn imports(mut self, imports: ImportBudget) -> Self {
        self.imports = imports;
        self
    }

    /// Writes the IR of every version, as it goes into code generation, to `<body name>.ll` in this directory.
    #[must_use]
    pub fn emit_ir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.emit_ir = Some(directory.into());
        self
    }

    /// Whether a call that makes a function hot waits until the optimised version is published, or has failed, before it goes
    /// on; not by default. Promotions then happen at the same call in each run, which is for tests and for finding faults: as
    /// `-Xbatch` of HotSpot. It does not hold for functions that transformations call.
    ///
    /// A signal handler waits as well: for a worker, which may need a lock of the C library that the interrupted code holds, as
    /// with first calls.
    #[must_use]
    pub fn foreground(mut self, foreground: bool) -> Self {
        self.foreground = foreground;
        self
    }

    /// Frees versions that were replaced as soon as no thread can be in them any more; otherwise they stay until
    /// [`TieredJit::collect_now`], since a thread may be in one for as long as it likes, unseen.
    ///
    /// Who may be in a version is told by who has entered the program and not left it. One that stays inside, such as a `main` that
    /// runs for hours, holds up what is displaced meanwhile, and nothing else.
    ///
    /// # Safety
    /// All code of the program runs inside of an entry of the same thread: [`Function::call`](crate::Function::call), a call while
    /// an [`Entered`](crate::Entered) lives, [`TieredJit::protect`], [`TieredJit::run_main`] and its like, or an exit handler that
    /// we call. So no function pointer of the program is called otherwise: not as the start of a thread, not as a handler of
    /// a signal that may come to a thread that is outside, not through [`Function::pointer`](crate::Function::pointer). And no stack
    /// of the program outlives the entry that it was made in, as that of a fiber which is resumed in the next.
    #[must_use]
    pub unsafe fn reclaim(mut self) -> Self {
        self.reclaim = true;
        self
    }

    /// The most memory, in bytes, that code and data of optimised versions take, the running and the replaced; 240 MiB by
    /// default, as in HotSpot (`ReservedCodeCacheSize`). Baselines are not counted.
    ///
    /// When it is used up, versions that were kept to be rolled back to are given up, the oldest first; with
    /// [`Builder::reclaim`] those that are called least go back to their baselines then. If nothing can be freed,
    /// promotions are declined.
    #[must_use]
    pub fn code_budget(mut self, bytes: u64) -> Self {
        self.code_budget = bytes;
        self
    }

    /// How many versions of each function that do not run any more are kept, those that ran last, to be
    /// [rolled back](TieredJit::rollback) to, beside the baseline; 1 by default: the one before. Others are freed, with
    /// [`Builder::reclaim`] by themselves, else by [`TieredJit::collect_now`]. Until then all of them could be rolled back to, as long as
    /// the [budget](Builder::code_budget) is not used up.
    #[must_use]
    pub fn keep_versions(mut self, versions: usize) -> Self {
        self.keep_versions = versions;
        self
    }

    /// How long the optimisation of a function may take that became hot by itself; 30 s by default. After that it is given up
    /// before the next pass, the baseline runs on, and an event tells why. Code generation is not interrupted. Requests have
    /// deadlines of their own ([`Reoptimize::deadline`](crate::Reoptimize::deadline)).
    #[must_use]
    pub fn compile_deadline(mut self, time: Duration) -> Self {
        self.compile_deadline = time;
        self
    }

    /// How many instructions a function may have that became hot by itself, together with the callees that it takes along;
    /// 100,000 by default. One that has more stays at the baseline, and an event tells why. Requests are served whatever it costs.
    #[must_use]
    pub fn unit_limit(mut self, instructions: NonZeroUsize) -> Self {
        self.unit_limit = instructions;
        self
    }

    /// Gives the program a symbol at an address of the embedder's, by its linker-level name.
    ///
    /// # Safety
    /// The address must be that of a function or variable of the type under which the program's modules declare it, and
    /// stay valid for as long as the JIT lives.
    #[must_use]
    pub unsafe fn define(mut self, name: impl Into<String>, address: *const ()) -> Self {
        self.definitions.insert(name.into(), address as u64);
        self
    }

    /// Loads a shared library and lets the program bind to its symbols, before those of the process.
    #[must_use]
    pub fn library(mut self, path: impl Into<PathBuf>) -> Self {
        self.libraries.push(path.into());
        self
    }

    /// Called when a function that is being called for the first time can't be had on a thread where nobody entered the program,
    /// such as one that it started; by default the error is printed to stderr. The process is aborted when it returns. See
    /// [`TieredJit::protect`] for the others. Also called when that happens in an exit handler of the program while the JIT is
    /// dropped; then the next handler runs.
    #[must_use]
    pub fn on_fatal(mut self, handler: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.fatal = Arc::new(handler);
        self
    }

    /// Starts the JIT with an empty program.
    ///
    /// # Errors
    /// [`Error::Llvm`] if LLVM lacks the host's target, [`Error::Library`], [`Error::Stubs`] or [`Error::Thread`] if the
    /// system refuses a library, address space or a thread.
    pub fn build(self) -> Result<TieredJit, Error> {
        TieredJit::start(self)
    }

    fn thresholds(&self) -> Thresholds {
        let by_calls = DefaultPolicy::after_calls(self.threshold.unwrap_or(DefaultPolicy::CALLS));
        Thresholds {
            loops: self.loop_threshold.or(by_calls.loops),
            ..by_calls
        }
    }

    pub(crate) fn config(&self) -> Config {
        let policy = self.policy.clone().unwrap_or_else(|| {
            let default = DefaultPolicy::default();
            let tiers = self.tiers.clone();
            Arc::new(DefaultPolicy {
                tiers: tiers.unwrap_or_else(|| DefaultPolicy::two_tiers(self.thresholds())),
                workers: self.workers.unwrap_or(default.workers),
                queue_capacity: self.queue_capacity.unwrap_or(default.queue_capacity),
                hold_off: self.hold_off.unwrap_or(match self.foreground {
                    true => HoldOff::NONE,
                    false => DEFAULT_HOLD_OFF,
                }),
            })
        });
        Config {
            tiering: self.tiering,
            policy,
            host_cpu: self.host_cpu,
            thread_sanitizer: self.thread_sanitizer,
            group: self.group,
            compile_ahead: match (self.tiering, self.foreground) {
                (Tiering::Auto | Tiering::Baseline, false) => self.compile_ahead,
                (Tiering::Optimized, _) | (_, true) => 0,
            },
            imports: self.imports.clone(),
            emit_ir: self.emit_ir.clone(),
            foreground: self.foreground,
            reclaim: self.reclaim,
            code_budget: self.code_budget,
            keep_versions: self.keep_versions,
            fatal: self.fatal.clone(),
            compile_deadline: self.compile_deadline,
            unit_limit: self.unit_limit,
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("tiering", &self.tiering)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("tiering", &self.tiering)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
