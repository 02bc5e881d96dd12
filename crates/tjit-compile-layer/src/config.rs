//! How a layer compiles, and what it tells of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tjit_mangle::Tier;

use crate::compiled::{NotWidened, Times};

/// How a [`CompileLayer`](crate::CompileLayer) compiles.
#[derive(Clone)]
pub struct Config {
    /// Compile optimised bodies for the processor this process runs on. Otherwise, and for all other bodies, for what
    /// the functions' own attributes say, or the generic processor of the architecture.
    pub host_cpu: bool,
    /// The pass pipeline of optimised bodies, in the syntax of `opt -passes=`.
    pub optimized_pipeline: String,
    /// The pass pipeline of all other bodies. At least `default<O0>`, which inlines `always_inline` functions that
    /// no library has and lowers coroutines; code generation fails without.
    pub baseline_pipeline: String,
    /// Called after each compile that succeeded.
    pub on_compiled: Option<OnCompiled>,
}

/// An observer; called on the thread that compiled, which holds the lock of the module's context. A panic fails the
/// compile. It must not keep handles of the session alive, or the session never ends.
pub type OnCompiled = Arc<dyn Fn(&CompileReport) + Send + Sync>;

impl Default for Config {
    fn default() -> Self {
        Self {
            host_cpu: true,
            optimized_pipeline: "default<O3>".to_owned(),
            baseline_pipeline: "default<O0>".to_owned(),
            on_compiled: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("host_cpu", &self.host_cpu)
            .field("optimized_pipeline", &self.optimized_pipeline)
            .field("baseline_pipeline", &self.baseline_pipeline)
            .field("on_compiled", &self.on_compiled.is_some())
            .finish()
    }
}

/// What is different for one module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModuleOptions {
    /// A pass pipeline instead of the tier's own; code generation stays that of the tier.
    pub pipeline: Option<String>,
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
