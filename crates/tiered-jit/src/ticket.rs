//! Waiting for what was asked for.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tjit_runtime::{FunctionId, RequestOutcome, VersionInfo};

use crate::Error;
use crate::engine::Engine;
use crate::promise::{Answer, Promise, Shared};

/// The answer to a submitted request, once there is one: to be waited for on a thread, polled, or awaited, with any executor.
/// Dropping it does not cancel the request.
#[must_use = "without the ticket nobody learns what the request came to; drop it if that is meant"]
pub struct Ticket {
    shared: Arc<Shared>,
    engine: Weak<Engine>,
    function: FunctionId,
    /// Whether somebody will see to it that a task which awaits it hears of the deadline.
    is_timed: bool,
}

impl Ticket {
    pub(crate) fn new(promise: &Promise, engine: Weak<Engine>, function: FunctionId) -> Self {
        Self {
            shared: promise.shared().clone(),
            engine,
            function,
            is_timed: false,
        }
    }

    /// The linker-level name of the function.
    pub fn symbol(&self) -> &str {
        self.shared.symbol()
    }

    /// Waits until the new version is published: calls that begin after this returns run it, or a later one. Must not be
    /// called on a compile thread, that is in a transformation.
    ///
    /// # Errors
    /// [`Error::Transform`], [`Error::Fold`] or [`Error::Compile`] when it could not be compiled (the old version runs on),
    /// [`Error::CompileLayer`] for features that this processor lacks, [`Error::Deadline`] when that passed first,
    /// [`Error::Cancelled`], [`Error::Trigger`] when what was to trigger it never will, [`Error::ShutDown`] when the JIT ended first,
    /// [`Error::Removed`] when the function's module was removed.
    pub fn wait(self) -> Result<Arc<VersionInfo>, Error> {
        self.wait_until(None)
            .unwrap_or_else(|| Err(self.unanswered()))
    }

    /// As [`Ticket::wait`], for at most this long; `None` if it takes longer. The request goes on.
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Result<Arc<VersionInfo>, Error>> {
        // A time that no clock can show does not come.
        self.wait_until(Instant::now().checked_add(timeout))
    }

    /// The answer if there is one yet. It is given once: later calls are told that there is none any more
    /// ([`Error::ShutDown`]).
    pub fn try_wait(&self) -> Option<Result<Arc<VersionInfo>, Error>> {
        self.wait_until(Some(Instant::now()))
    }

    fn wait_until(&self, until: Option<Instant>) -> Option<Answer> {
        loop {
            if let Some(answer) = self.shared.wait(until) {
                return Some(answer.unwrap_or_else(|| Err(self.unanswered())));
            }
            let now = Instant::now();
            let is_past = self
                .shared
                .deadline()
                .is_some_and(|deadline| deadline <= now);
            let has_expired = is_past && self.expire();
            if !has_expired && until.is_some_and(|until| until <= now) {
                return None;
            }
        }
    }

    /// What submitting did to the function: queued it, joined what was queued before, or waits for a job under way to end;
    /// `None` if it was not submitted (yet), because something was wrong with it, or nothing has triggered it.
    pub fn outcome(&self) -> Option<RequestOutcome> {
        self.shared.outcome()
    }

    /// Takes the request back: the ticket is answered with [`Error::Cancelled`], one that waits is not served, and a
    /// compilation that is under way for this request alone is told to stop. Others that were merged with it are served without
    /// it.
    ///
    /// Returns whether it was in time: if not, the ticket is answered already or the version is about to run.
    pub fn cancel(&self) -> bool {
        let cancelled = Error::Cancelled(self.symbol().to_owned());
        let in_time = self.shared.withdraw(cancelled);
        if in_time {
            self.take_out();
        }
        in_time
    }

    /// The deadline has passed.
    fn expire(&self) -> bool {
        let expired = expire(&self.shared);
        if expired {
            self.take_out();
        }
        expired
    }

    /// Nobody waits for it in the queue any more.
    fn take_out(&self) {
        if let Some(engine) = self.engine.upgrade() {
            let is_this = |request: &crate::request::Request| {
                let promise = request.promise.as_ref();
                promise.is_some_and(|promise| Arc::ptr_eq(promise.shared(), &self.shared))
            };
            // What it was is of no interest; it has been answered.
            let _taken = engine.runtime.cancel(self.function, is_this);
        }
    }

    /// What it means that there will be no answer.
    fn unanswered(&self) -> Error {
        let symbol = self.symbol().to_owned();
        match self.outcome() {
            Some(RequestOutcome::Removed) => Error::Removed(symbol),
            _ => Error::ShutDown(symbol),
        }
    }
}

/// Answers that the deadline has passed, unless it is too late for that.
pub(crate) fn expire(shared: &Shared) -> bool {
    shared.withdraw(Error::Deadline(shared.symbol().to_string()))
}

/// Polled again after it was ready, it says [`Error::ShutDown`].
impl Future for Ticket {
    type Output = Result<Arc<VersionInfo>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(answer) = self.shared.poll(context.waker()) {
            return Poll::Ready(answer.unwrap_or_else(|| Err(self.unanswered())));
        }
        if !self.is_timed
            && let Some(deadline) = self.shared.deadline()
            && let Some(engine) = self.engine.upgrade()
        {
            self.is_timed = true;
            engine.watcher.at(deadline, self.shared.clone());
        }
        Poll::Pending
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("symbol", &self.symbol())
            .field("outcome", &self.outcome())
            .finish_non_exhaustive()
    }
}
