//! The versions that a function has had, and going back to one of them.

use std::sync::Arc;

use tjit_runtime::{FunctionRecord, VersionInfo};

use crate::promote::withdrawn;
use crate::request::Request;
use crate::{Error, TieredJit, fork};

impl TieredJit {
    /// The versions of a function, oldest first: all that have code, and the last 64 of those that had. What each is, why it was
    /// made, what it relies on, how large it is, how long it took, when it ran, and whether it could run again.
    ///
    /// Number 0 is the baseline, unless the function was optimised before it was called.
    ///
    /// # Errors
    /// [`Error::Link`] if no function has that name, or several do; the candidates are listed. [`Error::Native`] for a function
    /// of an object file.
    pub fn versions(&self, name: &str) -> Result<Vec<Arc<VersionInfo>>, Error> {
        Ok(self.find(name)?.versions())
    }

    /// Has an earlier version of a function run again: calls that begin after this has returned enter it. Calls under way go on
    /// where they are. `version` is its [number](VersionInfo::number); a later one than that which runs can be gone to as well.
    /// The baseline can always be gone to. So can versions that ran before, until they are freed: see
    /// [`Builder::keep_versions`](crate::Builder::keep_versions).
    ///
    /// It stays. Requests that wait or are being served are withdrawn ([`Error::Withdrawn`]), and the function is not promoted by
    /// itself any more until a later request has succeeded, it is redefined, or [`TieredJit::resume`]. It is not evicted. Only what
    /// the version relies on ends it: if a variable is thawed whose value it has, for example, it is taken back to the baseline, and
    /// that stays then.
    ///
    /// Waits for nobody who compiles. Not for signal handlers.
    ///
    /// # Errors
    /// As [`TieredJit::versions`], and [`Error::Version`] if there is no such version, its code is gone, or it was taken back.
    /// Nothing has changed then.
    pub fn rollback(&self, name: &str, version: usize) -> Result<Arc<VersionInfo>, Error> {
        let engine = self.engine();
        let record = self.find(name)?;
        let install = |address| engine.install(record, address);
        let brief = fork::enter_briefly();
        let done = engine.runtime.roll_back(record.id(), version, install)?;
        // What hears of it is the embedder's.
        drop(brief);
        withdraw(record, &done.version, done.withdrawn);
        Ok(done.version)
    }

    /// Lets a function be promoted again that was rolled back: it counts anew, and is made anew if facts have changed meanwhile
    /// from which it gains. Returns whether it had been rolled back, and no request has been served since.
    ///
    /// # Errors
    /// As [`TieredJit::versions`].
    pub fn resume(&self, name: &str) -> Result<bool, Error> {
        let record = self.find(name)?;
        let _brief = fork::enter_briefly();
        Ok(self.engine().runtime.resume(record.id())?)
    }
}

/// Tells those whose requests were overtaken.
pub(crate) fn withdraw(record: &FunctionRecord, version: &VersionInfo, requests: Vec<Request>) {
    let reason = format!("it was rolled back to version {}", version.number);
    for request in requests {
        request.answer(Err(withdrawn(record, &reason)));
    }
}
