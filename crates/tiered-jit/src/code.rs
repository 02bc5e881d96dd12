//! Handles on the memory of linked objects.

use std::collections::HashMap;

use tjit_link::ModuleId;
use tjit_orc::ResourceTracker;

/// Names the code, data, symbols and unwind tables of one linked object, whoever else has freed them meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Code {
    module: Option<ModuleId>,
    number: u64,
    bytes: u64,
}

impl Code {
    /// How much memory it takes.
    pub(crate) fn bytes(self) -> u64 {
        self.bytes
    }

    /// The module that it is freed with, if it belongs to one.
    pub(crate) fn module(self) -> Option<ModuleId> {
        self.module
    }
}

/// The trackers of the objects of one module. A number is never given twice, so that a handle that is used too late finds
/// nothing.
#[derive(Debug, Default)]
pub(crate) struct Trackers {
    next: u64,
    live: HashMap<u64, ResourceTracker>,
}

impl Trackers {
    pub(crate) fn insert(
        &mut self,
        module: Option<ModuleId>,
        (tracker, bytes): (ResourceTracker, u64),
    ) -> Code {
        let number = self.next;
        self.next += 1;
        self.live.insert(number, tracker);
        Code {
            module,
            number,
            bytes,
        }
    }

    pub(crate) fn take(&mut self, code: Code) -> Option<ResourceTracker> {
        self.live.remove(&code.number)
    }

    /// All of them, oldest first.
    pub(crate) fn into_all(self) -> impl Iterator<Item = ResourceTracker> {
        let mut all: Vec<_> = self.live.into_iter().collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, tracker)| tracker)
    }
}
