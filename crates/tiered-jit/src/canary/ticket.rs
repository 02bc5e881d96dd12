//! Trials as seen by who asked for them.

use std::sync::Arc;

use tjit_runtime::{FunctionId, FunctionRecord};

use super::live::{Entered, Live};
use super::trial;
use super::{Canary, CanaryOutcome, CanaryRefusal, RollBackReason};
use crate::answer::{self, Question};
use crate::engine::Engine;
use crate::owner::COMPILE_STACK;
use crate::request::Request;
use crate::{Error, fork};

pub(super) type Outcome = Result<CanaryOutcome, Error>;

/// A trial that was begun. Dropping it changes nothing: the trial goes on and decides.
#[derive(Debug)]
pub struct CanaryTicket {
    question: Question<Outcome>,
    live: Option<Arc<Live>>,
    symbol: Arc<str>,
}

impl CanaryTicket {
    /// Waits until it is decided. Must not be called on a compile thread, that is in a transformation.
    ///
    /// # Errors
    /// When the version could not be tried: [`Error::Canary`] if its calls can't be measured or shared out,
    /// [`Error::Transform`] or [`Error::Compile`] if it can't be compiled, [`Error::Removed`] when the function's module was
    /// removed first, and [`Error::ShutDown`] when the JIT had ended, or this is a child of `fork`. The old version runs on.
    pub fn wait(self) -> Result<CanaryOutcome, Error> {
        let symbol = self.symbol.to_string();
        self.question.wait().unwrap_or(Err(Error::ShutDown(symbol)))
    }

    /// The decision if there is one yet.
    pub fn poll(&self) -> Option<Result<CanaryOutcome, Error>> {
        let outcome = self.question.poll()?;
        Some(outcome.unwrap_or_else(|| Err(Error::ShutDown(self.symbol.to_string()))))
    }

    /// Ends the trial without waiting for it: the version is rolled back, unless it has been decided on already.
    pub fn cancel(&self) {
        if let Some(live) = &self.live {
            live.tell(RollBackReason::Cancelled);
        }
    }
}

/// Begins a trial on a thread of its own.
pub(crate) fn begin(
    engine: &Arc<Engine>,
    (function, symbol): (FunctionId, Arc<str>),
    request: Result<Request, Error>,
    canary: Canary,
) -> CanaryTicket {
    let (answer, question) = answer::channel();
    let _inside = fork::enter();
    let live = engine.canaries.enter(function, answer);
    if let Some(live) = &live {
        let started = request.and_then(|request| start(engine, live, request, canary));
        if let Err(error) = started {
            live.give(Err(error));
            engine.canaries.leave(live.number);
        }
    }
    CanaryTicket {
        question,
        live,
        symbol,
    }
}

fn start(
    engine: &Arc<Engine>,
    live: &Arc<Live>,
    request: Request,
    canary: Canary,
) -> Result<(), Error> {
    let record = engine.runtime.table().get(live.function);
    let record = record.ok_or(tjit_runtime::Error::UnknownFunction(live.function))?;
    canary.check().map_err(|refusal| refused(record, refusal))?;
    let (engine_of_thread, live) = (engine.clone(), live.clone());
    let thread = std::thread::Builder::new()
        .name("tjit-canary".to_owned())
        .stack_size(COMPILE_STACK)
        .spawn(move || {
            let entered = Entered {
                engine: &engine_of_thread,
                live,
            };
            trial::run(&entered, request, &canary);
        })
        .map_err(|error| Error::Thread(error.to_string()))?;
    engine.canaries.keep_thread(thread);
    Ok(())
}

/// The error that says why a version of `record` can't be tried.
pub(super) fn refused(record: &FunctionRecord, reason: CanaryRefusal) -> Error {
    Error::Canary {
        function: record.symbol().to_string(),
        reason,
    }
}
