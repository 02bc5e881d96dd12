//! The versions of one function: which one runs, which could run again, and which are only remembered.

use crate::Tier;
use crate::UnitId;
use crate::version::{Cause, Compiled, FactCounts, VersionInfo, VersionStatus};
use std::sync::Arc;
use std::time::Duration;

/// How many versions without code are remembered: enough to see what happened to a function that is recompiled over and over,
/// in the order of 10 KiB.
pub(crate) const REMEMBERED: usize = 64;

/// What a version is and why, but for the code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) tier: Tier,
    pub(crate) cause: Cause,
    pub(crate) unit: Option<UnitId>,
    pub(crate) facts: FactCounts,
}

/// One version has taken the place of another.
#[derive(Debug)]
pub(crate) struct Switched {
    pub(crate) version: Arc<VersionInfo>,
    /// The one that ran before.
    pub(crate) displaced: Option<Arc<VersionInfo>>,
}

/// All versions that have code, and the last of those that had.
///
/// A version is shared with those who were told of it, who keep what it was then: it is replaced when something changes.
#[derive(Default, Debug)]
pub(crate) struct History {
    /// By ascending number.
    versions: Vec<Arc<VersionInfo>>,
    made: usize,
    reclaimed: usize,
    /// The number of the baseline, to go back to.
    baseline: Option<usize>,
    /// The number of the version that new calls enter.
    running: Option<usize>,
    /// The unit and the tier of the version that was made to run last, also when it has been taken back.
    chosen: Option<(Option<UnitId>, Tier)>,
}

impl History {
    pub(crate) fn versions(&self) -> &[Arc<VersionInfo>] {
        &self.versions
    }

    /// How many versions there have been.
    pub(crate) fn made(&self) -> usize {
        self.made
    }

    /// How many versions are not remembered any more.
    pub(crate) fn forgotten(&self) -> usize {
        self.made - self.versions.len()
    }

    pub(crate) fn running(&self) -> Option<&Arc<VersionInfo>> {
        self.get(self.running?)
    }

    /// Unit and tier of the version that the next renewal is to be like.
    pub(crate) fn chosen(&self) -> Option<(Option<UnitId>, Tier)> {
        self.chosen
    }

    /// The version that `unit` became.
    pub(crate) fn of_unit(&self, unit: UnitId) -> Option<&Arc<VersionInfo>> {
        let mut versions = self.versions.iter().rev();
        versions.find(|version| version.unit == Some(unit))
    }

    pub(crate) fn get(&self, number: usize) -> Option<&Arc<VersionInfo>> {
        Some(&self.versions[self.place(number)?])
    }

    fn place(&self, number: usize) -> Option<usize> {
        let found = self
            .versions
            .binary_search_by_key(&number, |version| version.number);
        found.ok()
    }

    /// Adds a version that could run.
    pub(crate) fn keep(
        &mut self,
        compiled: Compiled,
        made: Made,
        now: Duration,
    ) -> Arc<VersionInfo> {
        let place = self.push(compiled, made, now);
        self.versions[place].clone()
    }

    /// Adds a version that runs from now on.
    pub(crate) fn publish(&mut self, compiled: Compiled, made: Made, now: Duration) -> Switched {
        let place = self.push(compiled, made, now);
        self.chosen = Some((made.unit, made.tier));
        self.run_at(place, now)
    }

    /// Returns its place.
    fn push(&mut self, compiled: Compiled, made: Made, now: Duration) -> usize {
        let Compiled {
            body,
            address,
            size,
            phases,
            counter,
        } = compiled;
        let Made {
            tier,
            cause,
            unit,
            facts,
        } = made;
        let number = self.made;
        self.made += 1;
        if tier == Tier::BASELINE {
            self.baseline = Some(number);
        }
        self.versions.push(Arc::new(VersionInfo {
            number,
            body,
            address,
            size,
            counter,
            tier,
            cause,
            phases,
            unit,
            facts,
            invalidated: None,
            made_at: now,
            published_at: None,
            displaced_at: None,
            status: VersionStatus::Kept,
        }));
        self.versions.len() - 1
    }

    /// The version with this number runs from now on, instead of the one that does. `None` if it is not remembered.
    pub(crate) fn run(&mut self, number: usize, now: Duration) -> Option<Switched> {
        let switched = self.run_at(self.place(number)?, now);
        self.choose(&switched.version);
        Some(switched)
    }

    /// The version that runs is the one that was wanted.
    pub(crate) fn choose(&mut self, version: &VersionInfo) {
        self.chosen = Some((version.unit, version.tier));
    }

    /// The baseline runs, if there is one, for want of something better.
    pub(crate) fn fall_back(&mut self, now: Duration) -> Option<&Arc<VersionInfo>> {
        let place = self.place(self.baseline?)?;
        self.run_at(place, now);
        self.running()
    }

    fn run_at(&mut self, place: usize, now: Duration) -> Switched {
        let displaced = self.stop(VersionStatus::Kept, now);
        let version = Arc::make_mut(&mut self.versions[place]);
        version.status = VersionStatus::Running;
        version.published_at = Some(now);
        version.displaced_at = None;
        self.running = Some(version.number);
        Switched {
            version: self.versions[place].clone(),
            displaced,
        }
    }

    /// No new call enters the version that runs any more.
    pub(crate) fn stop(
        &mut self,
        status: VersionStatus,
        now: Duration,
    ) -> Option<Arc<VersionInfo>> {
        let running = self.running.take()?;
        let place = self.place(running)?;
        let version = Arc::make_mut(&mut self.versions[place]);
        version.status = status;
        version.displaced_at = Some(now);
        Some(self.versions[place].clone())
    }

    /// What a version relied on does not hold any more. One that runs is to be stopped first.
    pub(crate) fn invalidate(
        &mut self,
        number: usize,
        reason: &Arc<str>,
    ) -> Option<Arc<VersionInfo>> {
        let place = self.place(number)?;
        let version = Arc::make_mut(&mut self.versions[place]);
        version.invalidated.get_or_insert_with(|| reason.clone());
        if version.status == VersionStatus::Kept {
            version.status = VersionStatus::Invalidated;
        }
        Some(self.versions[place].clone())
    }

    /// No version is right any more: the one that runs is stopped, which is returned, and none is there to go back to.
    pub(super) fn invalidate_all(
        &mut self,
        reason: &Arc<str>,
        now: Duration,
    ) -> Option<Arc<VersionInfo>> {
        let stopped = self.stop(VersionStatus::Invalidated, now);
        self.baseline = None;
        for place in 0..self.versions.len() {
            let number = self.versions[place].number;
            match self.versions[place].status {
                VersionStatus::Reclaimed | VersionStatus::Running => {}
                VersionStatus::Kept | VersionStatus::Invalidated => {
                    self.invalidate(number, reason);
                }
            }
        }
        self.get(stopped?.number).cloned()
    }

    /// The baseline is not right any more. Returns it, and whether it ran, which it does not from now on.
    pub(super) fn take_baseline(
        &mut self,
        reason: &Arc<str>,
        now: Duration,
    ) -> Option<(Arc<VersionInfo>, bool)> {
        let number = self.baseline.take()?;
        let ran = self.running == Some(number);
        if ran {
            self.stop(VersionStatus::Invalidated, now);
        }
        let version = self.invalidate(number, reason)?;
        Some((version, ran))
    }

    /// The code of a version goes, unless that could run and has since it was found as `displaced`. Not that of the one that runs,
    /// nor that of the baseline, which there must be to go back to.
    pub(crate) fn reclaim(&mut self, displaced: &Arc<VersionInfo>) -> bool {
        let number = displaced.number;
        let Some(place) = self.place(number).filter(|_| self.baseline != Some(number)) else {
            return false;
        };
        let version = &mut self.versions[place];
        match version.status {
            // It is another one after each change, since `displaced` is held.
            VersionStatus::Kept if Arc::ptr_eq(version, displaced) => {}
            VersionStatus::Invalidated => {}
            _ => return false,
        }
        let version = Arc::make_mut(version);
        version.status = VersionStatus::Reclaimed;
        self.reclaimed += 1;
        self.forget_oldest();
        true
    }

    fn forget_oldest(&mut self) {
        if self.reclaimed <= REMEMBERED {
            return;
        }
        let mut versions = self.versions.iter();
        let oldest = versions.position(|version| version.status == VersionStatus::Reclaimed);
        if let Some(place) = oldest {
            self.versions.remove(place);
            self.reclaimed -= 1;
        }
    }
}
