//! Which functions a request is for: by name, by pattern, by address.

use std::sync::Arc;

use tjit_runtime::{FunctionId, FunctionRecord, FunctionState, VersionInfo, VersionStatus};

use crate::engine::Engine;
use crate::reoptimize::Reoptimize;
use crate::ticket::Ticket;
use crate::{Error, TieredJit, fork};

impl TieredJit {
    /// Begins a request to recompile a function, whether it was never called, is running, or is optimised already.
    ///
    /// # Errors
    /// [`Error::Link`] if no function has that name, or several do; the candidates are listed. [`Error::NoBody`] for an ifunc,
    /// [`Error::Native`] for a function of an object file, [`Error::Directive`] if it has the directive `never`.
    pub fn reoptimize(&self, name: &str) -> Result<Reoptimize, Error> {
        self.request_for(self.find(name)?)
    }

    pub(crate) fn find(&self, name: &str) -> Result<&FunctionRecord, Error> {
        let _brief = fork::enter_briefly();
        let symbol = self.engine().program().resolve_name(name)?.to_string();
        if self.engine().program().is_native_function(&symbol) {
            return Err(Error::Native(symbol));
        }
        let record = self.engine().record(&symbol);
        record.ok_or(Error::NoEntry(symbol))
    }

    /// Begins a request for each function whose name is of a pattern, in which `*` stands for any characters and `?` for one:
    /// `Shape::*`, `*::area`, `_ZN5Shape*`. Names are those of the source, with or without parameters, and the linker's.
    /// Functions that have no body to compile are left out, and those with the directive `never`. They are those that the program has now.
    ///
    /// # Errors
    /// [`Error::NoMatch`] if there is none.
    pub fn reoptimize_all(&self, pattern: &str) -> Result<ReoptimizeAll, Error> {
        let _brief = fork::enter_briefly();
        let engine = self.engine();
        let symbols: Vec<Arc<str>> = {
            let program = engine.program();
            let matching = program.matching(pattern).into_iter();
            matching
                .filter(|symbol| !program.is_native_function(symbol))
                .map(Arc::from)
                .collect()
        };
        let records = symbols.iter().filter_map(|symbol| engine.record(symbol));
        let present = records.filter(|record| record.state() != FunctionState::Removed);
        let requests: Vec<_> = present
            .filter_map(|record| self.request_for(record).ok())
            .collect();
        match requests.is_empty() {
            true => Err(Error::NoMatch(pattern.to_owned())),
            false => Ok(ReoptimizeAll(requests)),
        }
    }

    /// Begins a request for the function at an address: what the program has for `&function`, or one in the code of any of its
    /// versions, such as the return address of a call. Code of a callee that was inlined belongs to the function that it was
    /// inlined into. Costs a look at every version that there is, unless it is the address of a function.
    ///
    /// # Errors
    /// [`Error::NotOurs`] if there is no function of the program, or only one that is native.
    pub fn reoptimize_at(&self, address: *const ()) -> Result<Reoptimize, Error> {
        let _brief = fork::enter_briefly();
        let address = address.addr();
        let record = function_at(self.engine(), address);
        self.request_for(record.ok_or(Error::NotOurs(address))?)
    }

    fn request_for(&self, record: &FunctionRecord) -> Result<Reoptimize, Error> {
        if record.is_never() {
            return Err(Error::Directive(record.symbol().to_string()));
        }
        if self.engine().bodiless.contains(record.id()) {
            return Err(Error::NoBody(record.symbol().to_string()));
        }
        let engine = self.owner().engine.clone();
        let symbol = record.symbol().clone();
        Ok(Reoptimize::new(engine, record.id(), symbol))
    }
}

fn function_at(engine: &Engine, address: usize) -> Option<&FunctionRecord> {
    if let Some(stub) = engine.stubs.id_of_address(address) {
        let record = engine.runtime.table().get(FunctionId::new(stub.index()))?;
        let is_ours = record.state() != FunctionState::Removed
            && !engine.program().is_native_function(record.symbol());
        return is_ours.then_some(record);
    }
    let has_code_there = |record: &&FunctionRecord| {
        let versions = record.versions();
        versions.iter().any(|version| has(version, address))
    };
    engine.runtime.table().iter().find(has_code_there)
}

fn has(version: &VersionInfo, address: usize) -> bool {
    // The size of code that is hardly anything may be unknown.
    let code = version.address..version.address + version.size.max(1);
    version.status() != VersionStatus::Reclaimed && code.contains(&address)
}

/// Requests for several functions, being put together; nothing happens before [`ReoptimizeAll::submit`].
///
/// A closure puts in what they share: it is called for each of them, so that each gets options and transformations of its own.
///
/// ```no_run
/// # fn recompile(jit: &tiered_jit::TieredJit) -> Result<(), tiered_jit::Error> {
/// use tiered_jit::OptLevel;
///
/// let tickets = jit
///     .reoptimize_all("Shape::*")?
///     .each(|request| request.level(OptLevel::Os).transform(|_module, _function| Ok(())))
///     .submit();
/// for version in tickets.wait() {
///     println!("{}", version?.body);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "requests do nothing until they are submitted"]
pub struct ReoptimizeAll(Vec<Reoptimize>);

impl ReoptimizeAll {
    /// The linker-level names of the functions, in the order in which the program has them.
    pub fn symbols(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(Reoptimize::symbol)
    }

    /// Puts transformations and options into each request.
    pub fn each(self, put_in: impl FnMut(Reoptimize) -> Reoptimize) -> Self {
        Self(self.0.into_iter().map(put_in).collect())
    }

    /// Queues the requests, in order.
    pub fn submit(self) -> Tickets {
        Tickets(self.0.into_iter().map(Reoptimize::submit).collect())
    }
}

impl IntoIterator for ReoptimizeAll {
    type Item = Reoptimize;
    type IntoIter = std::vec::IntoIter<Reoptimize>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The answers to several requests. Dropping it does not cancel them.
#[derive(Debug)]
pub struct Tickets(Vec<Ticket>);

impl Tickets {
    /// Each of them, in the order of the requests.
    pub fn iter(&self) -> std::slice::Iter<'_, Ticket> {
        self.0.iter()
    }

    /// Waits for all answers, which come in the order of the requests; see [`Ticket::wait`].
    pub fn wait(self) -> Vec<Result<Arc<VersionInfo>, Error>> {
        self.0.into_iter().map(Ticket::wait).collect()
    }

    /// Takes all of them back; see [`Ticket::cancel`]. Returns for how many it was in time.
    pub fn cancel(&self) -> usize {
        self.0.iter().filter(|ticket| ticket.cancel()).count()
    }
}

impl<'t> IntoIterator for &'t Tickets {
    type Item = &'t Ticket;
    type IntoIter = std::slice::Iter<'t, Ticket>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Tickets {
    type Item = Ticket;
    type IntoIter = std::vec::IntoIter<Ticket>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
