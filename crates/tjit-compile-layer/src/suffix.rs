//! The default policy: the tier suffix of the bodies decides.

use std::fmt;
use std::sync::Arc;

use inkwell::module::Module;
use tjit_mangle::Tier;
use tjit_orc::CodeGenLevel;

use crate::compiled::Compiled;
use crate::compiler::{CompileModule, PassCompiler, Recipe};
use crate::config::{Config, ModuleOptions};
use crate::error::{Error, ErrorKind};
use crate::machines::MachinePool;
use crate::tiers::{ModuleTiers, module_tiers};

/// Compiles modules of optimised bodies with one compiler and all others with another.
#[derive(Clone)]
pub struct SuffixTiered {
    /// For modules without optimised bodies.
    pub baseline: Arc<dyn CompileModule>,
    /// For modules of optimised bodies.
    pub optimized: Arc<dyn CompileModule>,
}

impl SuffixTiered {
    /// Both tiers by LLVM's passes, as `config` says.
    ///
    /// # Errors
    /// [`tjit_orc::ErrorKind::Target`] if LLVM was built without the host's target.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let machines = Arc::new(MachinePool::default());
        let baseline = Recipe {
            tier: Tier::Baseline,
            pipeline: config.baseline_pipeline.clone(),
            folded_pipeline: config.baseline_pipeline.clone(),
            level: CodeGenLevel::None,
            host_cpu: false,
            thread_sanitizer: config.thread_sanitizer,
        };
        let optimized = Recipe {
            tier: Tier::Optimized,
            pipeline: config.optimized_pipeline.clone(),
            folded_pipeline: config.folded_pipeline.clone(),
            level: CodeGenLevel::Aggressive,
            host_cpu: config.host_cpu,
            thread_sanitizer: config.thread_sanitizer,
        };
        Ok(Self {
            baseline: Arc::new(PassCompiler::new(baseline, machines.clone())?),
            optimized: Arc::new(PassCompiler::new(optimized, machines)?),
        })
    }
}

impl CompileModule for SuffixTiered {
    /// # Errors
    /// [`ErrorKind::MixedTiers`] if the module has bodies of both tiers: one object file can't hold both. A
    /// [`CompileLayer`](crate::CompileLayer) splits such a module first.
    fn compile(&self, module: &Module<'_>, options: &ModuleOptions) -> Result<Compiled, Error> {
        match module_tiers(module) {
            ModuleTiers::One(Tier::Baseline) => self.baseline.compile(module, options),
            ModuleTiers::One(Tier::Optimized) => self.optimized.compile(module, options),
            ModuleTiers::Mixed => Err(Error::new(
                ErrorKind::MixedTiers,
                format!("compiling `{}`", module.get_name().to_string_lossy()),
                "it has optimised bodies and others",
            )),
        }
    }
}

impl fmt::Debug for SuffixTiered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuffixTiered").finish_non_exhaustive()
    }
}
