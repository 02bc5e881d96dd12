//! The books: which unit takes how much memory, and which versions are kept.

use std::collections::{BTreeMap, HashMap, VecDeque};
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
    /// The places in `kept` of each function that has versions there, ascending.
    places: HashMap<FunctionId, VecDeque<u64>>,
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
        for place in self.places.remove(&function).unwrap_or_default() {
            self.kept.remove(&place);
        }
        let theirs = self.units.iter();
        let theirs: Vec<_> = theirs
            .filter_map(|(unit, linked)| (linked.function == function).then_some(*unit))
            .collect();
        for unit in theirs {
            self.forget(unit);
        }
    }

    /// Keeps the version that left its slot last.
    pub(crate) fn keep(&mut self, version: Kept) {
        let (function, unit) = (version.function, version.unit);
        let place = self.next;
        self.next += 1;
        let kept = &mut self.kept;
        let places = self.places.entry(function).or_default();
        // It was kept before, and has run meanwhile.
        places.retain(|place| {
            let is_it = kept.get(place).is_some_and(|kept| kept.unit == unit);
            if is_it {
                kept.remove(place);
            }
            !is_it
        });
        places.push_back(place);
        kept.insert(place, version);
    }

    /// The versions of a function that left their slots before the last `most`, which are kept no longer.
    pub(crate) fn release_older(&mut self, function: FunctionId, most: usize) -> Vec<Kept> {
        let Some(places) = self.places.get_mut(&function) else {
            return Vec::new();
        };
        let older = places.drain(..places.len().saturating_sub(most));
        let older = older.filter_map(|place| self.kept.remove(&place)).collect();
        if places.is_empty() {
            self.places.remove(&function);
        }
        older
    }

    /// The functions that have more than `most` versions kept.
    pub(crate) fn functions_with_more(&self, most: usize) -> Vec<FunctionId> {
        let functions = self.places.iter();
        let with_more = functions.filter(|(_, places)| places.len() > most);
        with_more.map(|(&function, _)| function).collect()
    }

    /// The kept version that left its slot first, which is kept no longer.
    pub(crate) fn release_oldest(&mut self) -> Option<Kept> {
        let (place, kept) = self.kept.pop_first()?;
        if let Some(places) = self.places.get_mut(&kept.function) {
            places.retain(|other| *other != place);
            if places.is_empty() {
                self.places.remove(&kept.function);
            }
        }
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
