//! How a layer compiles, and what it tells of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tjit_mangle::Tier;
use tjit_orc::Stop;

use crate::compiled::{NotWidened, Times};
use crate::level::OptLevel;
use crate::widen::FeatureChanges;

/// How a [`CompileLayer`](crate::CompileLayer) compiles.
#[derive(Clone)]
pub struct Config {
    /// Compile optimised bodies for the processor this process runs on. Otherwise, and for all other bodies, for what
    /// the functions' own attributes say, or the generic processor of the architecture.
    pub host_cpu: bool,
    /// The pass pipeline of optimised bodies, in the syntax of `opt -passes=`.
    pub optimized_pipeline: String,
    /// The pass pipeline of optimised bodies into which values of variables were folded
    /// ([`ModuleOptions::values_folded`]).
    pub folded_pipeline: String,
    /// The pass pipeline of all other bodies. At least `default<O0>`, which inlines `always_inline` functions that
    /// no library has and lowers coroutines; code generation fails without.
    pub baseline_pipeline: String,
    /// Instrument all bodies for ThreadSanitizer, after their passes. The process must have its runtime, and let its symbols
    /// be found.
    pub thread_sanitizer: bool,
    /// Called after each compile that succeeded.
    pub on_compiled: Option<OnCompiled>,
}

/// Optimises at the highest level, after it has unrolled loops over what is constant.
///
/// LLVM finds out when a loop over a constant table ends by running it, as long as it ends by a comparison
/// (`ScalarEvolution::computeExitCountExhaustively`). `default<O3>` alone gets to the loops of functions late: by then it
/// has made one `switch` of the comparison and of what else depends on the same element, and the loop is a loop for good.
/// Callees come first, and into their callers, since tables are often passed to who reads them.
const UNROLL_FIRST: &str =
    "cgscc(inline,function(sroa,early-cse,loop(loop-unroll-full))),default<O3>";

/// An observer; called on the thread that compiled, which holds the lock of the module's context. A panic fails the
/// compile. It must not keep handles of the session alive, or the session never ends.
pub type OnCompiled = Arc<dyn Fn(&CompileReport) + Send + Sync>;

impl Default for Config {
    fn default() -> Self {
        Self {
            host_cpu: true,
            optimized_pipeline: "default<O3>".to_owned(),
            folded_pipeline: UNROLL_FIRST.to_owned(),
            baseline_pipeline: "default<O0>".to_owned(),
            thread_sanitizer: false,
            on_compiled: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("host_cpu", &self.host_cpu)
            .field("optimized_pipeline", &self.optimized_pipeline)
            .field("folded_pipeline", &self.folded_pipeline)
            .field("baseline_pipeline", &self.baseline_pipeline)
            .field("thread_sanitizer", &self.thread_sanitizer)
            .field("on_compiled", &self.on_compiled.is_some())
            .finish()
    }
}

/// What is different for one module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModuleOptions {
    /// A pass pipeline instead of that of the level, or of the tier.
    pub pipeline: Option<String>,
    /// A level instead of the tier's own: both its pipeline and its code generation.
    pub level: Option<OptLevel>,
    /// Changes to the processor's features, for optimised bodies.
    pub features: Option<FeatureChanges>,
    /// Whether nobody wants the result any more: optimisation ends then with [`tjit_orc::ErrorKind::Stopped`]. Code generation
    /// can't be interrupted; what it made is thrown away.
    pub stop: Stop,
    /// Variables of the running program have become constants in it, which code was not written for. Optimised bodies
    /// get [`Config::folded_pipeline`] then.
    pub values_folded: bool,
}

/// What was compiled, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileReport {
    /// The module's name.
    pub module: String,
    /// How it was compiled.
    pub tier: Tier,
    /// The functions that others can call, by their names in the IR.
    pub bodies: Vec<String>,
    /// How long it took.
    pub times: Times,
    /// Machine code in bytes.
    pub code_bytes: usize,
    /// The object file in bytes.
    pub object_bytes: usize,
    /// Functions that were compiled for less than the host's processor, and why.
    pub not_widened: Vec<NotWidened>,
}

impl CompileReport {
    /// The time all phases took together.
    pub fn total(&self) -> Duration {
        self.times.total()
    }
}
