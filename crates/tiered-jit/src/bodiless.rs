//! Functions that have a stub and no body: those that nobody defines, and ifuncs, which a resolver chooses.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use tjit_link::HostSymbols;
use tjit_runtime::{FunctionId, FunctionRecord, FunctionTable};
use tjit_stubs::CodePtr;

use crate::config::FatalHandler;
use crate::host::Host;
use crate::landing::{self, Ended, Entry, Words};
use crate::{Error, caller, fork};

/// All of them, by the number of stub and record.
pub(crate) struct Bodiless {
    functions: Mutex<HashMap<FunctionId, Kind>>,
    turn: Turn,
    host: Arc<Host>,
    fatal: Arc<FatalHandler>,
    /// Compiled after the stubs were made, and before there is any function.
    entry: OnceLock<Entry>,
}

#[derive(Debug, Clone)]
enum Kind {
    Undefined,
    /// The stub of the resolver, and what came of it.
    Chosen(usize, Choice),
}

#[derive(Debug, Clone)]
enum Choice {
    Open,
    UnderWay,
    Made(CodePtr),
    Failed(Error),
}

impl Bodiless {
    pub(crate) fn new(host: Arc<Host>, fatal: Arc<FatalHandler>) -> Self {
        Self {
            functions: Mutex::default(),
            turn: Turn::default(),
            host,
            fatal,
            entry: OnceLock::new(),
        }
    }

    /// Sets how resolvers are entered.
    pub(crate) fn enter_through(&self, entry: Entry) {
        self.entry.get_or_init(|| entry);
    }

    pub(crate) fn add_undefined(&self, function: FunctionId) {
        self.functions().kinds.insert(function, Kind::Undefined);
    }

    pub(crate) fn add_ifunc(&self, function: FunctionId, resolver: usize) {
        let kind = Kind::Chosen(resolver, Choice::Open);
        self.functions().kinds.insert(function, kind);
    }

    /// A module that was added later defines it.
    pub(crate) fn remove(&self, function: FunctionId) {
        self.functions().kinds.remove(&function);
    }

    pub(crate) fn contains(&self, function: FunctionId) -> bool {
        self.functions().kinds.contains_key(&function)
    }

    /// Where a call of `function` that returns to `return_address` shall go; `None` if the function has a body.
    pub(crate) fn code(
        &self,
        table: &FunctionTable,
        function: FunctionId,
        return_address: usize,
    ) -> Option<Result<CodePtr, Error>> {
        let kind = self.functions().kinds.get(&function).cloned()?;
        let record = table.get(function)?;
        Some(match kind {
            Kind::Undefined => self.in_host(record).ok_or_else(|| Error::Undefined {
                symbol: record.symbol().to_string(),
                caller: caller::name(table, return_address),
            }),
            Kind::Chosen(..) => self.choose(record),
        })
    }

    /// The program may have opened a library meanwhile.
    fn in_host(&self, function: &FunctionRecord) -> Option<CodePtr> {
        let _inside = fork::enter_briefly();
        let address = self.host.find(function.symbol())?;
        usize::try_from(address).ok().and_then(CodePtr::new)
    }

    /// Runs the resolver of an ifunc, unless that has been done, on this thread.
    pub(crate) fn choose(&self, function: &FunctionRecord) -> Result<CodePtr, Error> {
        let _turn = self.turn.take();
        let resolver = match self.begin(function)? {
            Begun::Made(code) => return Ok(code),
            Begun::Run(resolver) => resolver,
        };
        let result = self.run(function, resolver);
        let choice = match &result {
            Ok(code) => Choice::Made(*code),
            Err(error) => Choice::Failed(error.clone()),
        };
        self.functions()
            .kinds
            .insert(function.id(), Kind::Chosen(resolver, choice));
        result
    }

    fn begin(&self, function: &FunctionRecord) -> Result<Begun, Error> {
        let mut functions = self.functions();
        let Some(Kind::Chosen(resolver, choice)) = functions.kinds.get_mut(&function.id()) else {
            return Err(failure(function, "it is not an ifunc"));
        };
        match choice {
            Choice::Made(code) => Ok(Begun::Made(*code)),
            Choice::Failed(error) => Err(error.clone()),
            // On this thread, which has the turn.
            Choice::UnderWay => Err(failure(function, "its resolver calls the function itself")),
            Choice::Open => {
                *choice = Choice::UnderWay;
                Ok(Begun::Run(*resolver))
            }
        }
    }

    fn run(&self, function: &FunctionRecord, resolver: usize) -> Result<CodePtr, Error> {
        let Some(&entry) = self.entry.get() else {
            return Err(failure(function, "the JIT is not ready yet"));
        };
        // SAFETY: the stub of a function that IR calls a resolver: without parameters, returning a pointer. Whoever added its
        // module vouched for its code.
        match unsafe { landing::enter(entry, &self.fatal, resolver, Words(0, 0, 0)) } {
            Ok(address) if address == function.stub() as u64 => Err(failure(
                function,
                "its resolver returned the function itself",
            )),
            Ok(address) => CodePtr::new(address as usize)
                .ok_or_else(|| failure(function, "its resolver returned null")),
            Err(Ended::By(error @ Error::IFunc { .. })) => Err(error),
            Err(Ended::By(error)) => Err(failure(function, &format!("in its resolver: {error}"))),
            Err(Ended::Threw(what)) => Err(failure(function, &format!("in its resolver: {what}"))),
        }
    }

    /// To be called in a child of `fork`, which does not have the thread that may be running a resolver.
    pub(crate) fn forget_other_threads(&self) {
        if !self.turn.forget_other_threads() {
            return;
        }
        for kind in self.functions().kinds.values_mut() {
            if let Kind::Chosen(_, choice @ Choice::UnderWay) = kind {
                *choice = Choice::Open;
            }
        }
    }

    // Nothing that panics or runs code of others happens under the lock. Every first call takes it, those of signal handlers too,
    // and a child must find it free.
    fn functions(&self) -> Functions<'_> {
        let brief = fork::enter_briefly();
        let kinds = self.functions.lock();
        Functions {
            kinds: kinds.unwrap_or_else(PoisonError::into_inner),
            _brief: brief,
        }
    }
}

struct Functions<'b> {
    // Dropped first of the two.
    kinds: MutexGuard<'b, HashMap<FunctionId, Kind>>,
    _brief: fork::Brief,
}

enum Begun {
    Made(CodePtr),
    Run(usize),
}

fn failure(function: &FunctionRecord, reason: &str) -> Error {
    Error::IFunc {
        symbol: function.symbol().to_string(),
        reason: reason.to_owned(),
    }
}

impl fmt::Debug for Bodiless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bodiless")
            .field("functions", &self.functions)
            .finish_non_exhaustive()
    }
}

/// The right to run resolvers, of one thread at a time, since two that call each other's functions would wait for each other. A
/// thread that has it takes it again: resolvers call functions that other resolvers choose.
#[derive(Debug, Default)]
struct Turn {
    holder: Mutex<Option<libc::pthread_t>>,
    free: Condvar,
}

/// Gives the turn back.
struct Taken<'t>(&'t Turn);

impl Turn {
    /// Waits for the turn; `None` if this thread has it already.
    fn take(&self) -> Option<Taken<'_>> {
        // SAFETY: it has no preconditions.
        let this = unsafe { libc::pthread_self() };
        let mut holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(other) = *holder {
            if other == this {
                return None;
            }
            let waited = self.free.wait(holder);
            holder = waited.unwrap_or_else(PoisonError::into_inner);
        }
        *holder = Some(this);
        Some(Taken(self))
    }

    /// Takes the turn from a thread that is not this one. Whether there was one.
    fn forget_other_threads(&self) -> bool {
        // SAFETY: it has no preconditions.
        let this = unsafe { libc::pthread_self() };
        // A lock that was held for the moment of the fork is held for ever: then nobody has the turn any more, here.
        let Ok(mut holder) = self.holder.try_lock() else {
            return false;
        };
        holder.take_if(|holder| *holder != this).is_some()
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.0.holder.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.free.notify_all();
    }
}
