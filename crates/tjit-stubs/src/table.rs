//! Which name has which stub.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::{Error, StubId};

/// Longest name in bytes. LLVM and object files handle longer ones badly or truncate them silently.
const MAX_NAME: usize = 64 << 10;

#[derive(Debug)]
enum Entry {
    Live(Arc<str>),
    /// Removed; somebody may still hold the address.
    Retired,
    /// Recycled; on the free list.
    Free,
}

/// Names of stubs, both ways, and which ids can be given out again.
#[derive(Debug, Default)]
pub(crate) struct Table {
    by_name: HashMap<Arc<str>, StubId>,
    entries: Vec<Entry>,
    free: Vec<StubId>,
    /// How many blocks of stubs have been written.
    pub(crate) blocks: usize,
}

/// Ids chosen for a batch, not yet in the table.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Recycled ids first, then fresh ones.
    pub(crate) ids: Vec<StubId>,
    /// How many ids exist once the plan is carried out.
    pub(crate) created: u32,
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    pub(crate) fn find(&self, name: &str) -> Option<StubId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn name(&self, id: StubId) -> Option<&Arc<str>> {
        match self.entries.get(id.index() as usize)? {
            Entry::Live(name) => Some(name),
            Entry::Retired | Entry::Free => None,
        }
    }

    /// Chooses ids for `names`, or says why they cannot all have one.
    pub(crate) fn plan(&self, names: &[Arc<str>], capacity: u32) -> Result<Plan, Error> {
        let mut seen = HashSet::new();
        for name in names {
            check_name(name)?;
            if self.by_name.contains_key(name) || !seen.insert(name) {
                return Err(Error::DuplicateName {
                    name: name.to_string(),
                });
            }
        }
        let recycled = self.free.len().min(names.len());
        let room = capacity as usize - self.entries.len();
        if names.len() - recycled > room {
            return Err(Error::CapacityExhausted {
                requested: names.len(),
                free: self.free.len() + room,
                capacity,
            });
        }
        // Both fit: the check above keeps them at or below the capacity.
        let first_fresh = self.entries.len() as u32;
        let created = first_fresh + (names.len() - recycled) as u32;
        let recycled = self.free.iter().rev().take(recycled).copied();
        let ids = recycled
            .chain((first_fresh..created).map(StubId::from_index))
            .collect();
        Ok(Plan { ids, created })
    }

    /// Enters `names` with the ids of the plan that was made for them.
    pub(crate) fn carry_out(&mut self, plan: &Plan, names: Vec<Arc<str>>) {
        for (&id, name) in plan.ids.iter().zip(names) {
            let entry = Entry::Live(Arc::clone(&name));
            match self.entries.get_mut(id.index() as usize) {
                Some(recycled) => {
                    self.free.pop();
                    *recycled = entry;
                }
                None => self.entries.push(entry),
            }
            self.by_name.insert(name, id);
        }
    }

    /// Frees the name and retires the id.
    pub(crate) fn remove(&mut self, name: &str) -> Option<StubId> {
        let id = self.by_name.remove(name)?;
        self.entries[id.index() as usize] = Entry::Retired;
        Some(id)
    }

    /// Makes a retired id available again.
    pub(crate) fn recycle(&mut self, id: StubId) -> Result<(), Error> {
        match self.entries.get_mut(id.index() as usize) {
            None => Err(Error::UnknownId { id }),
            Some(entry @ Entry::Retired) => {
                *entry = Entry::Free;
                self.free.push(id);
                Ok(())
            }
            Some(Entry::Live(_) | Entry::Free) => Err(Error::NotRemoved { id }),
        }
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let reason = if name.is_empty() {
        "the name is empty"
    } else if name.contains('\0') {
        "the name contains a NUL byte"
    } else if name.len() > MAX_NAME {
        "the name is longer than 64 KiB"
    } else {
        return Ok(());
    };
    // The message must stay readable when the name is what is wrong.
    let name = name.chars().take(64).collect();
    Err(Error::InvalidName { name, reason })
}
