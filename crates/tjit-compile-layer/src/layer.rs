//! The layer: modules in, linked code out.

use std::fmt;
use std::sync::Arc;

use inkwell::module::Module;
use tjit_mangle::Mangler;
use tjit_orc::{
    ExecutionSession, MemoryBuffer, ObjectLayer, ResourceTracker, Responsibility, SymbolString,
    ThreadSafeModule, definitions, inline_assembly,
};

use crate::compiled::Compiled;
use crate::compiler::CompileModule;
use crate::config::{CompileReport, Config, ModuleOptions, OnCompiled};
use crate::error::Error;
use crate::split::split;
use crate::suffix::SuffixTiered;
use crate::symbols::{Defined, defined, host_mangler};
use crate::tiers::is_body;
use crate::unit::ModuleUnit;

/// An IR compile layer over a session's object layer.
///
/// Thread-safe: each compile runs on the thread that asked for it, with a target machine of its own. Compiling locks
/// the module's context, so modules that shall be compiled at the same time need contexts of their own
/// ([`ThreadSafeModule::clone_to_new_context`]).
pub struct CompileLayer {
    objects: ObjectLayer,
    emitter: Arc<Emitter>,
}

/// What compiles; has no handle of the session, which owns the units that hold this.
pub(crate) struct Emitter {
    compiler: Arc<dyn CompileModule>,
    on_compiled: Option<OnCompiled>,
    mangler: Mangler,
}

impl CompileLayer {
    /// A layer that compiles by the tier suffix, see [`SuffixTiered`].
    ///
    /// # Errors
    /// [`tjit_orc::ErrorKind::Target`] if LLVM was built without the host's target.
    pub fn new(session: &ExecutionSession, config: Config) -> Result<Arc<Self>, Error> {
        let compiler = Arc::new(SuffixTiered::new(&config)?);
        Self::with_compiler(session, compiler, config.on_compiled)
    }

    /// A layer that compiles by another policy.
    ///
    /// # Errors
    /// As [`CompileLayer::new`].
    pub fn with_compiler(
        session: &ExecutionSession,
        compiler: Arc<dyn CompileModule>,
        on_compiled: Option<OnCompiled>,
    ) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self {
            objects: session.object_layer(),
            emitter: Arc::new(Emitter {
                compiler,
                on_compiled,
                mangler: host_mangler()?,
            }),
        }))
    }

    /// Adds a module, all of its symbols or none. It is compiled when one of them is first looked up, on the thread
    /// of that lookup, and removed with `tracker`. Returns the symbols of its definitions, by the names the linker has for
    /// them; inline assembly may define others.
    ///
    /// A module with inline assembly at its top level is compiled at once: only the assembler knows what it defines.
    ///
    /// Static constructors are not run, and thread-local variables not linked; that is for the layers above.
    ///
    /// # Errors
    /// [`tjit_orc::ErrorKind::Link`] if a strong symbol is defined already, [`ErrorKind::Name`](crate::ErrorKind::Name)
    /// for names that can't be linked. What goes wrong later is reported to the lookups.
    pub fn add(
        self: &Arc<Self>,
        tracker: &ResourceTracker,
        module: ThreadSafeModule,
        options: ModuleOptions,
    ) -> Result<Vec<String>, Error> {
        let (name, symbols) = module.with_module(|module| {
            let symbols = defined(&self.emitter.mangler, &definitions(module))?;
            Ok::<_, Error>((module.get_name().to_string_lossy().into_owned(), symbols))
        })?;
        let names = symbols
            .iter()
            .map(|symbol| symbol.linker_name.clone())
            .collect();
        if !module.with_module(inline_assembly).is_empty() {
            self.add_now(tracker, module, &options)?;
            return Ok(names);
        }
        let unit = ModuleUnit {
            name,
            emitter: self.emitter.clone(),
            module,
            options,
            symbols,
            failed_discard: None,
        };
        tracker.define(Box::new(unit))?;
        Ok(names)
    }

    /// Compiles a module on this thread and adds the object file, which is linked when one of its symbols is first
    /// looked up. For threads made for compiling: lookups, which may be anybody's, then only link.
    ///
    /// # Errors
    /// Whatever keeps the module from being compiled, and as [`CompileLayer::add`]. Nothing was added then.
    pub fn add_now(
        &self,
        tracker: &ResourceTracker,
        module: ThreadSafeModule,
        options: &ModuleOptions,
    ) -> Result<CompileReport, Error> {
        let (object, report) =
            module.with_module(|module| self.emitter.compile(module, options))?;
        self.objects.add(tracker, object)?;
        Ok(report)
    }

    /// Compiles a module and hands it to the object layer, or fails `responsibility` with the reason.
    ///
    /// A module with bodies of both tiers is split in two, each with its part of the responsibility.
    pub fn emit(
        &self,
        responsibility: Responsibility,
        module: &ThreadSafeModule,
        options: &ModuleOptions,
    ) {
        self.emitter.emit(responsibility, module, options);
    }

    /// Compiles a module to an object file without linking it. The module is good for nothing afterwards.
    ///
    /// # Errors
    /// As the policy's [`CompileModule::compile`].
    pub fn compile(&self, module: &Module<'_>, options: &ModuleOptions) -> Result<Compiled, Error> {
        self.emitter.compiler.compile(module, options)
    }
}

impl Emitter {
    pub(crate) fn emit(
        &self,
        responsibility: Responsibility,
        module: &ThreadSafeModule,
        options: &ModuleOptions,
    ) {
        match split(module) {
            Ok(None) => self.emit_one(responsibility, module, options),
            Ok(Some(halves)) => self.emit_halves(responsibility, &halves, options),
            Err(error) => responsibility.fail(&error.into()),
        }
    }

    fn emit_one(
        &self,
        responsibility: Responsibility,
        module: &ThreadSafeModule,
        options: &ModuleOptions,
    ) {
        match module.with_module(|module| self.compile(module, options)) {
            Ok((object, _)) => responsibility
                .session()
                .object_layer()
                .emit(responsibility, object),
            Err(error) => responsibility.fail(&error.into()),
        }
    }

    /// Emits both halves. They refer to one another, and ORC links each when the other is there; if one fails, the
    /// symbols of the other that need it fail with it.
    fn emit_halves(
        &self,
        mut responsibility: Responsibility,
        [first, second]: &[ThreadSafeModule; 2],
        options: &ModuleOptions,
    ) {
        match self.delegate(&mut responsibility, first, second) {
            Ok(part) => {
                self.emit_one(part, first, options);
                self.emit_one(responsibility, second, options);
            }
            Err(error) => responsibility.fail(&error.into()),
        }
    }

    /// Splits off the responsibility for what `first` defines. Symbols of either half that nobody was responsible for
    /// were local to the module before it was split.
    fn delegate(
        &self,
        responsibility: &mut Responsibility,
        first: &ThreadSafeModule,
        second: &ThreadSafeModule,
    ) -> Result<Responsibility, Error> {
        let symbols_of = |module: &ThreadSafeModule| {
            module.with_module(|module| defined(&self.mangler, &definitions(module)))
        };
        let (first, second) = (symbols_of(first)?, symbols_of(second)?);
        let promised = responsibility.symbols();
        let is_new = |symbol: &&Defined| {
            !promised
                .iter()
                .any(|(name, _)| name.as_str() == symbol.linker_name)
        };
        let further: Vec<_> = first
            .iter()
            .chain(&second)
            .filter(is_new)
            .map(|symbol| (symbol.linker_name.clone(), symbol.flags))
            .collect();
        responsibility.define_further(&further)?;
        let names: Vec<_> = first
            .iter()
            .map(|symbol| SymbolString::intern(responsibility.session(), &symbol.linker_name))
            .collect::<Result<_, _>>()?;
        Ok(responsibility.delegate(&names)?)
    }

    fn compile(
        &self,
        module: &Module<'_>,
        options: &ModuleOptions,
    ) -> Result<(MemoryBuffer, CompileReport), Error> {
        // Before the passes, which may add functions of their own.
        let bodies = definitions(module)
            .into_iter()
            .filter(is_body)
            .map(|body| body.name)
            .collect();
        let compiled = self.compiler.compile(module, options)?;
        let report = CompileReport {
            module: module.get_name().to_string_lossy().into_owned(),
            tier: compiled.tier,
            bodies,
            times: compiled.times,
            code_bytes: compiled.code_bytes,
            object_bytes: compiled.object.as_slice().len(),
            not_widened: compiled.not_widened,
        };
        if let Some(on_compiled) = &self.on_compiled {
            on_compiled(&report);
        }
        Ok((compiled.object, report))
    }
}

impl fmt::Debug for CompileLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompileLayer")
            .field("session", self.objects.session())
            .finish_non_exhaustive()
    }
}
