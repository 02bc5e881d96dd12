//! Taking modules out of a program that runs.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use tjit_link::{ModuleId, Program, Unloaded};
use tjit_runtime::FunctionId;
use tjit_stubs::StubId;

use crate::engine::Engine;
use crate::exit::{self, Due};
use crate::module::Module;
use crate::request::Request;
use crate::{Error, fork, lifecycle};

/// Ends modules and frees what is theirs, all of them or none.
///
/// Their handlers run while all of the program is still there; then, while nobody compiles, their functions leave the program.
/// When a handler fails, those that have not run yet are still to run, and the modules stay.
///
/// # Safety
/// As [`TieredJit::remove_modules`](crate::TieredJit::remove_modules).
pub(crate) unsafe fn unload(engine: &Engine, modules: &[Module]) -> Result<(), Error> {
    if fork::is_inside() {
        return Err(Error::Inside);
    }
    let ids = {
        let _brief = fork::enter_briefly();
        let ids = engine.modules.ids(modules)?;
        engine.program().check_unload(&ids)?;
        check_threads(engine, &ids)?;
        ids
    };
    // SAFETY: says our caller.
    unsafe { end(engine, &ids)? };
    let mut orphans = Vec::new();
    // SAFETY: says our caller.
    let gone = unsafe { take_away(engine, &ids, &mut orphans) };
    // Whoever waits may run code of an executor when it is told, which may use the JIT: nothing is held any more.
    for request in orphans {
        request.answer();
    }
    gone
}

/// Takes modules out whose handlers have run, while nobody compiles. Requests that nobody is going to serve are left to the caller.
///
/// # Safety
/// As [`unload`].
unsafe fn take_away(
    engine: &Engine,
    ids: &[ModuleId],
    orphans: &mut Vec<Orphan>,
) -> Result<(), Error> {
    let _alone = alone(engine, ids)?;
    // A handler may have started a thread, or added a module.
    check_threads(engine, ids)?;
    let mut program = engine
        .program
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let unloaded = program.unload(ids)?;
    // Relaxed: it only decides what names look like.
    engine.has_removed.store(true, Ordering::Relaxed);
    // SAFETY: says our caller; nobody compiles what could refer to it.
    unsafe { take_out(engine, (ids, &unloaded), orphans) }
}

/// A request for a function that is gone.
struct Orphan {
    symbol: Arc<str>,
    request: Request,
}

impl Orphan {
    /// Runs code of others: under no lock and outside of the gate of `fork`.
    fn answer(self) {
        let removed = Error::Removed(self.symbol.to_string());
        self.request.answer(Err(removed));
    }
}

/// Waits until nobody compiles, links or forks, and nothing of the modules is being tried.
fn alone(engine: &Engine, ids: &[ModuleId]) -> Result<fork::Alone, Error> {
    let is_theirs = |function: FunctionId| {
        let record = engine.runtime.table().get(function);
        let module = record.and_then(|record| engine.program().module_of(record.symbol()));
        module.is_some_and(|module| ids.contains(&module))
    };
    loop {
        engine.canaries.remove(is_theirs);
        let alone = fork::alone().ok_or(Error::Inside)?;
        // One may have begun before the gate was closed.
        if !engine.canaries.any(is_theirs) {
            return Ok(alone);
        }
    }
}

/// Takes modules out again that were linked and could not be taken in, so that nothing has changed.
pub(crate) fn retract(engine: &Engine, program: &mut Program, modules: &[ModuleId]) {
    // They have just been linked; if they can't go, their names stay taken, which is all that is left of them.
    if let Ok(unloaded) = program.retract(modules) {
        let mut orphans = Vec::new();
        // SAFETY: none of their code has run, nobody has an address of theirs, and nobody can get one who waits for the lock of
        // the program. What could not be freed is not used.
        let _freed = unsafe { take_out(engine, (modules, &unloaded), &mut orphans) };
        debug_assert!(
            orphans.is_empty(),
            "nobody can have asked for what the lock of the program hides"
        );
    }
}

/// Takes modules that are gone from the program away from everybody else. What fails is only not freed.
///
/// # Safety
/// Nobody uses their code and data any more.
unsafe fn take_out(
    engine: &Engine,
    (ids, unloaded): (&[ModuleId], &Unloaded),
    orphans: &mut Vec<Orphan>,
) -> Result<(), Error> {
    let records = take_records(engine, unloaded, orphans);
    let symbols = unloaded.functions.iter().chain(&unloaded.others);
    engine
        .facts
        .forget(symbols.map(|symbol: &Arc<str>| &**symbol));
    for (_, handle) in engine.modules.handles(ids) {
        handle.finalize();
        handle.retire();
    }
    // SAFETY: says our caller.
    let freed = unsafe { free(engine, ids, unloaded) };
    records.and(freed)
}

/// Fails if other threads have yet to destroy thread-locals of the modules.
fn check_threads(engine: &Engine, ids: &[ModuleId]) -> Result<(), Error> {
    for (module, handle) in engine.modules.handles(ids) {
        let pending = handle.in_other_threads();
        if pending > 0 {
            let module = module.name().to_owned();
            return Err(Error::ThreadExits { module, pending });
        }
    }
    Ok(())
}

/// Runs what the modules have registered for their end: for the end of this thread, for that of the program, and at last their
/// destructors.
///
/// # Safety
/// As [`unload`].
unsafe fn end(engine: &Engine, ids: &[ModuleId]) -> Result<(), Error> {
    let ids: HashSet<_> = ids.iter().copied().collect();
    let is_theirs = |module: Option<ModuleId>| module.is_some_and(|module| ids.contains(&module));
    let of_thread =
        || exit::take_of_thread(|handle| handle.is_of(&engine.exits) && is_theirs(handle.module()));
    while let Some(due) = of_thread().or_else(|| engine.exits.take(is_theirs)) {
        // SAFETY: says our caller; there is nothing to be dropped in between.
        unsafe { lifecycle::protect(engine, move || Due::call(due))? };
    }
    Ok(())
}

/// Takes functions out of the runtime's table and away from their stubs, and what waited for them with them.
fn take_records(
    engine: &Engine,
    unloaded: &Unloaded,
    orphans: &mut Vec<Orphan>,
) -> Result<(), Error> {
    let mut removed = engine
        .removed
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    // Some of the others have stubs as well: ifuncs, and aliases that were not defined at first.
    for symbol in unloaded.functions.iter().chain(&unloaded.others) {
        let Ok(stub) = engine.stubs.remove(symbol) else {
            continue;
        };
        let function = FunctionId::new(stub.index());
        engine.bodiless.remove(function);
        engine.forget_facts(function);
        engine.directives.forget(symbol);
        removed.insert(symbol.clone(), function);
        let waited = engine.runtime.remove(function)?.into_iter();
        orphans.extend(waited.map(|request| Orphan {
            symbol: symbol.clone(),
            request,
        }));
    }
    for symbol in &unloaded.handed_over {
        if let Some(stub) = engine.stubs.find(symbol) {
            engine.runtime.reset(FunctionId::new(stub.id.index()))?;
            engine.forget_facts(FunctionId::new(stub.id.index()));
            engine
                .stubs
                .reset_lazy(StubId::from_index(stub.id.index()))?;
        }
    }
    for symbol in &unloaded.undefined {
        if let Some(stub) = engine.stubs.find(symbol) {
            engine
                .bodiless
                .add_undefined(FunctionId::new(stub.id.index()));
            engine.stubs.reset_lazy(stub.id)?;
        }
    }
    Ok(())
}

/// Frees code, data and symbols.
///
/// # Safety
/// Nobody uses them any more.
unsafe fn free(engine: &Engine, ids: &[ModuleId], unloaded: &Unloaded) -> Result<(), Error> {
    let mut result = Ok(());
    for tracker in engine.modules.remove(ids) {
        // SAFETY: says our caller.
        let removed = unsafe { tracker.remove() };
        result = result.and(removed.map_err(Error::from));
    }
    // After the trackers, which have names of their own to take out.
    let names = unloaded.functions.iter().chain(&unloaded.others);
    let undefined = engine.dylib.undefine(names.map(|name: &Arc<str>| &**name));
    result.and(undefined.map_err(Error::from))
}
