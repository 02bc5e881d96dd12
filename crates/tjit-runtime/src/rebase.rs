//! Functions whose baseline is not right any more.

use crate::event::EventKind;
use crate::record::{Debased, RebasedUnit};
use crate::version::{Compiled, Published, VersionInfo};
use crate::{Error, FunctionId, Runtime};
use std::sync::Arc;

impl<R> Runtime<R> {
    /// Function `id` has another meaning: `compiled` is its baseline from now on. `install` gets its address to store it into
    /// the slot. Whatever the function had before is taken back, for `reason`: no version of it will run again, a job under way
    /// starts again, and so does a first call that is being served. If it was optimised it is queued to be so again, and if it was
    /// rolled back that is over. Id, stub and history stay.
    ///
    /// After it has returned no call through the slot enters a version from before. Calls under way go on where they are.
    /// Allocates and locks: not for signal handlers.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`], [`Error::Removed`], and the error of `install`: what was there before is taken back then, but the
    /// slot may still lead to it.
    pub fn rebase<E: From<Error>>(
        &self,
        id: FunctionId,
        (compiled, reason): (Compiled, &Arc<str>),
        install: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<Arc<VersionInfo>, E> {
        let record = self.core.record(id)?;
        let done = record.rebase((compiled, reason), install, self.core.now())?;
        let Some(RebasedUnit {
            word,
            version,
            displaced,
        }) = done
        else {
            return Err(Error::Removed(record.symbol().clone()).into());
        };
        self.core.totals.compiled(&version);
        let heard = version.clone();
        self.core.emit(record, || EventKind::BaselineCompiled {
            version: heard,
            published: Published::Installed,
        });
        let heard = Some(version.clone());
        self.core
            .emit(record, || EventKind::Redefined { version: heard });
        if let Some(displaced) = displaced {
            self.core.totals.invalidated();
            self.core.displaced(record, &displaced);
        }
        self.queue_renewal(record, word);
        Ok(version)
    }

    /// The baseline of function `id` is not right any more, for `reason`, and is not to be entered by new calls: if it runs,
    /// `install` is called to make the slot lazy, and the next call is a first call. A first call that is being served starts
    /// again. What runs above the baseline is left alone: see [`Runtime::invalidate`]. Returns whether there was one.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`], and the error of `install`; the slot may still lead to the baseline then.
    pub fn debase<E: From<Error>>(
        &self,
        id: FunctionId,
        reason: &Arc<str>,
        install: impl FnOnce() -> Result<(), E>,
    ) -> Result<bool, E> {
        let record = self.core.record(id)?;
        match record.debase(reason, install, self.core.now())? {
            Debased::Unchanged => return Ok(false),
            Debased::Other => {}
            Debased::Running(version) => {
                self.core.totals.invalidated();
                let heard = version.clone();
                self.core.emit(record, || EventKind::Invalidated {
                    version: heard,
                    now: None,
                });
                self.core.displaced(record, &version);
            }
        }
        Ok(true)
    }

    /// The function has another meaning, of which no version exists yet: if it was rolled back, that is over.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`].
    pub fn note_redefined(&self, id: FunctionId) -> Result<(), Error> {
        self.resume(id)?;
        let record = self.core.record(id)?;
        self.core
            .emit(record, || EventKind::Redefined { version: None });
        Ok(())
    }
}
