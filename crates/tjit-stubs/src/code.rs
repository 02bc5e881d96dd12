//! Fills pages with code, once, before they are executable.

use std::io;

use crate::geometry::Geometry;
use crate::host::{self, encoder};
use crate::sys::Mapping;

/// Where the trap starts in the header: after the trampoline, on the grid of a function entry.
const TRAP_ALIGNMENT: usize = 16;

/// Writes the trampoline and the trap, and returns the address of the trap.
///
/// `resolver` is the address of a function `(context, index: u32, return address) -> address of code` with the C convention.
///
/// # Safety
/// The header of `mapping` is not in use.
pub(crate) unsafe fn write_header(
    mapping: &Mapping,
    geometry: &Geometry,
    resolver: usize,
    context: usize,
) -> io::Result<usize> {
    let trampoline = host::trampoline(resolver as u64, context as u64);
    let trap = trampoline.len().next_multiple_of(TRAP_ALIGNMENT);
    // SAFETY: nobody uses the header, says our caller.
    let mut pages = unsafe { mapping.writable(geometry.header()) }?;
    let bytes = pages.bytes_mut();
    bytes.fill(encoder::PADDING);
    bytes[..trampoline.len()].copy_from_slice(&trampoline);
    bytes[trap..trap + encoder::TRAP.len()].copy_from_slice(&encoder::TRAP);
    Ok(pages.publish()?.address() + trap)
}

/// Writes the stubs and lazy entries of a block, and makes its slots writable.
///
/// # Safety
/// No stub of this block was given out.
pub(crate) unsafe fn write_block(
    mapping: &Mapping,
    geometry: &Geometry,
    block: usize,
) -> io::Result<()> {
    let code = geometry.block_code(block);
    let start = code.start;
    // SAFETY: no stub of the block was given out, so nobody can execute or read its code.
    let mut pages = unsafe { mapping.writable(code) }?;
    let (stubs, entries) = pages
        .bytes_mut()
        .split_at_mut(geometry.lazy_entry(geometry.block_indices(block).start) - start);

    let stub = encoder::stub(geometry.stub_to_slot() as i64)
        .expect("a slot is less than 1 MiB from its stub");
    let (stubs, rest) = stubs.as_chunks_mut::<{ encoder::STUB_SIZE }>();
    assert!(rest.is_empty(), "a block is whole stubs");
    stubs.fill(stub);

    let (entries, _) = entries.as_chunks_mut::<{ encoder::LAZY_ENTRY_SIZE }>();
    for (entry, index) in entries.iter_mut().zip(geometry.block_indices(block)) {
        // The trampoline is the first thing in the mapping.
        let to_trampoline = -(geometry.lazy_entry(index) as i64);
        *entry = encoder::lazy_entry(to_trampoline, index as u32)
            .expect("the capacity keeps every entry in reach");
    }
    pages.publish()?;

    // SAFETY: slots are never executed.
    unsafe { mapping.commit_data(geometry.block_slots(block)) }
}
