//! Requests from outside: recompile this function now.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use inkwell::module::Module;
use inkwell::values::FunctionValue;
use tjit_compile_layer::{FeatureChanges, OptLevel};
use tjit_reopt::{Argument, Constant, Guard};
use tjit_runtime::{Cause, DeclineReason, EventKind, FunctionId, FunctionRecord, VersionInfo};

use crate::canary::{self, Canary, CanaryTicket};
use crate::engine::Engine;
use crate::promise::Promise;
use crate::request::{Options, Request, Specialization, Step, TransformError};
use crate::ticket::Ticket;
use crate::{Error, fork};

/// A request to recompile a function, being put together; nothing happens before [`Reoptimize::submit`] or
/// [`Reoptimize::wait`].
///
/// # Requests that meet
/// Requests for one function that wait together are served by one version ([`RequestOutcome::Merged`]). The steps of all
/// of them, transformations and specialisations, are taken, in the order in which they were submitted. The last one that has a
/// level or a pipeline decides both, and the last one that has features decides those. One that is broken, cancelled or past
/// its deadline is answered alone, and the version is made for the others without it.
///
/// [`RequestOutcome::Merged`]: crate::RequestOutcome::Merged
#[must_use = "a request does nothing until it is submitted"]
pub struct Reoptimize {
    engine: Arc<Engine>,
    function: FunctionId,
    symbol: Arc<str>,
    steps: Vec<Step>,
    options: Options,
    deadline: Option<Duration>,
    /// What is wrong with it, to be told when it is submitted.
    error: Option<Error>,
}

impl Reoptimize {
    pub(crate) fn new(engine: Arc<Engine>, function: FunctionId, symbol: Arc<str>) -> Self {
        Self {
            engine,
            function,
            symbol,
            steps: Vec::new(),
            options: Options::default(),
            deadline: None,
            error: None,
        }
    }

    pub(crate) fn function(&self) -> FunctionId {
        self.function
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
    /// this one turns out to be broken or is taken back. If it returns an error, panics or leaves a broken module, the request
    /// fails with [`Error::Transform`] and the old version runs on. It is not interrupted when a deadline passes.
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
        self.steps.push(Step::Transform(Box::new(transform)));
        self
    }

    /// Makes the version one for calls in which an argument has this value: there it is a constant. At the entry the argument
    /// is compared, bit by bit, and calls with another value go on in a body as it was. Given one after the other, several
    /// arguments are compared together. Steps are taken in the order in which they were added, so transformations that were
    /// added before see the body as it was, and those after it the comparison.
    ///
    /// Arguments are counted as in the IR: see [`Argument`]. Functions and variables may be named as the source spells them. A
    /// variable is compared by its address, and what it holds is not known then; see [`Constant::Variable`].
    ///
    /// The request fails with [`Error::Fold`] if there is no such argument, or it can't have that value: see
    /// [`Unspecializable`](crate::reopt::Unspecializable).
    pub fn specialize(mut self, argument: impl Into<Argument>, value: impl Into<Constant>) -> Self {
        self.add_value(Guard::Checked, (argument.into(), value.into()));
        self
    }

    /// As [`Reoptimize::specialize`], without the comparison: there is no body for other values.
    ///
    /// # Safety
    /// While the version runs, every call must pass this value. It runs until another is published or it is taken back, and
    /// it is made again from the same request when a fact that it relied on has changed.
    pub unsafe fn specialize_unchecked(
        mut self,
        argument: impl Into<Argument>,
        value: impl Into<Constant>,
    ) -> Self {
        self.add_value(Guard::Assumed, (argument.into(), value.into()));
        self
    }

    fn add_value(&mut self, guard: Guard, value: (Argument, Constant)) {
        match self.steps.last_mut() {
            Some(Step::Specialize(last)) if last.guard == guard => last.values.push(value),
            _ => self.steps.push(Step::Specialize(Specialization {
                values: vec![value],
                guard,
            })),
        }
    }

    /// The pass pipeline in the syntax of `opt -passes=`, instead of that of the level. A misspelt one is an error of the
    /// ticket.
    pub fn pipeline(mut self, pipeline: impl Into<String>) -> Self {
        self.options.pipeline = Some(pipeline.into());
        self
    }

    /// How much to optimise, by the pass pipeline and in code generation; [`OptLevel::O3`] by default.
    pub fn level(mut self, level: OptLevel) -> Self {
        self.options.level = Some(level);
        self
    }

    /// Changes to the processor's features that code is generated for, such as `+avx2,-avx512f`; see [`FeatureChanges`]. What
    /// the function computes stays the same.
    ///
    /// Features that LLVM does not know, that this processor lacks or that can't be changed are an error of the ticket
    /// ([`Error::CompileLayer`]), and nothing is compiled.
    pub fn features(mut self, changes: &str) -> Self {
        match FeatureChanges::new(changes) {
            Ok(changes) => self.options.features = Some(changes),
            Err(error) => self.error = Some(error.into()),
        }
        self
    }

    /// How long the answer is of use, from when the request is submitted. When that has passed the ticket is answered with
    /// [`Error::Deadline`], and the old version runs on. A request that waits is not served then, and one that is being
    /// optimised is given up before the next pass; code generation and transformations go on to their end, and what comes of
    /// them is thrown away.
    pub fn deadline(mut self, after: Duration) -> Self {
        self.deadline = Some(after);
        self
    }

    /// Queues the request, ahead of functions that became hot by themselves. [`Ticket::outcome`] tells what it met.
    pub fn submit(self) -> Ticket {
        let promise = Promise::new(self.symbol.clone());
        let ticket = self.ticket(&promise);
        self.submit_for(promise);
        ticket
    }

    /// A ticket for when the request is submitted.
    pub(crate) fn ticket(&self, promise: &Promise) -> Ticket {
        Ticket::new(promise, Arc::downgrade(&self.engine), self.function)
    }

    /// Why it is not served. A directive may have been given since the request was begun, which may wait for a long time.
    fn refusal(&self) -> Option<Error> {
        let record = self.engine.runtime.table().get(self.function);
        if !record.is_some_and(FunctionRecord::is_never) {
            return self.error.clone();
        }
        let kind = EventKind::Declined {
            cause: Cause::Request,
            reason: DeclineReason::Directive,
        };
        // The function is there.
        let _reported = self.engine.runtime.report(self.function, kind);
        Some(Error::Directive(self.symbol.to_string()))
    }

    /// What is wanted, which nobody waits for yet.
    pub(crate) fn into_request(self) -> Result<Request, Error> {
        match self.refusal() {
            Some(error) => Err(error),
            None => Ok(Request {
                steps: self.steps,
                options: self.options,
                promise: None,
            }),
        }
    }

    /// Since when its answer is of no use, if it is submitted now.
    pub(crate) fn deadline_from_now(&self) -> Option<Instant> {
        // One that no clock can show never passes.
        Instant::now().checked_add(self.deadline?)
    }

    /// Queues the request, to be answered through `promise`.
    pub(crate) fn submit_for(self, promise: Promise) {
        let (engine, function) = (self.engine.clone(), self.function);
        let deadline = self.deadline_from_now();
        let mut request = match self.into_request() {
            Ok(request) => request,
            Err(error) => {
                promise.give(Err(error));
                return;
            }
        };
        let shared = promise.shared().clone();
        if let Some(deadline) = deadline {
            shared.set_deadline(deadline);
        }
        request.promise = Some(promise);
        // A child must find the request whole: queued, or not made.
        let _inside = fork::enter();
        // Every way in which the runtime declines drops the request, and with it the promise: the ticket says so. The function is
        // there, so that there is no other error.
        let _told = engine.runtime.request_and(function, request, |outcome| {
            shared.set_outcome(outcome);
        });
    }

    /// Tries the new version on some of the calls first: it is published to all of them if it does well, and dropped if not.
    ///
    /// Until then the function's calls are shared out between the new version and the one that ran, which is compiled again so
    /// that both are measured alike; where only the baseline ran, that is an optimised version without what this request
    /// changes. Nobody else compiles the function meanwhile: requests wait, and so do trips. What one of the two relies on,
    /// or the module of the function, going ends the trial, as does somebody who can't wait, such as another canary. A deadline
    /// is of no account.
    ///
    /// The thread that decides is one of its own. It begins at once, or when nobody compiles the function any more.
    pub fn canary(self, canary: Canary) -> CanaryTicket {
        let engine = self.engine.clone();
        let function = (self.function, self.symbol.clone());
        canary::begin(&engine, function, self.into_request(), canary)
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
