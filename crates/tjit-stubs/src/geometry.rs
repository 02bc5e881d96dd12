//! Where everything is: arithmetic between stub indices and addresses, without memory access.
//!
//! ```text
//! [header: trampoline, trap] [block 0] [block 1] …
//! block = [stubs: 1 lane, RX] [lazy entries: 2 lanes, RX] [slots: 1 lane, RW]
//! ```
//!
//! A stub and its slot are both 8 bytes, so every stub lies the same distance before its slot and all stubs are the same
//! bytes. 16 KiB of stubs in a block keep the number of mappings low (two per 2,048 stubs) and the distance far below the
//! 1 MiB that AArch64 can load across, also with pages of 64 KiB.

use std::ops::Range;

use crate::Error;
use crate::host::encoder::{LAZY_ENTRY_SIZE, MAX_SPAN, STUB_SIZE};

#[cfg(test)]
mod tests;

const SLOT_SIZE: usize = size_of::<usize>();
const LAZY_LANES: usize = LAZY_ENTRY_SIZE / STUB_SIZE;
const LANES: usize = 1 + LAZY_LANES + 1;
const MIN_LANE: usize = 16 << 10;

const _: () = assert!(
    SLOT_SIZE == STUB_SIZE,
    "else the distance from stub to slot would vary"
);

/// Sizes in bytes; offsets count from the start of the reservation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    /// Size of the header, one page.
    header: usize,
    /// Size of the stubs of one block; a power of two.
    lane: usize,
    capacity: u32,
}

impl Geometry {
    pub(crate) fn new(capacity: u32, page_size: usize) -> Result<Self, Error> {
        let lane = page_size.max(MIN_LANE);
        let geometry = Self {
            header: page_size,
            lane,
            capacity,
        };
        let maximum = (MAX_SPAN - page_size) / (LANES * lane) * geometry.per_block();
        if capacity == 0 || capacity as usize > maximum {
            let maximum = u32::try_from(maximum).unwrap_or(u32::MAX);
            return Err(Error::InvalidCapacity { capacity, maximum });
        }
        Ok(geometry)
    }

    /// How many stubs there can be.
    pub(crate) fn capacity(&self) -> u32 {
        self.capacity
    }

    /// How many stubs a block has.
    fn per_block(&self) -> usize {
        self.lane / STUB_SIZE
    }

    /// How many blocks hold `stubs` stubs.
    pub(crate) fn blocks_for(&self, stubs: u32) -> usize {
        (stubs as usize).div_ceil(self.per_block())
    }

    /// Size of the whole reservation.
    pub(crate) fn total(&self) -> usize {
        self.block(self.blocks_for(self.capacity))
    }

    /// The page of the trampoline and the trap.
    pub(crate) fn header(&self) -> Range<usize> {
        0..self.header
    }

    /// Stubs and lazy entries of a block.
    pub(crate) fn block_code(&self, block: usize) -> Range<usize> {
        let start = self.block(block);
        start..start + (1 + LAZY_LANES) * self.lane
    }

    /// Slots of a block.
    pub(crate) fn block_slots(&self, block: usize) -> Range<usize> {
        let start = self.block_code(block).end;
        start..start + self.lane
    }

    /// Indices of the stubs of a block, whether or not the capacity cuts it short.
    pub(crate) fn block_indices(&self, block: usize) -> Range<usize> {
        block * self.per_block()..(block + 1) * self.per_block()
    }

    /// From any stub to its slot.
    pub(crate) fn stub_to_slot(&self) -> usize {
        (1 + LAZY_LANES) * self.lane
    }

    pub(crate) fn stub(&self, index: usize) -> usize {
        self.block(index / self.per_block()) + index % self.per_block() * STUB_SIZE
    }

    pub(crate) fn lazy_entry(&self, index: usize) -> usize {
        self.block(index / self.per_block())
            + self.lane
            + index % self.per_block() * LAZY_ENTRY_SIZE
    }

    pub(crate) fn slot(&self, index: usize) -> usize {
        self.stub(index) + self.stub_to_slot()
    }

    /// The stub that starts at `offset`, if one can.
    pub(crate) fn index_of_stub(&self, offset: usize) -> Option<u32> {
        let from_blocks = offset.checked_sub(self.header)?;
        let (block, within) = (
            from_blocks / (LANES * self.lane),
            from_blocks % (LANES * self.lane),
        );
        if within >= self.lane || within % STUB_SIZE != 0 {
            return None;
        }
        let index = u32::try_from(block * self.per_block() + within / STUB_SIZE).ok()?;
        (index < self.capacity).then_some(index)
    }

    fn block(&self, block: usize) -> usize {
        self.header + block * LANES * self.lane
    }
}
