//! All functions of a program, found by index in constant time without a lock.
//!
//! Chunks of doubling size that never move: the n-th holds 64·2ⁿ records, so 26 of them make room for 2³² functions, and a
//! reader needs two Acquire loads and no retry. (Chunked arrays of this form: Brodnik et al., "Resizable Arrays in
//! Optimal Time and Space", 1999.)

use crate::{Error, FunctionId, FunctionInfo, FunctionRecord};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

const FIRST_CHUNK_BITS: u32 = 6;
const CHUNKS: usize = (u32::BITS - FIRST_CHUNK_BITS + 1) as usize;

type Chunk = Box<[OnceLock<FunctionRecord>]>;

/// The functions of a program; they are only ever added.
///
/// [`FunctionTable::get`] takes no lock and does not allocate: it may be called in a signal handler.
#[derive(Debug)]
pub struct FunctionTable {
    chunks: [OnceLock<Chunk>; CHUNKS],
    len: AtomicUsize,
    append: Mutex<()>,
}

impl FunctionTable {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
            len: AtomicUsize::new(0),
            append: Mutex::new(()),
        }
    }

    /// Adds a function and returns its index, one more than the last.
    ///
    /// # Errors
    /// [`Error::TableFull`] when every index is used.
    pub fn push(&self, info: FunctionInfo) -> Result<FunctionId, Error> {
        let _one_at_a_time = self.append.lock().unwrap_or_else(PoisonError::into_inner);
        let len = self.len.load(Ordering::Relaxed);
        let Ok(index) = u32::try_from(len) else {
            return Err(Error::TableFull(info.symbol));
        };
        let (chunk, offset) = locate(index);
        let chunk_len = 1usize << (chunk as u32 + FIRST_CHUNK_BITS);
        let records =
            self.chunks[chunk].get_or_init(|| (0..chunk_len).map(|_| OnceLock::new()).collect());
        let id = FunctionId::new(index);
        records[offset].get_or_init(|| FunctionRecord::new(id, info));
        // Release: pairs with `len`; the record is there before it is counted.
        self.len.store(len + 1, Ordering::Release);
        Ok(id)
    }

    /// The record of a function, or `None` if there is no such function.
    #[must_use]
    pub fn get(&self, id: FunctionId) -> Option<&FunctionRecord> {
        let (chunk, offset) = locate(id.index());
        self.chunks[chunk].get()?.get(offset)?.get()
    }

    /// Runs `f` while every lock of this object is held.
    #[cfg(all(test, not(tjit_loom)))]
    pub(crate) fn hold_locks<R>(&self, f: impl FnOnce() -> R) -> R {
        let _append = self.append.lock().unwrap_or_else(PoisonError::into_inner);
        f()
    }

    /// How many functions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Is there no function yet?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The functions registered up to now, in order.
    pub fn iter(&self) -> impl Iterator<Item = &FunctionRecord> {
        let len = u32::try_from(self.len()).unwrap_or(u32::MAX);
        (0..len).filter_map(|index| self.get(FunctionId::new(index)))
    }
}

impl Default for FunctionTable {
    fn default() -> Self {
        Self::new()
    }
}

/// The chunk that holds `index` and the place in it.
fn locate(index: u32) -> (usize, usize) {
    // Shifted by the size of the first chunk, the position of the highest bit is the chunk and the rest is the place.
    let shifted = u64::from(index) + (1 << FIRST_CHUNK_BITS);
    let highest = shifted.ilog2();
    (
        (highest - FIRST_CHUNK_BITS) as usize,
        (shifted - (1 << highest)) as usize,
    )
}

#[cfg(all(test, not(tjit_loom)))]
mod tests;
