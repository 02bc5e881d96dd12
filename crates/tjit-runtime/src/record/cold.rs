//! What is known of a function besides what the mutator reads.

use super::history::History;
use super::trial::JobUnit;
use crate::UnitId;
use std::sync::Arc;

/// What is read and written under a lock, never on the mutator's path.
///
/// The lock also orders the publications of one function: state and slot change together under it, so the slot can't end
/// up with the older of two versions.
#[derive(Default, Debug)]
pub(crate) struct Cold {
    pub(super) history: History,
    /// Why the last attempt failed.
    pub(super) failure: Option<Arc<str>>,
    /// While somebody compiles the function above the baseline: the word says so just then.
    pub(super) job: Option<JobUnit>,
    /// Somebody wants to claim the function and could not.
    pub(super) wanted: bool,
    /// How often the baseline was taken away, or the function. What was begun before does not become one.
    pub(super) bases: u64,
}

impl Cold {
    pub(super) fn is_compiling(&self, unit: UnitId) -> bool {
        self.job.as_ref().is_some_and(|job| job.has(unit))
    }

    /// Why the job under way is not to publish anything.
    pub(super) fn withdrawn(&self) -> Option<Arc<str>> {
        self.job.as_ref()?.withdrawn.clone()
    }

    pub(super) fn withdraw_job(&mut self, reason: &Arc<str>) {
        if let Some(job) = &mut self.job {
            job.withdrawn = Some(reason.clone());
        }
    }

    /// Gives the job under way another unit if it needs one, with the reason.
    pub(super) fn restart_stale(
        &mut self,
        next: impl FnOnce() -> UnitId,
    ) -> Option<(UnitId, Arc<str>)> {
        let job = self.job.as_mut()?;
        let reason = job.stale.take()?;
        job.unit = next();
        Some((job.unit, reason))
    }
}
