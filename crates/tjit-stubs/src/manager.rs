//! The stub manager: creates, finds, updates and removes stubs.

use std::ops::Range;
use std::sync::Arc;

use crate::{CodePtr, Error, LazyResolver, Stub, StubId, Target};

mod shared;
#[cfg(test)]
mod tests;

pub(crate) use shared::Shared;

/// How a [`StubManager`] is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The most stubs there can be at once. Each takes 32 bytes of addresses, and memory once a block of 2,048 (or more,
    /// where pages exceed 16 KiB) is used.
    pub capacity: u32,
    /// An address to be close to, such as that of the linked code: calls between code and stubs are shortest within
    /// ±2 GiB on x86-64 and ±128 MiB on AArch64. A wish; see [`StubManager::reserved_range`] for what came of it.
    pub near: Option<usize>,
}

impl Default for Config {
    /// 1,048,576 stubs, anywhere.
    fn default() -> Self {
        Self {
            capacity: 1 << 20,
            near: None,
        }
    }
}

/// Stubs: fixed addresses of functions whose code can be exchanged at any time.
///
/// # Threads
/// Every method may be called from every thread, also while others call through the stubs. [`update`](Self::update),
/// [`target`](Self::target), [`is_lazy`](Self::is_lazy) and [`id_of_address`](Self::id_of_address) take no lock and
/// allocate nothing, so they may be called from a signal handler; the others take a lock.
///
/// # Ids and addresses
/// A stub keeps its id and address until it is [removed](Self::remove), and after that neither is given out again until
/// the embedder vouches, with [`recycle`](Self::recycle), that nobody holds the address any more.
///
/// # Drop
/// Dropping the manager unmaps the stubs. No safe code can enter a stub, so this is safe: it is the `unsafe` call through
/// a stub's address that has to make sure that the manager outlives it, and the running program, which holds stub
/// addresses in its vtables, registers and return paths, is normally let run to its end first. Embedders whose program may
/// still run while the process exits leak the manager (`Box::leak`, a `static`).
///
/// # Fork
/// A child has its own copy of the stubs and slots. A lock held by another thread at the time of the fork stays held.
#[derive(Debug)]
pub struct StubManager {
    /// The trampoline holds the address, so it must not move.
    shared: Arc<Shared>,
}

impl StubManager {
    /// Reserves addresses for all stubs and writes the lazy trampoline. No memory is used for stubs yet.
    ///
    /// # Errors
    /// [`Error::InvalidCapacity`], or [`Error::Memory`] when the operating system refuses.
    pub fn new(config: Config, resolver: Box<dyn LazyResolver>) -> Result<Self, Error> {
        Shared::new(&config, resolver).map(|shared| Self { shared })
    }

    /// Creates a stub for the symbol `name`, as the linker spells it.
    ///
    /// # Errors
    /// [`Error::DuplicateName`], [`Error::InvalidName`], [`Error::CapacityExhausted`] or [`Error::Memory`].
    pub fn create(&self, name: &str, initial: Target) -> Result<Stub, Error> {
        let stubs = self.shared.create(vec![Arc::from(name)], &[initial])?;
        Ok(stubs[0])
    }

    /// Creates a stub for each symbol, or none. The result is in the order of the input.
    ///
    /// # Errors
    /// As [`create`](Self::create); a name that occurs twice is a duplicate.
    pub fn create_batch<N: AsRef<str>>(
        &self,
        stubs: impl IntoIterator<Item = (N, Target)>,
    ) -> Result<Vec<Stub>, Error> {
        let (names, targets): (Vec<Arc<str>>, Vec<Target>) = stubs
            .into_iter()
            .map(|(name, target)| (Arc::from(name.as_ref()), target))
            .unzip();
        self.shared.create(names, &targets)
    }

    /// Points the stub of `name` at `address`; see [`update`](Self::update).
    ///
    /// # Errors
    /// [`Error::UnknownName`].
    pub fn update_pointer(&self, name: &str, address: CodePtr) -> Result<(), Error> {
        self.shared.update_name(name, address)
    }

    /// Points a stub at `address`: calls that begin after this see it, calls that have passed the stub go on where they
    /// are. One atomic store with Release order; lock-free.
    ///
    /// The code must be complete, executable and visible to instruction fetch beforehand.
    ///
    /// # Errors
    /// [`Error::UnknownId`] or [`Error::Removed`].
    pub fn update(&self, id: StubId, address: CodePtr) -> Result<(), Error> {
        self.shared.update(id, address)
    }

    /// Updates each stub, or none. Stubs switch one after the other: a thread that calls through several of them
    /// meanwhile can see some switched and others not.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn update_batch(
        &self,
        updates: impl IntoIterator<Item = (StubId, CodePtr)>,
    ) -> Result<(), Error> {
        let updates: Vec<_> = updates.into_iter().collect();
        self.shared.update_batch(&updates)
    }

    /// Makes the next call ask the resolver again. A resolution of this manager that is under way is not published.
    ///
    /// # Errors
    /// [`Error::UnknownId`] or [`Error::Removed`].
    pub fn reset_lazy(&self, id: StubId) -> Result<(), Error> {
        self.shared.reset_lazy(id)
    }

    /// The stub of `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Stub> {
        self.shared.find(name)
    }

    /// The stub that starts at `address`, or `None` where no stub was ever created. Arithmetic and one atomic load.
    ///
    /// Removed stubs still have their id, as the caller evidently still has the address.
    #[must_use]
    pub fn id_of_address(&self, address: usize) -> Option<StubId> {
        self.shared.id_of_address(address)
    }

    /// The entry of a stub, or `None` if it was never created.
    #[must_use]
    pub fn address(&self, id: StubId) -> Option<CodePtr> {
        self.shared.address(id)
    }

    /// The linker-level name of a stub, or `None` if it was removed or never created. O(1).
    #[must_use]
    pub fn name(&self, id: StubId) -> Option<Arc<str>> {
        self.shared.name(id)
    }

    /// Where a stub leads now, or `None` if it is lazy, removed or was never created. Acquire order.
    #[must_use]
    pub fn target(&self, id: StubId) -> Option<CodePtr> {
        self.shared.target(id)
    }

    /// Whether the next call will ask the resolver.
    #[must_use]
    pub fn is_lazy(&self, id: StubId) -> bool {
        self.shared.is_lazy(id)
    }

    /// Frees the name. Its stub stays mapped and now leads to a trap, which ends the program with SIGILL, and the id is
    /// not given out again until it is [recycled](Self::recycle).
    ///
    /// Calls that have passed the stub, and a resolution that is under way, go on.
    ///
    /// # Errors
    /// [`Error::UnknownName`].
    pub fn remove(&self, name: &str) -> Result<StubId, Error> {
        self.shared.remove(name)
    }

    /// Lets the id and address of a removed stub be used for another one.
    ///
    /// # Errors
    /// [`Error::UnknownId`] or [`Error::NotRemoved`].
    ///
    /// # Safety
    /// Nobody holds the address or the id of the stub any more, in memory, in a register or as the resolver's argument,
    /// with the intention to use it: it would be another function, possibly with another signature.
    pub unsafe fn recycle(&self, id: StubId) -> Result<(), Error> {
        self.shared.recycle(id)
    }

    /// How many stubs there are, removed ones not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.len()
    }

    /// Whether there is no stub.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The addresses that all stubs, present and future, lie in; slots and trampolines too.
    #[must_use]
    pub fn reserved_range(&self) -> Range<usize> {
        self.shared.reserved_range()
    }
}
