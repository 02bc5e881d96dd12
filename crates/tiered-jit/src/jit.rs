//! The JIT as its embedder sees it.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tjit_link::{Input, Linked, demangle};
use tjit_runtime::{Directive, EventReceiver, FunctionRecord, FunctionState, Stats, TierSpec};

use crate::config::Builder;
use crate::engine::Engine;
use crate::entry::{Entered, Function, FunctionPointer};
use crate::facts::settled;
use crate::lifecycle::{Arguments, Uncaught};
use crate::module::Module;
use crate::owner::Owner;
use crate::reclaim::CodeMemory;
use crate::source::ModuleSource;
use crate::{Error, assemble, fork, lifecycle, unload};

/// A program that is compiled as it runs and recompiled where it is hot, or where the embedder says so.
///
/// Clones are handles on the same JIT. All methods may be called from any thread. The JIT lives as long as any clone or
/// [`Function`] does; when the last one is dropped, the program's destructors run and its code and data are freed.
///
/// # Example
/// See the [crate documentation](crate).
#[derive(Clone)]
pub struct TieredJit {
    owner: Arc<Owner>,
}

impl TieredJit {
    /// Chooses how the JIT works.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A JIT with all the defaults.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    pub(crate) fn start(builder: Builder) -> Result<Self, Error> {
        Ok(Self::of(Owner::start(builder)?))
    }

    pub(crate) fn of(owner: Arc<Owner>) -> Self {
        Self { owner }
    }

    pub(crate) fn owner(&self) -> &Arc<Owner> {
        &self.owner
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.owner.engine
    }

    /// Adds one module and returns a handle on it; see [`TieredJit::add_modules`].
    ///
    /// # Errors
    /// As [`TieredJit::add_modules`].
    ///
    /// # Safety
    /// As [`TieredJit::add_modules`].
    pub unsafe fn add_module(&self, source: impl Into<ModuleSource>) -> Result<Module, Error> {
        // SAFETY: our caller vouches for the module.
        let modules = unsafe { self.add_modules([source.into()])? };
        let module = modules.into_iter().next();
        module.ok_or_else(|| Error::NoModule("that was just added".to_owned()))
    }

    /// Links modules into the program, all of them or none, and runs their static constructors, in order of priority, on
    /// this thread. The modules may refer to one another, to modules added before, and to the host. A function that nobody
    /// defines may be called once a later module defines it; calling it before is an error that names it.
    ///
    /// # Errors
    /// [`Error::Llvm`] if a module can't be parsed, [`Error::Link`] if it is broken, made for another target, defines what is
    /// defined already, refers to a variable that nobody defines, or uses what can't be linked. Nothing has changed then.
    /// [`Error::IFunc`] if a resolver failed, which leaves that function an error to call, and no constructor has run.
    /// [`Error::Constructor`] if an exception left a constructor, or what else ended one (see [`TieredJit::protect`]): the modules
    /// are part of the program then, and the constructors after it have not run.
    ///
    /// # Safety
    /// The modules' code runs: their constructors now, and whatever is called later. It must be free of undefined behaviour,
    /// and declare what it takes from the host as the host defines it.
    pub unsafe fn add_modules(
        &self,
        sources: impl IntoIterator<Item = ModuleSource>,
    ) -> Result<Vec<Module>, Error> {
        let linked = self.link(sources, None)?;
        let engine = self.engine();
        // SAFETY: our caller vouches for the modules.
        unsafe { lifecycle::construct(engine, &linked, Arguments::none(), Uncaught::Error)? };
        let _brief = fork::enter_briefly();
        Ok(engine.modules.of(&linked.modules))
    }

    /// The modules of the program, in the order in which they were added.
    pub fn modules(&self) -> Vec<Module> {
        let _brief = fork::enter_briefly();
        self.engine().modules.list()
    }

    /// Removes one module; see [`TieredJit::remove_modules`].
    ///
    /// # Errors
    /// As [`TieredJit::remove_modules`].
    ///
    /// # Safety
    /// As [`TieredJit::remove_modules`].
    pub unsafe fn remove_module(&self, module: &Module) -> Result<(), Error> {
        // SAFETY: our caller vouches for the module.
        unsafe { self.remove_modules(std::slice::from_ref(module)) }
    }

    /// Takes modules out of the program, all of them or none, as `dlclose` does: destroys this thread's thread-locals of theirs,
    /// calls what they registered with `atexit` and the like, last first, and their destructors, on this thread; then frees
    /// their code, versions, data and symbols. What they registered for `quick_exit` and `fork` is dropped. Modules that use one
    /// another go together.
    ///
    /// An inline function that a module which stays has too goes over to that one: it keeps its address and is compiled anew
    /// when it is called next. The names are free then; a module that defines them again may be added. A function that comes
    /// back under the same name has the address it had.
    ///
    /// Waits until nothing is being compiled.
    ///
    /// # Errors
    /// [`Error::Link`] with [`InUse`](crate::LinkError::InUse) and the names if a module that stays uses one of them,
    /// [`Error::ThreadExits`] if other threads have yet to destroy thread-locals of theirs, [`Error::NoModule`] if one was
    /// removed before or is another JIT's, [`Error::Inside`] in a transformation. Nothing has changed then. An error of a
    /// handler, as [`TieredJit::protect`] has it: the modules stay, without the handlers that have run. Any other says what
    /// could not be freed of modules that are gone.
    ///
    /// # Safety
    /// No thread runs code of the modules, or of inline functions that they have, or will run it later, and nobody uses
    /// addresses of their functions and variables any more. No module that uses them is added meanwhile.
    pub unsafe fn remove_modules(&self, modules: &[Module]) -> Result<(), Error> {
        // SAFETY: says our caller.
        unsafe { unload::unload(self.engine(), modules) }
    }

    /// Parses and links modules; none of their code runs. The entry function may be in an archive.
    fn link(
        &self,
        sources: impl IntoIterator<Item = ModuleSource>,
        entry: Option<&str>,
    ) -> Result<Linked, Error> {
        let engine = self.engine();
        let _inside = fork::enter();
        let host = Input::Library(Arc::new(engine.host.named()));
        // The embedder's iterator is at its end before the program is locked.
        let sources: Vec<_> = sources.into_iter().collect();
        let inputs = sources
            .into_iter()
            .map(|source| source.read(&engine.context_for_parsing(), &engine.host));
        let entry = entry.map(|entry| Input::Wanted(entry.to_owned()));
        let first = std::iter::once(host).chain(entry);
        let linked = engine.link(first.map(Ok).chain(inputs))?;
        settled::check_again(engine, "a module that was added")?;
        Ok(linked)
    }

    /// A handle on a function, by its name in the source (`Circle::area`) or its linker-level name (`_ZN6Circle4areaEv`).
    ///
    /// Taking the handle is safe; calling it is not, and it is there that `F` must be the function's type. What the function
    /// returns may be the address of a variable, to which the embedder may write: such a variable is not taken for a constant
    /// any more from when this returns.
    ///
    /// # Errors
    /// [`Error::Link`] if no function has that name, or several do; the candidates are listed.
    pub fn function<F: FunctionPointer>(&self, name: &str) -> Result<Function<F>, Error> {
        let engine = self.engine();
        let brief = fork::enter_briefly();
        let symbol: Arc<str> = engine.program().resolve_name(name)?.into();
        let address = engine.address(&symbol)?;
        let has_changed = engine.program().note_outside_calls(&symbol);
        drop(brief);
        // Before anybody can call it and get the address of a variable.
        if has_changed {
            let _inside = fork::enter();
            let caller = format!("callers of `{}` outside the program", demangle(&symbol));
            settled::check_again(engine, &caller)?;
        }
        Ok(Function::new(self.owner.clone(), symbol, address))
    }

    /// Runs the program's `main`, or another function of that type, and returns what it returns.
    ///
    /// It gets a copy of `arguments` (the first is the program's name), which is never freed, since the program may keep
    /// pointers to it, and the process's environment. The handlers that the program registered with `atexit` run when the
    /// process exits or the JIT is dropped, whichever comes first. An exception that the program does not catch ends the
    /// process where it was thrown.
    ///
    /// # Errors
    /// [`Error::NoEntry`] if the program does not define `entry`. What ended it early; see [`TieredJit::protect`] for what
    /// becomes of the frames.
    ///
    /// # Safety
    /// `entry` must be of C's type for `main`, or one that can be called so, and the program free of undefined behaviour.
    pub unsafe fn run_main(
        &self,
        entry: &str,
        arguments: &[std::ffi::CString],
    ) -> Result<i32, Error> {
        let engine = self.engine();
        lifecycle::entry(engine, entry)?;
        let arguments = Arguments::leak(arguments);
        // SAFETY: our caller vouches for the type and the program.
        unsafe { lifecycle::run(engine, entry, arguments) }
    }

    /// Adds modules and runs them as a process runs its executable: constructors, which get the arguments too, and then
    /// `entry`. An exception that leaves a constructor ends the process, as one that leaves `entry` does. See [`TieredJit::add_modules`] and [`TieredJit::run_main`].
    ///
    /// # Errors
    /// As [`TieredJit::add_modules`], and [`Error::NoEntry`] if the program does not define `entry`, when none of its code has
    /// run; as [`TieredJit::run_main`].
    ///
    /// # Safety
    /// As [`TieredJit::add_modules`] and [`TieredJit::run_main`].
    pub unsafe fn run_program(
        &self,
        sources: impl IntoIterator<Item = ModuleSource>,
        entry: &str,
        arguments: &[std::ffi::CString],
    ) -> Result<i32, Error> {
        let linked = self.link(sources, Some(entry))?;
        let engine = self.engine();
        lifecycle::entry(engine, entry)?;
        let arguments = Arguments::leak(arguments);
        // SAFETY: our caller vouches for the modules.
        unsafe { lifecycle::construct(engine, &linked, arguments, Uncaught::Terminate)? };
        // SAFETY: our caller vouches for the type and the program.
        unsafe { lifecycle::run(engine, entry, arguments) }
    }

    /// Calls `body` such that calls it makes into the program are entries, as [`TieredJit::run_main`] is one: if one of them
    /// comes to a function that can't be had, because it can't be compiled or nobody defines it, `body` ends there.
    ///
    /// The frames from there to here are unwound: destructors of the program run, and drops of Rust. Where that would lead out
    /// of a function that must not throw, such as one that C++ declares `noexcept` or a Rust handle on an `extern "C"` function
    /// in a frame with something to drop, the process ends, after the handler given to [`Builder::on_fatal`] was told: take
    /// handles of type `unsafe extern "C-unwind" fn`. So it does in `std::panic::catch_unwind`. A C++ handler that catches
    /// everything gets to run, and then the unwinding goes on. Panics and exceptions of the program pass through.
    ///
    /// It costs a system call, which saves the signal mask: `body` may end in a signal handler.
    ///
    /// # Errors
    /// What ended `body`, such as [`Error::Compile`].
    ///
    /// # Safety
    /// Frames that can't be unwound (those of functions whose IR is `nounwind` without `uwtable`, and of assembly without call
    /// frame information), and with them all further frames of `body`, are given up without drops. `body` must be sound then:
    /// no frame of it that calls the program may own what must be dropped for that, such as the scope of a scoped thread. An
    /// [`Entered`] that was made in `body` keeps nothing any more when `body` was ended, wherever it was moved.
    ///
    /// [`Builder::on_fatal`]: crate::Builder::on_fatal
    pub unsafe fn protect<R>(&self, body: impl FnOnce() -> R) -> Result<R, Error> {
        let engine = self.engine();
        // SAFETY: our caller vouches for the frames of `body`.
        unsafe { lifecycle::protect(engine, body) }
    }

    /// Enters the program: what this thread calls until the result is dropped is not freed under it. Only needed with
    /// [`Builder::reclaim`](crate::Builder::reclaim), and then for calls other than [`Function::call`].
    ///
    /// The first time on a thread it allocates; not for signal handlers that interrupt a thread which is outside.
    pub fn enter(&self) -> Entered<'_> {
        Entered::new(self.engine().reclaim.pin())
    }

    /// Frees all versions that were displaced, on this thread, but for the last of each function, which could be rolled back to: as many
    /// as [`Builder::keep_versions`](crate::Builder::keep_versions) says. [`CodeMemory`] and [`EventKind::Reclaimed`](crate::EventKind::Reclaimed) tell what became of it.
    ///
    /// # Safety
    /// No thread is in such a version or has an address of one that it will use: none is in the program, or those that are
    /// have entered it since the last version was displaced.
    pub unsafe fn collect_now(&self) {
        let engine = self.engine();
        let _inside = fork::enter();
        // SAFETY: says our caller.
        unsafe { engine.reclaim.collect_now(engine) };
    }

    /// What optimised versions take, and how many there are that do not run.
    pub fn code_memory(&self) -> CodeMemory {
        let _brief = fork::enter_briefly();
        self.engine().reclaim.memory()
    }

    /// The tiers that functions go through, slowest code first; a [`Tier`](crate::Tier)'s number is its place here.
    pub fn tiers(&self) -> &[TierSpec] {
        self.engine().config.policy.tiers()
    }

    /// Says something of one function, by its name in the source or its linker-level name; it goes before everything that was
    /// said of it when the JIT was made. Code that is there counts as it does until it trips; `eager` is for functions that
    /// were not called yet.
    ///
    /// # Errors
    /// [`Error::Link`] if no function has that name, or several do. [`Error::Native`] if it is no IR. [`Error::Pipeline`].
    pub fn set_directive(&self, name: &str, directive: Directive) -> Result<(), Error> {
        let _inside = fork::enter();
        if let Some(pipeline) = &directive.pipeline {
            assemble::check_pipeline(&self.engine().layer, pipeline)?;
        }
        let record = self.find(name)?;
        record.set_directive(directive.or(self.engine().directives.of(record.symbol())));
        Ok(())
    }

    /// What was not understood in the directives file and in annotations, and directives that no function has the name for up
    /// to now: a line each.
    pub fn directive_warnings(&self) -> Vec<String> {
        self.engine().directives.warnings()
    }

    /// Counts and times of what was compiled up to now.
    pub fn stats(&self) -> Stats {
        let _brief = fork::enter_briefly();
        self.engine().runtime.stats()
    }

    /// Everything that happens to functions from now on. At most `capacity` events wait for the receiver; a reader that is
    /// slower than that loses events, with a count, and never holds up the program.
    pub fn subscribe(&self, capacity: NonZeroUsize) -> EventReceiver {
        let _brief = fork::enter_briefly();
        self.engine().runtime.events().subscribe(capacity)
    }

    /// Calls `visit` for every function of the program, in the order in which they were added.
    pub fn for_each_function(&self, visit: impl FnMut(&FunctionRecord)) {
        let functions = self.engine().runtime.table().iter();
        let present = functions.filter(|function| function.state() != FunctionState::Removed);
        present.for_each(visit);
    }
}

impl fmt::Debug for TieredJit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TieredJit")
            .field("engine", &self.owner.engine)
            .finish()
    }
}
