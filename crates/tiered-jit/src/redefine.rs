//! Functions that get another meaning while the program runs.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use tjit_link::{Input, LinkError, Linked, Program, Redefinition, demangle};
use tjit_runtime::{Compiled, FunctionId, FunctionRecord, UnitId};

use crate::baseline;
use crate::config::Tiering;
use crate::engine::Engine;
use crate::facts::dependencies::Source;
use crate::facts::{self, settled};
use crate::lifecycle::{Arguments, Uncaught};
use crate::module::Module;
use crate::owner::COMPILE_STACK;
use crate::source::ModuleSource;
use crate::{Error, TieredJit, fork, lifecycle, unload};

/// What [`TieredJit::redefine`] did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Redefined {
    /// The function's linker-level name.
    pub symbol: Arc<str>,
    /// The module with the new body.
    pub module: Module,
    /// The functions that had code which was made with the old body, the function itself among them, by their linker-level
    /// names in alphabetical order.
    pub invalidated: Vec<Arc<str>>,
}

impl TieredJit {
    /// Replaces the body of a function. The name is that of the source (`Circle::area`) or the linker's; the module defines the
    /// function under its linker-level name, or a `static` one under its own, with the same type. What else is in the module is
    /// linked, and its constructors run, as by [`TieredJit::add_module`]: its static variables are its own, but for those that the
    /// language has once in a program, such as those in inline functions.
    ///
    /// When this returns, every call that begins runs the new body: the function itself, whose address stays, and every function
    /// that the old body was inlined into, or could have been. Those go back to code that is right, or are compiled when they are
    /// called next, and what was optimised is optimised again in the background. Calls under way go on in the code they are in.
    /// Transformations that somebody asked for, for the old body, are forgotten.
    ///
    /// That holds for whatever could lead to the old body: units that are being compiled are not published with it, and versions that
    /// have it are not rolled back to. There is one moment at which the new body takes over, before this returns: when a call has run
    /// it, no call that begins after that, on that thread or one that has heard of it, runs the old one, whichever function it calls.
    ///
    /// What compilers know of the old body beside its type, because it was declared so or because they looked (that it does not throw, or
    /// does not write, or never returns null), holds for the new one only as far as its own definition says so. Code that was
    /// compiled for more is taken back as well, that of callers of callers too. Where a program ends in calls of a
    /// function that never returns, there is nowhere to come back to: a body that is not declared so too is refused
    /// ([`Unredefinable::Returns`](tjit_link::Unredefinable::Returns)). What compilers did with such knowledge before the JIT got
    /// the modules stays done: they may have inlined the old body, or left out handlers that nothing could be thrown to.
    ///
    /// Until then, also while constructors run, calls run the old body. A function may be redefined any number of times; a module
    /// with a body that gave way is dropped, with its handle, if it consists of nothing but that function and local data. Code and
    /// data stay in memory as long as they may be in use.
    ///
    /// The module with the new body can't be removed as long as modules stay that define or use the function.
    ///
    /// # Errors
    /// [`Error::Link`] if there is no such function, or none that can be redefined ([`LinkError::Redefine`]), if the new body is of
    /// another type ([`LinkError::Signature`]), and as for [`TieredJit::add_module`]; [`Error::Compile`] if the new body can't be
    /// compiled. Nothing has changed then. [`Error::Constructor`] as for [`TieredJit::add_module`]: the module is part of the program
    /// then, and the function what it was.
    ///
    /// # Safety
    /// As [`TieredJit::add_modules`]; the new body must do for its callers what their source relies on, and for calls under way, in the
    /// old one and in its callers, what the old one promised.
    pub unsafe fn redefine(
        &self,
        name: &str,
        source: impl Into<ModuleSource>,
    ) -> Result<Redefined, Error> {
        let engine = self.engine();
        let new = prepare(engine, name, source.into())?;
        // SAFETY: our caller vouches for the module.
        unsafe { lifecycle::construct(engine, &new.linked, Arguments::none(), Uncaught::Error)? };
        switch(engine, new)
    }
}

/// A new body that is linked and compiled.
struct New {
    redefinition: Redefinition,
    linked: Linked,
    module: Module,
    body: Body,
}

/// A new body that is compiled.
struct Body {
    compiled: Compiled,
    /// How many redefinitions there had been. After another one it has to be compiled again: it may have the other's body in it, or
    /// rely on what that promised.
    after: u64,
}

impl Body {
    fn is_right(&self, engine: &Engine) -> bool {
        // Relaxed: it is changed under the lock under which this is asked.
        engine.redefinitions.load(Ordering::Relaxed) == self.after
    }
}

/// Links and compiles the new body; no code of it runs.
fn prepare(engine: &Engine, name: &str, source: ModuleSource) -> Result<New, Error> {
    let _inside = fork::enter();
    let symbol = match engine.program().resolve_name(name) {
        Ok(symbol) => symbol.to_string(),
        // It may be something else than a function of the program, which is said below.
        Err(LinkError::Unknown { .. }) => name.to_owned(),
        Err(error) => return Err(error.into()),
    };
    let input = source.read(&engine.context_for_parsing(), &engine.host)?;
    let new = link(engine, &symbol, input)?;
    settled::check_again(engine, "a module that redefines a function")?;
    Ok(new)
}

/// Links the module and compiles the new body, while nobody else sees the program: when that fails, nobody can have used what
/// the module defines.
fn link(engine: &Engine, symbol: &str, input: Input) -> Result<New, Error> {
    let mut program = engine
        .program
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let (redefinition, mut linked) = program.prepare_redefinition(symbol, input)?;
    let taken = engine.take_in(&program, &mut linked);
    let compiled = taken.and_then(|()| compile(engine, &program, &redefinition));
    let module = engine.modules.of(&[redefinition.module()]).pop();
    match compiled.and_then(|body| Ok((body, module.ok_or_else(|| gone(&redefinition))?))) {
        Ok((body, module)) => Ok(New {
            redefinition,
            linked,
            body,
            module,
        }),
        Err(error) => {
            unload::retract(engine, &mut program, &linked.modules);
            Err(error)
        }
    }
}

fn gone(redefinition: &Redefinition) -> Error {
    Error::NoModule(redefinition.symbol().to_string())
}

/// The baseline of the new body, on a stack that compiling it fits on.
fn compile(engine: &Engine, program: &Program, redefinition: &Redefinition) -> Result<Body, Error> {
    let record = engine.record(redefinition.symbol());
    let record = record.ok_or_else(|| Error::NoEntry(redefinition.symbol().to_string()))?;
    let compile = || {
        tjit_orc::guard("compiling a new body", || {
            Ok(compile_body(engine, program, (redefinition, record)))
        })
        .unwrap_or_else(|panic| Err(Error::Llvm(panic)))
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("tjit-redefine".to_owned())
            .stack_size(COMPILE_STACK)
            .spawn_scoped(scope, compile)
            .map_err(|error| Error::Thread(error.to_string()))?;
        let panicked = |_| Error::Thread("it panicked while it compiled a new body".to_owned());
        thread.join().map_err(panicked)?
    })
}

fn compile_body(
    engine: &Engine,
    program: &Program,
    (redefinition, record): (&Redefinition, &FunctionRecord),
) -> Result<Body, Error> {
    let names = engine.baseline_names.take(program, &[record])?;
    // Relaxed: it changes while nobody reads the program, as this thread's parent does.
    let after = engine.redefinitions.load(Ordering::Relaxed);
    let compiled = program
        .redefinition_slice(redefinition, &names[0])
        .map_err(Error::from)
        .and_then(|slice| {
            let dependencies = &mut engine.facts.state().dependencies;
            dependencies.record_baselines(std::iter::once(record.id()), &slice.bodies);
            let home = Some(redefinition.module());
            let group = baseline::compile_slice(engine, (&slice.module, home), &[record], &names)?;
            let compiled = group.only()?;
            Ok(Body { compiled, after })
        });
    compiled.map_err(|error| {
        engine.baseline_names.give_back(&[record], &names);
        Error::Compile {
            function: record.symbol().to_string(),
            reason: error.to_string(),
        }
    })
}

/// Makes the new body the one that counts.
fn switch(engine: &Engine, mut new: New) -> Result<Redefined, Error> {
    let _inside = fork::enter();
    // From here to the end no other function is redefined, so that program and slots agree on which body came last.
    let mut changing = engine.facts.changing();
    while !new.body.is_right(engine) {
        drop(changing);
        new.body = compile(engine, &engine.program(), &new.redefinition)?;
        changing = engine.facts.changing();
    }
    let symbol = new.redefinition.symbol().clone();
    let record = engine.record(&symbol);
    let record = record.ok_or_else(|| Error::NoEntry(symbol.to_string()))?;
    let shown = demangle(&symbol);
    let mut stale = Stale::new(engine, Arc::from(format!("`{shown}` was redefined")));
    let guards = settled::guards(&changing, engine);
    let (done, switched) = {
        let program = engine.program.write();
        let mut program = program.unwrap_or_else(PoisonError::into_inner);
        // Relaxed: the locks order it.
        engine.redefinitions.fetch_add(1, Ordering::Relaxed);
        let done = program.redefine(&new.redefinition)?;
        // All under this lock, under which nothing is sliced: whatever has the old body is gone from its slot before anything can
        // lead to the new one, which is the slot of the function alone until the lock is released.
        let writer = format!("the new `{shown}`");
        let checked = settled::check_again_in(&program, (engine, &guards), &writer);
        let (own, others) = Old::find(engine, &done.changed, record.id());
        let taken_back = stale.take_back(others);
        // What can't be taken back must not keep the others.
        let body = (!done.is_body_stale).then_some(new.body.compiled);
        let replaced = stale.replace(record, body);
        // Those that a new baseline has not ended already.
        let ended = stale.take_back(own);
        (done, checked.and(taken_back).and(replaced).and(ended))
    };
    engine.recipes.forget(record.id());
    if let Some(dropped) = done.dropped {
        engine.modules.dissolve(dropped);
    }
    switched?;
    Ok(Redefined {
        symbol,
        module: new.module,
        invalidated: stale.names(),
    })
}

/// What was compiled, or is being compiled, with definitions that have changed.
#[derive(Default)]
struct Old {
    baselines: BTreeSet<FunctionId>,
    units: BTreeSet<(FunctionId, UnitId)>,
}

impl Old {
    /// What is the redefined function's own, and what is that of others.
    ///
    /// To be called while nobody else sees the program: what is sliced before is found, and nothing that is sliced later.
    fn find(engine: &Engine, changed: &[Arc<str>], redefined: FunctionId) -> (Self, Self) {
        let dependencies = &mut engine.facts.state().dependencies;
        let mut found = Self::default();
        for symbol in changed {
            let own = engine.record(symbol).map(FunctionRecord::id);
            let own = own.filter(|id| *id != redefined);
            let users = dependencies.take_baselines(symbol).into_iter();
            found.baselines.extend(users.chain(own));
            found.units.extend(dependencies.users(symbol, Source::Body));
        }
        found.split(redefined)
    }

    /// What is of this function, and what is not.
    fn split(self, function: FunctionId) -> (Self, Self) {
        let (baselines, other_baselines) = self.baselines.iter().partition(|id| **id == function);
        let (units, other_units) = self.units.iter().partition(|(id, _)| *id == function);
        let own = Self { baselines, units };
        let others = Self {
            baselines: other_baselines,
            units: other_units,
        };
        (own, others)
    }
}

/// Code that is not right any more.
struct Stale<'e> {
    engine: &'e Engine,
    reason: Arc<str>,
    functions: BTreeSet<FunctionId>,
}

impl<'e> Stale<'e> {
    fn new(engine: &'e Engine, reason: Arc<str>) -> Self {
        Self {
            engine,
            reason,
            functions: BTreeSet::new(),
        }
    }

    /// Gives the redefined function its new baseline, or has the next call compile it where there are no baselines or this one is
    /// not right.
    fn replace(&mut self, record: &FunctionRecord, body: Option<Compiled>) -> Result<(), Error> {
        let engine = self.engine;
        if record.code().is_some() {
            self.functions.insert(record.id());
        }
        let body = body.filter(|_| engine.config.tiering != Tiering::Optimized);
        let Some(compiled) = body else {
            self.forget_baseline(record.id())?;
            return Ok(engine.runtime.note_redefined(record.id())?);
        };
        let install = |address| engine.install(record, address);
        let rebased = engine
            .runtime
            .rebase(record.id(), (compiled, &self.reason), install);
        rebased.map(drop)
    }

    fn take_back(&mut self, old: Old) -> Result<(), Error> {
        // Before the units, which fall back to them.
        let baselines = old.baselines.into_iter();
        let forgotten = baselines.map(|id| self.forget_baseline(id));
        let forgotten = forgotten.fold(Ok(()), Result::and);
        let functions = old.units.iter().map(|(function, _)| *function);
        self.functions.extend(functions);
        let units: Vec<_> = old.units.into_iter().collect();
        forgotten.and(facts::invalidate(self.engine, units, &self.reason))
    }

    fn forget_baseline(&mut self, id: FunctionId) -> Result<(), Error> {
        let engine = self.engine;
        let install = || engine.fall_back(id, None);
        if engine.runtime.debase(id, &self.reason, install)? {
            self.functions.insert(id);
        }
        Ok(())
    }

    fn names(&self) -> Vec<Arc<str>> {
        let table = self.engine.runtime.table();
        let records = self.functions.iter().filter_map(|&id| table.get(id));
        let mut names: Vec<_> = records.map(|record| record.symbol().clone()).collect();
        names.sort_unstable();
        names
    }
}
