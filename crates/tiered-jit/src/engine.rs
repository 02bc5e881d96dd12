//! What the parts of a JIT share: the session, the program, the stubs, the runtime.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use tjit_compile_layer::CompileLayer;
use tjit_failpoint::Point;
use tjit_link::{DataModule, FunctionKind, Input, Linked, LinkedFunction, LinkedObject, Program};
use tjit_orc::{Dylib, MemoryBuffer, ThreadSafeContext};
use tjit_runtime::{FunctionId, FunctionInfo, FunctionRecord, Runtime, Tier, UnitId};
use tjit_stubs::{CodePtr, StubId, StubManager, Target};

use crate::Error;
use crate::assemble;
use crate::baseline_names::BaselineNames;
use crate::bodiless::Bodiless;
use crate::canary::Canaries;
use crate::config::Config;
use crate::directives::Directives;
use crate::exit::{Exits, Handle};
use crate::facts::FactBase;
use crate::host::Host;
use crate::module::Modules;
use crate::recipe::{Recipe, Recipes};
use crate::reclaim::Reclaim;
use crate::request::Request;
use crate::support::function_at;
use crate::trip::{TripContext, TripFunctions};
use crate::unload;
use crate::version_numbers::VersionNumbers;
use crate::watcher::Watcher;

pub(crate) struct Engine {
    pub(crate) config: Config,
    /// What the embedder says of single functions.
    pub(crate) directives: Directives,
    // Before everything that its code refers to: dropped first.
    pub(crate) dylib: Dylib,
    pub(crate) layer: Arc<CompileLayer>,
    pub(crate) modules: Modules,
    /// The memory of versions.
    pub(crate) reclaim: Arc<Reclaim>,
    pub(crate) program: RwLock<Program>,
    /// The context that the program's modules live in.
    pub(crate) context: ThreadSafeContext,
    pub(crate) host: Arc<Host>,
    pub(crate) stubs: Arc<StubManager>,
    pub(crate) runtime: Arc<Runtime<Request>>,
    pub(crate) bodiless: Arc<Bodiless>,
    /// What optimised code relies on.
    pub(crate) facts: FactBase,
    pub(crate) numbers: Arc<VersionNumbers>,
    /// Versions that are being tried on some of the calls.
    pub(crate) canaries: Canaries,
    /// How optimised versions were made.
    pub(crate) recipes: Recipes,
    pub(crate) baseline_names: BaselineNames,
    /// How often functions were redefined.
    pub(crate) redefinitions: AtomicU64,
    /// Waits for what makes requests.
    pub(crate) watcher: Watcher,
    /// Addresses of what every program gets from us: the parts of libc that are linked statically, the trip function, and
    /// the one through which we call it.
    pub(crate) support: HashMap<String, u64>,
    pub(crate) exits: Arc<Exits>,
    /// For what belongs to no module.
    pub(crate) handle: Option<Arc<Handle>>,
    /// Whether modules come and go in this program.
    pub(crate) has_removed: AtomicBool,
    /// Functions that were removed, by their names: one that comes back gets its stub and record again.
    pub(crate) removed: Mutex<HashMap<Arc<str>, FunctionId>>,
    // Its address is part of generated code.
    pub(crate) trip_context: Box<TripContext>,
}

impl Engine {
    /// The program, for reading.
    pub(crate) fn program(&self) -> RwLockReadGuard<'_, Program> {
        self.program.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Links modules into the program, all or none, and gives their functions stubs. Runs none of their code.
    pub(crate) fn link(
        &self,
        inputs: impl IntoIterator<Item = Result<Input, Error>>,
    ) -> Result<Linked, Error> {
        // One writer at a time also keeps stub and function indices in step.
        let mut program = self.program.write().unwrap_or_else(PoisonError::into_inner);
        let mut linked = program.try_link(inputs)?;
        if let Err(error) = self.take_in(&program, &mut linked) {
            unload::retract(self, &mut program, &linked.modules);
            return Err(error);
        }
        Ok(linked)
    }

    /// Makes what was linked known to stubs, runtime and ORC.
    pub(crate) fn take_in(&self, program: &Program, linked: &mut Linked) -> Result<(), Error> {
        self.define_functions(linked)?;
        self.define_aliases(linked)?;
        self.enter_modules(program, linked)?;
        let data = self.add_data(std::mem::take(&mut linked.data))?;
        self.add_objects(std::mem::take(&mut linked.objects))?;
        // Now, so that what the linker refuses is an error here: later it would take down whoever came first, for good.
        self.dylib
            .lookup_all(&data.iter().map(String::as_str).collect::<Vec<_>>())?;
        let mut functions = linked.functions.iter();
        functions.try_for_each(|function| self.lead_on(function))
    }

    /// Each function has a stub and a record of one number; those that were undefined so far have them already.
    fn define_functions(&self, linked: &Linked) -> Result<(), Error> {
        let (known, new): (Vec<_>, Vec<_>) = linked
            .functions
            .iter()
            .partition(|function| function.was_undefined);
        let mut unseen = Vec::with_capacity(new.len());
        for function in new {
            if !self.restore(&function.symbol)? {
                unseen.push(function);
            }
        }
        let stubs = self.stubs.create_batch(
            unseen
                .iter()
                .map(|function| (function.symbol.as_str(), Target::Lazy)),
        )?;
        for (stub, function) in stubs.iter().zip(&unseen) {
            let id = self.runtime.register(FunctionInfo::new(
                function.symbol.as_str(),
                stub.address.addr(),
            ))?;
            debug_assert_eq!(
                id.index(),
                stub.id.index(),
                "stubs and functions are numbered alike"
            );
        }
        for function in &linked.functions {
            if let Some(record) = self.record(&function.symbol) {
                let check = |pipeline: &str| assemble::check_pipeline(&self.layer, pipeline);
                self.directives
                    .annotate(&function.symbol, &function.notes, check);
                record.set_directive(self.directives.of(&function.symbol));
            }
        }
        for function in known {
            if let Some(stub) = self.stubs.find(&function.symbol) {
                self.bodiless.remove(FunctionId::new(stub.id.index()));
                self.stubs.reset_lazy(stub.id)?;
            }
        }
        Ok(())
    }

    /// Sees to what stands behind the stub of a function without a body: objects have been linked.
    fn lead_on(&self, function: &LinkedFunction) -> Result<(), Error> {
        let id = |symbol| {
            let record = self.record(symbol);
            record.ok_or_else(|| Error::NoEntry(function.symbol.clone()))
        };
        match &function.kind {
            FunctionKind::Body => {}
            FunctionKind::Undefined => self.bodiless.add_undefined(id(&function.symbol)?.id()),
            FunctionKind::IFunc { resolver } => {
                let resolver = match self.record(resolver) {
                    Some(resolver) => resolver.stub(),
                    None => self.native_address(resolver)?,
                };
                self.bodiless
                    .add_ifunc(id(&function.symbol)?.id(), resolver);
            }
            FunctionKind::Native { body } => {
                let address = self.native_address(body)?;
                self.install(id(&function.symbol)?, address)?;
            }
        }
        Ok(())
    }

    /// Runs the resolvers of the ifuncs among newly linked functions, on this thread, and leads their stubs where they say.
    ///
    /// # Safety
    /// The modules' code must be free of undefined behaviour.
    pub(crate) unsafe fn choose_ifuncs(&self, linked: &Linked) -> Result<(), Error> {
        for function in &linked.functions {
            if let FunctionKind::IFunc { .. } = function.kind
                && let Some(record) = self.record(&function.symbol)
            {
                let code = self.bodiless.choose(record)?;
                self.install(record, code.addr())?;
            }
        }
        Ok(())
    }

    /// Where to parse a module.
    ///
    /// What locals are called depends on the contents of their module only if it is parsed by itself, for LLVM renames types
    /// that others of the context have. In a program whose modules come and go a function that comes back is to have the name
    /// that it had; in others it is not worth parsing twice.
    pub(crate) fn context_for_parsing(&self) -> ThreadSafeContext {
        // Relaxed: it only decides what names look like.
        match self.has_removed.load(Ordering::Relaxed) {
            true => ThreadSafeContext::new(),
            false => self.context.clone(),
        }
    }

    /// Enters the modules, and gives those their handles that have use for one.
    fn enter_modules(&self, program: &Program, linked: &Linked) -> Result<(), Error> {
        let mut handles: HashMap<_, _> = linked
            .handles
            .iter()
            .map(|(module, name)| (*module, (name, Handle::new(&self.exits, *module))))
            .collect();
        let at = |handle: &Arc<Handle>| function_at(handle.address() as u64);
        let symbols = handles
            .values()
            .map(|(name, handle)| (name.as_str(), at(handle)));
        self.dylib.define_absolute(symbols.collect::<Vec<_>>())?;
        for &module in &linked.modules {
            let handle = handles.remove(&module).map(|(_, handle)| handle);
            let name = program.module_name(module).unwrap_or_default();
            self.modules.add(module, name, handle);
        }
        Ok(())
    }

    /// Gives a function the stub and the record that it had before it was removed, if it was.
    fn restore(&self, symbol: &str) -> Result<bool, Error> {
        let mut removed = self.removed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(id) = removed.remove(symbol) else {
            return Ok(false);
        };
        // SAFETY: nobody kept an address of a function of a module that was removed; whoever removed it vouched for that.
        unsafe { self.stubs.recycle(StubId::from_index(id.index()))? };
        let stub = self.stubs.create(symbol, Target::Lazy)?;
        debug_assert_eq!(
            stub.id.index(),
            id.index(),
            "the last that was recycled is the next"
        );
        self.runtime.reset(id)?;
        Ok(true)
    }

    /// Adds variables and returns one symbol of each module of them. Looking it up links the module.
    fn add_data(&self, modules: Vec<DataModule>) -> Result<Vec<String>, Error> {
        let add = |data: DataModule| {
            let options = tjit_compile_layer::ModuleOptions::default();
            let tracker = self.dylib.create_tracker();
            let symbols = self.layer.add(&tracker, data.ir, options)?;
            self.modules.keep(data.module, (tracker, 0));
            Ok(symbols.into_iter().next())
        };
        modules
            .into_iter()
            .filter_map(|data| add(data).transpose())
            .collect()
    }

    /// Adds native objects and links them, so that one that the linker refuses is an error now and not a call that fails.
    fn add_objects(&self, objects: Vec<LinkedObject>) -> Result<(), Error> {
        let mut defined = Vec::new();
        for object in &objects {
            let layer = self.dylib.session().object_layer();
            let contents = MemoryBuffer::copy_of(&object.bytes);
            let tracker = self.dylib.create_tracker();
            layer.add(&tracker, contents)?;
            self.modules.keep(Some(object.module), (tracker, 0));
            defined.extend(object.symbols.first().map(String::as_str));
            defined.extend(object.handle.as_deref());
        }
        if defined.is_empty() {
            return Ok(());
        }
        let addresses = self.dylib.lookup_all(&defined)?;
        for object in &objects {
            let address = object.handle.as_ref().and_then(|name| addresses.get(name));
            if let Some(address) = address.and_then(|&address| usize::try_from(address).ok()) {
                let handle = Handle::of_object(&self.exits, object.module, address);
                self.modules.give_handle(object.module, handle);
            }
        }
        Ok(())
    }

    /// The address of a function of the program: its stub, or where a native object has it.
    pub(crate) fn address(&self, symbol: &str) -> Result<usize, Error> {
        if let Some(record) = self.record(symbol) {
            return Ok(record.stub());
        }
        if !self.program().is_native_function(symbol) {
            return Err(Error::NoEntry(symbol.to_owned()));
        }
        self.native_address(symbol)
    }

    /// Where a symbol of an object is.
    fn native_address(&self, symbol: &str) -> Result<usize, Error> {
        let address = usize::try_from(self.dylib.lookup(symbol)?);
        address.map_err(|_| Error::NoEntry(symbol.to_owned()))
    }

    /// An alias of a function is the same stub under another name. One that was undefined so far has a stub of its own, which
    /// leads to that one.
    fn define_aliases(&self, linked: &Linked) -> Result<(), Error> {
        let mut symbols = Vec::new();
        for (alias, target) in &linked.function_aliases {
            let Some(stub) = self.stubs.find(target) else {
                continue;
            };
            match self.stubs.find(alias) {
                Some(known) => {
                    self.bodiless.remove(FunctionId::new(known.id.index()));
                    self.stubs.update(known.id, stub.address)?;
                }
                None => symbols.push((alias.as_str(), function_at(stub.address.addr() as u64))),
            }
        }
        if !symbols.is_empty() {
            self.dylib.define_absolute(symbols)?;
        }
        Ok(())
    }

    /// The record of the function with this linker-level name.
    pub(crate) fn record(&self, symbol: &str) -> Option<&FunctionRecord> {
        let stub = self.stubs.find(symbol)?;
        self.runtime.table().get(FunctionId::new(stub.id.index()))
    }

    /// Makes the stub of `function` lead to `address`.
    pub(crate) fn install(&self, function: &FunctionRecord, address: usize) -> Result<(), Error> {
        let fail = |reason: String| Error::Compile {
            function: function.symbol().to_string(),
            reason,
        };
        tjit_failpoint::hit(Point::Publish).map_err(|injected| fail(injected.to_string()))?;
        let id = StubId::from_index(function.id().index());
        let code = CodePtr::new(address)
            .ok_or_else(|| fail("the linker placed it at address zero".to_owned()))?;
        Ok(self.stubs.update(id, code)?)
    }

    /// Makes the stubs of several functions lead to these addresses, or none.
    pub(crate) fn install_all(&self, addresses: &[(FunctionId, usize)]) -> Result<(), Error> {
        let fail = |id, reason: &str| {
            let function = self.runtime.table().get(id);
            Error::Compile {
                function: function.map_or_else(String::new, |record| record.symbol().to_string()),
                reason: reason.to_owned(),
            }
        };
        let target = |&(id, address): &(FunctionId, usize)| {
            tjit_failpoint::hit(Point::Publish)
                .map_err(|injected| fail(id, &injected.to_string()))?;
            let code = CodePtr::new(address);
            let code = code.ok_or_else(|| fail(id, "the linker placed it at address zero"))?;
            Ok((StubId::from_index(id.index()), code))
        };
        let targets: Vec<_> = addresses.iter().map(target).collect::<Result<_, Error>>()?;
        Ok(self.stubs.update_batch(targets)?)
    }

    /// The function is not the program's any more, or begins anew: no fact can take a version of it back.
    pub(crate) fn forget_facts(&self, function: FunctionId) {
        self.facts.state().dependencies.forget_function(function);
        self.recipes.forget(function);
        self.reclaim.forget_function(function);
        self.baseline_names.forget(function);
    }

    /// `unit` is going to be compiled: what it relies on and how it is made are kept for as long as its version may run.
    pub(crate) fn begin_unit(
        &self,
        function: FunctionId,
        unit: UnitId,
        recipe: (&Recipe, &[Request]),
    ) {
        self.facts.state().dependencies.begin(unit, function);
        self.recipes.begin(function, unit, recipe);
    }

    /// `unit` will not be published.
    pub(crate) fn abandon_unit(&self, function: FunctionId, unit: UnitId) {
        self.facts.state().dependencies.gone(unit, function);
        self.recipes.forget_unit(function, unit);
    }

    /// Whether `unit` is being compiled, or its version runs.
    pub(crate) fn is_current(&self, function: FunctionId, unit: UnitId) -> bool {
        let record = self.runtime.table().get(function);
        record.is_some_and(|record| record.is_current(unit))
    }

    /// The version that `unit` became has no code any more.
    pub(crate) fn forget_unit(&self, function: FunctionId, unit: UnitId) {
        self.facts.state().dependencies.gone(unit, function);
        let record = self.runtime.table().get(function);
        // What is to come in its place is made as it was.
        if record.is_none_or(|record| record.last_unit() != Some(unit)) {
            self.recipes.forget_unit(function, unit);
        }
    }

    /// Makes the stub of `function` lead to its baseline again, or to a first call if it has none.
    pub(crate) fn fall_back(
        &self,
        function: FunctionId,
        baseline: Option<usize>,
    ) -> Result<(), Error> {
        let id = StubId::from_index(function.index());
        match baseline.and_then(CodePtr::new) {
            Some(code) => Ok(self.stubs.update(id, code)?),
            None => Ok(self.stubs.reset_lazy(id)?),
        }
    }

    /// The names under which counters in code of a tier call the runtime. A function of the program that is called as ours must
    /// not be mistaken for it.
    pub(crate) fn trip_functions(&self, tier: Tier) -> TripFunctions {
        let mut functions = TripFunctions::own(tier);
        if tier > Tier::BASELINE {
            return functions;
        }
        for (own, usual) in [
            (&mut functions.calls, tjit_instrument::TRIP_FUNCTION),
            (&mut functions.loops, tjit_instrument::LOOP_FUNCTION),
        ] {
            if self.stubs.find(usual).is_none() {
                usual.clone_into(own);
            }
        }
        functions
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
