//! What a manager shares with its trampoline.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::geometry::Geometry;
use crate::lazy::enter_resolver;
use crate::sys::{self, Mapping};
use crate::table::{Plan, Table};
use crate::{CodePtr, Error, LazyResolver, Resolution, Stub, StubId, Target, code};

use super::Config;

#[derive(Debug)]
pub(crate) struct Shared {
    // Declared, and so dropped, before the resolver that its code calls.
    mapping: Mapping,
    geometry: Geometry,
    /// Address of the trap; 0 only while `new` runs.
    trap: AtomicUsize,
    /// How many stubs were ever created; all their blocks are committed.
    created: AtomicU32,
    table: RwLock<Table>,
    /// How often a stub was made lazy again. Held while a resolution is published.
    resets: Mutex<u64>,
    resolver: Box<dyn LazyResolver>,
}

impl Shared {
    pub(super) fn new(
        config: &Config,
        resolver: Box<dyn LazyResolver>,
    ) -> Result<Arc<Self>, Error> {
        let geometry = Geometry::new(config.capacity, sys::page_size())?;
        let mapping =
            Mapping::reserve(geometry.total(), config.near).map_err(|source| Error::Memory {
                operation: "reserving addresses for stubs",
                source,
            })?;
        let shared = Arc::new(Self {
            mapping,
            geometry,
            trap: AtomicUsize::new(0),
            created: AtomicU32::new(0),
            table: RwLock::default(),
            resets: Mutex::new(0),
            resolver,
        });
        let context = Arc::as_ptr(&shared).expose_provenance();
        let enter = enter_resolver as *const () as usize;
        // SAFETY: nobody but this function knows of the mapping.
        let trap = unsafe { code::write_header(&shared.mapping, &shared.geometry, enter, context) }
            .map_err(|source| Error::Memory {
                operation: "writing the lazy trampoline",
                source,
            })?;
        // Relaxed: whoever shares the manager with another thread synchronises.
        shared.trap.store(trap, Ordering::Relaxed);
        Ok(shared)
    }

    pub(super) fn create(
        &self,
        names: Vec<Arc<str>>,
        targets: &[Target],
    ) -> Result<Vec<Stub>, Error> {
        let mut table = self.write_table();
        let plan = table.plan(&names, self.geometry.capacity())?;
        self.commit_blocks(&mut table, &plan)?;
        for (&id, &target) in plan.ids.iter().zip(targets) {
            let address = match target {
                Target::Lazy => self.lazy_entry(id),
                Target::Address(address) => address.addr(),
            };
            // Release: whoever calls through the stub must see the code that was complete before this.
            self.committed_slot(id).store(address, Ordering::Release);
        }
        // Release: pairs with the load in `slot`; blocks and slots come before the ids that lead to them.
        self.created.store(plan.created, Ordering::Release);
        table.carry_out(&plan, names);
        Ok(plan.ids.iter().map(|&id| self.stub(id)).collect())
    }

    fn commit_blocks(&self, table: &mut Table, plan: &Plan) -> Result<(), Error> {
        while table.blocks < self.geometry.blocks_for(plan.created) {
            // SAFETY: `created` does not reach into this block, and we hold the lock that guards its growth.
            unsafe { code::write_block(&self.mapping, &self.geometry, table.blocks) }.map_err(
                |source| Error::Memory {
                    operation: "writing a block of stubs",
                    source,
                },
            )?;
            table.blocks += 1;
        }
        Ok(())
    }

    pub(super) fn find(&self, name: &str) -> Option<Stub> {
        self.read_table().find(name).map(|id| self.stub(id))
    }

    pub(crate) fn name(&self, id: StubId) -> Option<Arc<str>> {
        self.read_table().name(id).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.read_table().len()
    }

    pub(super) fn id_of_address(&self, address: usize) -> Option<StubId> {
        let offset = address.checked_sub(self.mapping.address())?;
        let id = StubId::from_index(self.geometry.index_of_stub(offset)?);
        self.exists(id).then_some(id)
    }

    pub(super) fn address(&self, id: StubId) -> Option<CodePtr> {
        self.exists(id).then(|| self.stub(id).address)
    }

    pub(super) fn target(&self, id: StubId) -> Option<CodePtr> {
        // Acquire: what the publisher did before its store is visible to whoever inspects the target.
        let address = self.slot(id)?.load(Ordering::Acquire);
        if address == self.lazy_entry(id) || address == self.trap() {
            return None;
        }
        CodePtr::new(address)
    }

    pub(super) fn is_lazy(&self, id: StubId) -> bool {
        // Relaxed: the answer may be out of date as soon as it is given.
        self.slot(id)
            .is_some_and(|slot| slot.load(Ordering::Relaxed) == self.lazy_entry(id))
    }

    pub(super) fn update(&self, id: StubId, address: CodePtr) -> Result<(), Error> {
        self.point(id, address.addr())
    }

    pub(super) fn update_name(&self, name: &str, address: CodePtr) -> Result<(), Error> {
        let table = self.read_table();
        let id = table.find(name).ok_or_else(|| Error::UnknownName {
            name: name.to_owned(),
        })?;
        self.point(id, address.addr())
    }

    pub(super) fn update_batch(&self, updates: &[(StubId, CodePtr)]) -> Result<(), Error> {
        // Removal takes this lock for writing, so what exists now still does when the updates are made.
        let _table = self.read_table();
        for &(id, _) in updates {
            // Relaxed: the lock orders this after any removal.
            let slot = self.slot(id).ok_or(Error::UnknownId { id })?;
            if slot.load(Ordering::Relaxed) == self.trap() {
                return Err(Error::Removed { id });
            }
        }
        updates
            .iter()
            .try_for_each(|&(id, address)| self.point(id, address.addr()))
    }

    pub(super) fn reset_lazy(&self, id: StubId) -> Result<(), Error> {
        let mut resets = self.lock_resets();
        *resets += 1;
        self.point(id, self.lazy_entry(id))
    }

    pub(super) fn remove(&self, name: &str) -> Result<StubId, Error> {
        let mut table = self.write_table();
        let id = table.remove(name).ok_or_else(|| Error::UnknownName {
            name: name.to_owned(),
        })?;
        // Release like every store to a slot; the trap has always been there.
        self.committed_slot(id)
            .store(self.trap(), Ordering::Release);
        Ok(id)
    }

    pub(super) fn recycle(&self, id: StubId) -> Result<(), Error> {
        self.write_table().recycle(id)
    }

    pub(super) fn reserved_range(&self) -> Range<usize> {
        let start = self.mapping.address();
        start..start + self.mapping.len()
    }

    /// The address that a call which came through the lazy entry of `id`, and returns to `return_address`, shall go to.
    pub(crate) fn resolve_lazy(&self, id: StubId, return_address: usize) -> usize {
        let slot = self.committed_slot(id);
        let lazy = self.lazy_entry(id);
        // Acquire: pairs with the publisher's Release, as this thread is about to run the code.
        let current = slot.load(Ordering::Acquire);
        if current != lazy {
            // Another thread got there first.
            return current;
        }
        // Never waited for: this may be a signal handler, and its own thread have the lock.
        let resets_before = self.resets.try_lock().map(|resets| *resets).ok();
        let resolution = self.resolver.resolve(id, return_address);
        if let (Resolution::Code(code), Some(resets_before)) = (resolution, resets_before) {
            self.publish_lazy(slot, lazy, code.addr(), resets_before);
        }
        resolution.address()
    }

    /// Points a lazy slot at what the resolver returned, unless somebody else had a say meanwhile or has one now: then the next
    /// call asks again.
    fn publish_lazy(&self, slot: &AtomicUsize, lazy: usize, address: usize, resets_before: u64) {
        let Ok(resets) = self.resets.try_lock() else {
            return;
        };
        if *resets == resets_before {
            // The exchange fails when the stub was updated or removed meanwhile, and that is then the newer word.
            // Release: other threads must see the resolver's code before its address.
            let _ = slot.compare_exchange(lazy, address, Ordering::Release, Ordering::Relaxed);
        }
    }

    /// Stores `address` in the slot of `id` unless the stub was removed.
    fn point(&self, id: StubId, address: usize) -> Result<(), Error> {
        let slot = self.slot(id).ok_or(Error::UnknownId { id })?;
        // Release: pairs with the dependent load in the stub; code must be visible before its address.
        // Relaxed on failure: only compared with the trap.
        slot.try_update(Ordering::Release, Ordering::Relaxed, |current| {
            (current != self.trap()).then_some(address)
        })
        .map(|_| ())
        .map_err(|_| Error::Removed { id })
    }

    fn exists(&self, id: StubId) -> bool {
        // Acquire: pairs with the store in `create`.
        id.index() < self.created.load(Ordering::Acquire)
    }

    fn slot(&self, id: StubId) -> Option<&AtomicUsize> {
        self.exists(id).then(|| self.committed_slot(id))
    }

    /// The slot of a stub whose block is committed.
    fn committed_slot(&self, id: StubId) -> &AtomicUsize {
        let slot = self
            .mapping
            .at(self.geometry.slot(id.index() as usize))
            .cast();
        // SAFETY: the block is committed (callers hold the table lock after committing it, or `created` covers the id,
        // or the trampoline came through its lazy entry), slots are 8-aligned, and all access to them is atomic.
        unsafe { slot.as_ref() }
    }

    fn stub(&self, id: StubId) -> Stub {
        let address = self
            .mapping
            .at(self.geometry.stub(id.index() as usize))
            .addr();
        let address = CodePtr::new(address.get()).expect("a mapping is never at null");
        Stub { id, address }
    }

    fn lazy_entry(&self, id: StubId) -> usize {
        self.mapping.address() + self.geometry.lazy_entry(id.index() as usize)
    }

    fn trap(&self) -> usize {
        // Relaxed: written once, before the manager is shared.
        self.trap.load(Ordering::Relaxed)
    }

    // A panic while a lock is held leaves the table as it was (plans are made before anything changes), so poisoning says
    // nothing of use.

    fn read_table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_table(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_resets(&self) -> MutexGuard<'_, u64> {
        self.resets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
