//! Functions that leave the program, and functions whose versions do.

use crate::event::EventKind;
use crate::primitive::lock;
use crate::word::Word;
use crate::{Error, FunctionId, FunctionRecord, Runtime};

impl<R> Runtime<R> {
    /// Takes the function out of the program: trips and requests are declined from now on, first calls and waiting for them are
    /// errors, and its history is forgotten. Its id is not given to another function. Returns the payloads of requests that
    /// waited.
    ///
    /// Code that is on its way to a first call, or that still runs, is for the embedder to rule out.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`], [`Error::Removed`] if it was removed before, [`Error::Busy`] while it is being compiled.
    pub fn remove(&self, id: FunctionId) -> Result<Vec<R>, Error> {
        let record = self.core.record(id)?;
        let payloads = {
            let mut pending = lock(&self.pending);
            change(record, Word::remove)?;
            pending.as_mut().and_then(|payloads| payloads.remove(&id))
        };
        record.forget();
        self.core.emit(record, || EventKind::Removed);
        Ok(payloads.unwrap_or_default())
    }

    /// Makes a function what it was when it was registered: one that was removed, or one whose versions are about to go. Requests
    /// that wait go on waiting; the next call is a first call. The slot is for the embedder to make lazy.
    ///
    /// # Errors
    /// [`Error::UnknownFunction`], [`Error::Busy`] while it is being compiled.
    pub fn reset(&self, id: FunctionId) -> Result<(), Error> {
        let record = self.core.record(id)?;
        change(record, Word::reset)?;
        if record.forget() {
            self.core.emit(record, || EventKind::Reset);
        }
        Ok(())
    }
}

fn change(record: &FunctionRecord, next: fn(Word) -> Option<Word>) -> Result<(), Error> {
    let changed = record.word.update(next);
    changed.map(drop).map_err(|word| {
        let symbol = record.symbol().clone();
        match word.is_removed() {
            true => Error::Removed(symbol),
            false => Error::Busy(symbol),
        }
    })
}
