//! What an AArch64 CPU has to save, and its instruction cache.

use std::arch::asm;

pub(crate) use crate::arch::aarch64 as encoder;
use encoder::{Trampoline, VectorState};

pub(super) fn trampoline(resolver: u64, context: u64) -> Vec<u8> {
    let sve = std::arch::is_aarch64_feature_detected!("sve");
    let state = if sve {
        VectorState::Sve
    } else {
        VectorState::Neon
    };
    encoder::trampoline(&Trampoline {
        resolver,
        context,
        state,
    })
}

/// Cleans the data cache to the point of unification, then drops stale instructions (Arm ARM B2.7.4.2).
pub(super) fn flush_instruction_cache(bytes: &[u8]) {
    let type_register: u64;
    // SAFETY: CTR_EL0 can be read from EL0 on Linux, which traps and emulates it where the CPU cannot.
    unsafe {
        asm!("mrs {}, ctr_el0", out(reg) type_register, options(nomem, nostack, preserves_flags))
    };
    // Log2 of the smallest line in words of 4 bytes: DminLine in bits 16–19, IminLine in bits 0–3.
    let data_line = 4_usize << (type_register >> 16 & 0xf);
    let instruction_line = 4_usize << (type_register & 0xf);
    let range = bytes.as_ptr_range();
    let (start, end) = (range.start.addr(), range.end.addr());

    for line in (start & !(data_line - 1)..end).step_by(data_line) {
        // SAFETY: cleaning a line that holds bytes of a live slice changes no memory.
        unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: a barrier.
    unsafe { asm!("dsb ish", options(nostack, preserves_flags)) };
    for line in (start & !(instruction_line - 1)..end).step_by(instruction_line) {
        // SAFETY: invalidating instructions that memory holds anyway changes no memory.
        unsafe { asm!("ic ivau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: two barriers.
    unsafe { asm!("dsb ish", "isb", options(nostack, preserves_flags)) };
}
