//! From a module to an object file.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use inkwell::module::Module;
use tjit_mangle::Tier;
use tjit_orc::{CodeGenLevel, TargetOptions};

use crate::compiled::{Compiled, NotWidened, Times, code_bytes};
use crate::config::ModuleOptions;
use crate::error::Error;
use crate::level::OptLevel;
use crate::machines::MachinePool;
use crate::prepare;
use crate::sanitize;
use crate::widen::{self, Subtargets, Wanted};

/// Compiles modules: the policy of a [`CompileLayer`](crate::CompileLayer).
pub trait CompileModule: Send + Sync {
    /// Compiles `module`, which is lowered in place and good for nothing afterwards, also on failure.
    ///
    /// Called by several threads at once, each with a module of its own whose context it has locked.
    ///
    /// # Errors
    /// Whatever keeps the module from being compiled. The lookups that wait for its symbols get it.
    fn compile(&self, module: &Module<'_>, options: &ModuleOptions) -> Result<Compiled, Error>;
}

/// How a [`PassCompiler`] compiles.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// The tier it is for.
    pub tier: Tier,
    /// The pass pipeline, in the syntax of `opt -passes=`.
    pub pipeline: String,
    /// The same for modules into which values were folded.
    pub folded_pipeline: String,
    /// The effort of the code generator.
    pub level: CodeGenLevel,
    /// Compile for the processor this process runs on, and rewrite attributes that say otherwise.
    pub host_cpu: bool,
    /// Instrument for ThreadSanitizer; see [`Config::thread_sanitizer`](crate::Config::thread_sanitizer).
    pub thread_sanitizer: bool,
}

impl Recipe {
    fn pipeline_for<'r>(&'r self, options: &'r ModuleOptions) -> Cow<'r, str> {
        if let Some(asked_for) = &options.pipeline {
            return Cow::Borrowed(asked_for);
        }
        match options.level {
            // The optimised tier's own is that level, and unrolls what was folded.
            Some(OptLevel::O3) if self.tier == Tier::Optimized => {}
            Some(level) => return Cow::Owned(level.pipeline()),
            None => {}
        }
        match options.values_folded {
            true => Cow::Borrowed(&self.folded_pipeline),
            false => Cow::Borrowed(&self.pipeline),
        }
    }
}

/// Runs one pass pipeline and LLVM's code generator, whatever the names of the bodies.
#[derive(Debug)]
pub struct PassCompiler {
    recipe: Recipe,
    machines: Arc<MachinePool>,
    subtargets: Subtargets,
}

impl PassCompiler {
    /// A compiler that takes its target machines from `machines`.
    ///
    /// # Errors
    /// [`tjit_orc::ErrorKind::Target`] if LLVM was built without the host's target.
    pub fn new(recipe: Recipe, machines: Arc<MachinePool>) -> Result<Self, Error> {
        Ok(Self {
            recipe,
            machines,
            subtargets: Subtargets::new()?,
        })
    }

    /// What every function needs whatever the tier, and for the host's processor what widening needs.
    fn prepare(
        &self,
        module: &Module<'_>,
        options: &ModuleOptions,
    ) -> Result<Vec<NotWidened>, Error> {
        prepare::for_host(module)?;
        tjit_orc::verify(module)?;
        prepare::keep_promised(module);
        prepare::bind_lazily(module);
        let functions = self.subtargets.check_processors(module)?;
        widen::unfuse(module, &functions);
        if self.recipe.tier == Tier::Baseline {
            return Ok(Vec::new());
        }
        widen::forbid_contraction(module, &functions);
        let facts: Vec<_> = functions
            .iter()
            .map(|checked| widen::scan(checked.function))
            .collect();
        widen::keep_apart(module, &functions, &facts);
        if let Some(level) = options.level {
            level.mark(module);
        }
        let changes = options.features.as_ref();
        if !self.recipe.host_cpu && changes.is_none() {
            return Ok(Vec::new());
        }
        let wanted = Wanted {
            subtargets: &self.subtargets,
            host_cpu: self.recipe.host_cpu,
            changes,
        };
        widen::widen(module, &wanted, &functions, &facts)
    }
}

impl CompileModule for PassCompiler {
    fn compile(&self, module: &Module<'_>, options: &ModuleOptions) -> Result<Compiled, Error> {
        let start = Instant::now();
        let not_widened = self.prepare(module, options)?;
        // Generic also where the host's processor is wanted: that comes from the attributes, so that functions without
        // any, which can't be widened, don't get it.
        let machine = self.machines.check_out(&TargetOptions {
            level: options
                .level
                .map_or(self.recipe.level, OptLevel::code_generation),
            host_cpu: false,
        })?;
        let prepared = Instant::now();
        let pipeline = self.recipe.pipeline_for(options);
        machine.run_passes_unless(module, &pipeline, &options.stop)?;
        if self.recipe.thread_sanitizer {
            sanitize::mark(module);
            machine.run_passes(module, sanitize::PIPELINE)?;
        }
        // Baselines stay for as long as their module does.
        let retained = (self.recipe.tier != Tier::Baseline).then(|| tjit_orc::retained(module));
        let passed = Instant::now();
        let object = machine.emit_object(module)?;
        if options.stop.is_wanted() {
            return Err(stopped(module));
        }
        Ok(Compiled {
            tier: self.recipe.tier,
            times: Times {
                prepare: prepared - start,
                passes: passed - prepared,
                codegen: passed.elapsed(),
            },
            code_bytes: code_bytes(object.as_slice()),
            retained: retained.flatten(),
            not_widened,
            object,
        })
    }
}

/// The error of what was to stop while code was generated for it.
fn stopped(module: &Module<'_>) -> Error {
    let operation = format!(
        "generating code for `{}`",
        module.get_name().to_string_lossy()
    );
    let kind = tjit_orc::ErrorKind::Stopped;
    tjit_orc::Error::new(kind, operation, "it was told to stop").into()
}
