//! Requests from outside: recompile this function now.

use std::fmt;
use std::sync::Arc;

use inkwell::module::Module;
use inkwell::values::FunctionValue;
use tjit_runtime::{FunctionId, RequestOutcome, VersionInfo};

use crate::answer::{self, Question};
use crate::canary::{self, Canary, CanaryTicket};
use crate::engine::Engine;
use crate::request::{Request, Transform, TransformError};
use crate::{Error, fork};

/// A request to recompile a function, being put together; nothing happens before [`Reoptimize::submit`] or
/// [`Reoptimize::wait`].
#[must_use = "a request does nothing until it is submitted"]
pub struct Reoptimize {
    engine: Arc<Engine>,
    function: FunctionId,
    symbol: Arc<str>,
    transforms: Vec<Transform>,
    pipeline: Option<String>,
}

impl Reoptimize {
    pub(crate) fn new(engine: Arc<Engine>, function: FunctionId, symbol: Arc<str>) -> Self {
        Self {
            engine,
            function,
            symbol,
            transforms: Vec::new(),
            pipeline: None,
        }
    }

    /// The linker-level name of the function.
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// Adds a transformation of the function's IR, run before the pipeline; several run in the order they were added.
    ///
    /// It gets the module of the compile unit and the body of the function in it. The module holds that body, declarations of
    /// what it refers to, and copies of callees and constants for the optimiser (`available_externally`). It may rewrite
    /// bodies and add private or internal definitions; it must keep the body's name and type.
    ///
    /// It runs on a compile thread, on a fresh copy of the IR each time, and again if another request that was merged with
    /// this one turns out to be broken. If it returns an error, panics or leaves a broken module, the request fails with
    /// [`Error::Transform`] and the old version runs on.
    ///
    /// The JIT keeps it for when the version has to be made again, after [`TieredJit::thaw`](crate::TieredJit::thaw) for example. So
    /// it must not own a handle on the JIT, which would never end then: give it a [`WeakJit`](crate::WeakJit).
    pub fn transform(
        mut self,
        transform: impl for<'ctx> FnMut(
            &Module<'ctx>,
            FunctionValue<'ctx>,
        ) -> Result<(), TransformError>
        + Send
        + 'static,
    ) -> Self {
        self.transforms.push(Box::new(transform));
        self
    }

    /// The pass pipeline in the syntax of `opt -passes=`, instead of `default<O3>`.
    pub fn pipeline(mut self, pipeline: impl Into<String>) -> Self {
        self.pipeline = Some(pipeline.into());
        self
    }

    /// Queues the request, ahead of functions that became hot by themselves.
    pub fn submit(self) -> Ticket {
        let (answer, question) = answer::channel();
        let request = Request {
            transforms: self.transforms,
            pipeline: self.pipeline,
            answer: Some(answer),
        };
        // Every way in which the runtime declines drops the request, and with it the answer: the ticket says so.
        let brief = fork::enter_briefly();
        let outcome = self.engine.runtime.request(self.function, request);
        drop(brief);
        Ticket {
            question,
            is_removed: outcome == Ok(RequestOutcome::Removed),
            symbol: self.symbol,
        }
    }

    /// Tries the new version on some of the calls first: it is published to all of them if it does well, and dropped if not.
    ///
    /// Until then the function's calls are shared out between the new version and the one that ran, which is compiled again so
    /// that both are measured alike; where only the baseline ran, that is an optimised version without what this request
    /// changes. Nobody else compiles the function meanwhile: requests wait, and so do trips. What one of the two relies on,
    /// or the module of the function, going ends the trial, as does somebody who can't wait, such as another canary.
    ///
    /// The thread that decides is one of its own. It begins at once, or when nobody compiles the function any more.
    pub fn canary(self, canary: Canary) -> CanaryTicket {
        let request = Request {
            transforms: self.transforms,
            pipeline: self.pipeline,
            answer: None,
        };
        let function = (self.function, self.symbol);
        canary::begin(&self.engine, function, request, canary)
    }

    /// Queues the request and waits for the new version to run; see [`Ticket::wait`].
    ///
    /// # Errors
    /// As [`Ticket::wait`].
    pub fn wait(self) -> Result<Arc<VersionInfo>, Error> {
        self.submit().wait()
    }
}

impl fmt::Debug for Reoptimize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reoptimize({})", self.symbol)
    }
}

/// The answer to a submitted request, once there is one. Dropping it does not cancel the request.
#[derive(Debug)]
pub struct Ticket {
    question: Question<Result<Arc<VersionInfo>, Error>>,
    is_removed: bool,
    symbol: Arc<str>,
}

impl Ticket {
    /// Waits until the new version is published: calls that begin after this returns run it, or a later one. Must not be
    /// called on a compile thread, that is in a transformation.
    ///
    /// # Errors
    /// [`Error::Transform`] or [`Error::Compile`] when it could not be compiled (the old version runs on),
    /// [`Error::ShutDown`] when the JIT ended first, [`Error::Removed`] when the function's module was removed.
    pub fn wait(self) -> Result<Arc<VersionInfo>, Error> {
        let error = self.unanswered();
        self.question.wait().unwrap_or(Err(error))
    }

    /// The answer if there is one yet.
    pub fn try_wait(&self) -> Option<Result<Arc<VersionInfo>, Error>> {
        let answer = self.question.poll()?;
        Some(answer.unwrap_or_else(|| Err(self.unanswered())))
    }

    /// What it means that there will be no answer.
    fn unanswered(&self) -> Error {
        let symbol = self.symbol.to_string();
        match self.is_removed {
            true => Error::Removed(symbol),
            false => Error::ShutDown(symbol),
        }
    }
}
