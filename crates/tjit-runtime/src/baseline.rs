//! The first call of a function: one caller compiles, the others wait for it.

use crate::event::EventKind;
use crate::runtime::Core;
use crate::version::{Compiled, Published};
use crate::word::{BaselineEnd, Word};
use crate::{Error, FunctionRecord, Tier};
use std::fmt::Display;
use std::sync::Arc;

/// What a caller that met a function without code has to do.
#[derive(Debug)]
#[must_use]
pub enum BaselineTicket<'r> {
    /// Compile it: nobody else does.
    Mine(BaselineGuard<'r>),
    /// Wait: another caller compiles it. Who compiles several functions for one call leaves this one out instead.
    Wait(BaselineWait<'r>),
    /// Jump to this address: there is code by now.
    Done(usize),
}

/// What a caller has to do when waiting is taken care of.
#[derive(Debug)]
#[must_use]
pub enum Baseline<'r> {
    /// Compile it: nobody else does.
    Mine(BaselineGuard<'r>),
    /// Jump to this address.
    Ready(usize),
}

impl Core {
    pub(crate) fn begin_baseline<'r>(
        &'r self,
        record: &'r FunctionRecord,
    ) -> Result<BaselineTicket<'r>, Error> {
        match record.begin_baseline() {
            Ok(base) => Ok(BaselineTicket::Mine(BaselineGuard {
                core: self,
                record,
                base,
                ended: false,
            })),
            Err(word) => match settled(record, word)? {
                Some(address) => Ok(BaselineTicket::Done(address)),
                None => Ok(BaselineTicket::Wait(BaselineWait { record })),
            },
        }
    }
}

/// The address to call, `None` while it is being decided.
fn settled(record: &FunctionRecord, word: Word) -> Result<Option<usize>, Error> {
    if word.has_code() {
        // A caller sent to the stub arrives at the code as well, should the embedder have published address 0.
        return Ok(Some(record.code().unwrap_or(record.stub())));
    }
    if word.is_removed() {
        Err(Error::Removed(record.symbol().clone()))
    } else if word.baseline_failed() {
        Err(record.baseline_error())
    } else {
        Ok(None)
    }
}

/// The duty to compile a baseline. Dropped without a result, for example by a panic, it fails the function, so that those
/// who wait hear of it.
#[derive(Debug)]
#[must_use]
pub struct BaselineGuard<'r> {
    core: &'r Core,
    record: &'r FunctionRecord,
    base: u64,
    ended: bool,
}

impl<'r> BaselineGuard<'r> {
    /// The function to compile.
    #[must_use]
    pub fn record(&self) -> &'r FunctionRecord {
        self.record
    }

    /// Publishes the code: `install` gets its address and stores it into the slot, then the waiters are woken.
    ///
    /// `install` is not called if a better version was published meanwhile. It runs under the lock that orders the
    /// publications of this function, so it must not publish another version of it. Nothing is published if the baseline was
    /// taken away meanwhile ([`Runtime::rebase`](crate::Runtime::rebase)): who waits begins again.
    ///
    /// # Errors
    /// The error of `install`; the function has failed then.
    pub fn publish<E: Display>(
        mut self,
        compiled: Compiled,
        install: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<Published, E> {
        let now = self.core.now();
        let compiled = (compiled, self.base);
        let (published, version) = match self.record.publish_baseline(compiled, install, now) {
            Ok(Some(done)) => done,
            Ok(None) => {
                self.ended = true;
                return Ok(Published::Stale);
            }
            Err(error) => {
                self.end_with(&error.to_string());
                return Err(error);
            }
        };
        self.ended = true;
        self.core.totals.compiled(&version);
        self.core.emit(self.record, || EventKind::BaselineCompiled {
            version,
            published,
        });
        Ok(published)
    }

    /// It can't be compiled: this caller and all others get `reason`.
    pub fn fail(mut self, reason: &str) {
        self.end_with(reason);
    }

    /// Gives the duty back untried: the next caller gets it, one that waits first.
    pub fn release(mut self) {
        self.ended = true;
        let end = (BaselineEnd::Released, self.base);
        self.record.give_up_baseline(end, None);
    }

    fn end_with(&mut self, reason: &str) {
        self.ended = true;
        let reason: Arc<str> = Arc::from(reason);
        let end = (BaselineEnd::Failed, self.base);
        if !self.record.give_up_baseline(end, Some(reason.clone())) {
            return;
        }
        self.core.totals.failed(Tier::BASELINE);
        self.core
            .emit(self.record, || EventKind::BaselineFailed { reason });
    }
}

impl Drop for BaselineGuard<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.end_with("the compilation was abandoned");
        }
    }
}

/// How waiting for another caller ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Waited {
    /// There is code at this address.
    Ready(usize),
    /// The other caller gave up untried: begin again.
    Released,
}

/// Another caller compiles the function.
#[derive(Debug)]
#[must_use]
pub struct BaselineWait<'r> {
    record: &'r FunctionRecord,
}

impl BaselineWait<'_> {
    /// Sleeps until the other caller is done. A thread that holds the guard of this function must not call it.
    ///
    /// # Errors
    /// [`Error::BaselineFailed`] with the reason the other caller gave.
    pub fn wait(self) -> Result<Waited, Error> {
        let word = self.record.wait_for_baseline();
        Ok(settled(self.record, word)?.map_or(Waited::Released, Waited::Ready))
    }
}
