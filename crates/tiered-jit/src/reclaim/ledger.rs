//! The books: which unit takes how much memory, and which versions are kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tjit_runtime::{FunctionId, UnitId, VersionInfo};

use crate::code::Code;

/// A version that left its slot and could run again.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) function: FunctionId,
    pub(crate) unit: UnitId,
    pub(crate) version: Arc<VersionInfo>,
}

/// A unit whose code is there.
#[derive(Clone, Debug)]
pub(crate) struct Linked {
    function: FunctionId,
    pub(crate) code: Code,
    /// What the program may have an address of in it.
    pub(crate) retained: Option<Arc<str>>,
    is_retired: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    units: HashMap<UnitId, Linked>,
    bytes: u64,
    /// Of those units that will be freed.
    bytes_retired: u64,
    /// In the order in which they left their slots.
    kept: BTreeMap<u64, Kept>,
    /// The place in `kept` of each function that has a version there.
    places: HashMap<FunctionId, u64>,
    next: u64,
    unreclaimable: usize,
}

impl Ledger {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn bytes_retired(&self) -> u64 {
        self.bytes_retired
    }

    pub(crate) fn kept(&self) -> usize {
        self.kept.len()
    }

    pub(crate) fn unreclaimable(&self) -> usize {
        self.unreclaimable
    }

    pub(crate) fn enter(
        &mut self,
        unit: UnitId,
        function: FunctionId,
        (code, retained): (Code, Option<Arc<str>>),
    ) {
        let linked = Linked {
            function,
            code,
            retained,
            is_retired: false,
        };
        self.units.insert(unit, linked);
        self.bytes += code.bytes();
    }

    /// Forgets a unit whose code is freed.
    pub(crate) fn forget(&mut self, unit: UnitId) -> Option<Code> {
        let linked = self.units.remove(&unit)?;
        self.bytes -= linked.code.bytes();
        match (linked.is_retired, &linked.retained) {
            (true, Some(_)) => self.unreclaimable -= 1,
            (true, None) => self.bytes_retired -= linked.code.bytes(),
            (false, _) => {}
        }
        Some(linked.code)
    }

    pub(crate) fn forget_function(&mut self, function: FunctionId) {
        self.release(function);
        let theirs = self.units.iter();
        let theirs: Vec<_> = theirs
            .filter_map(|(unit, linked)| (linked.function == function).then_some(*unit))
            .collect();
        for unit in theirs {
            self.forget(unit);
        }
    }

    /// Keeps the version that left its slot last; returns the one that was kept before.
    pub(crate) fn keep(&mut self, version: Kept) -> Option<Kept> {
        let before = self.release(version.function);
        let before = before.filter(|before| before.unit != version.unit);
        let place = self.next;
        self.next += 1;
        self.places.insert(version.function, place);
        self.kept.insert(place, version);
        before
    }

    /// The function has no kept version any more.
    fn release(&mut self, function: FunctionId) -> Option<Kept> {
        let place = self.places.remove(&function)?;
        self.kept.remove(&place)
    }

    /// The kept version that left its slot first, which is kept no longer.
    pub(crate) fn release_oldest(&mut self) -> Option<Kept> {
        let (_, kept) = self.kept.pop_first()?;
        self.places.remove(&kept.function);
        Some(kept)
    }

    /// The units that may run, the oldest first, with their functions.
    pub(crate) fn live(&self) -> Vec<(FunctionId, UnitId)> {
        let live = self.units.iter().filter(|(_, linked)| !linked.is_retired);
        let mut live: Vec<_> = live
            .map(|(unit, linked)| (linked.function, *unit))
            .collect();
        live.sort_unstable_by_key(|(_, unit)| *unit);
        live
    }

    /// A unit will not run again. `None` if it is gone, or was retired before.
    pub(crate) fn retire(&mut self, unit: UnitId) -> Option<Linked> {
        let linked = self
            .units
            .get_mut(&unit)
            .filter(|linked| !linked.is_retired)?;
        linked.is_retired = true;
        let linked = linked.clone();
        match linked.retained {
            Some(_) => self.unreclaimable += 1,
            None => self.bytes_retired += linked.code.bytes(),
        }
        Some(linked)
    }
}
