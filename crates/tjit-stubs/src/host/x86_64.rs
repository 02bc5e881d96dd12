//! What an x86-64 CPU has to save.

use std::arch::x86_64::{__cpuid, __cpuid_count};
use std::sync::OnceLock;

pub(crate) use crate::arch::x86_64 as encoder;
use encoder::{Abi, ExtendedState, Trampoline};

/// State components that can hold arguments (SDM vol. 1, 13.1): x87, SSE, AVX, MPX bounds, AVX-512, APX registers.
///
/// Left out: PKRU, because restoring it would undo what the resolver did to protection keys; the AMX tiles and their
/// configuration, which every call may change (psABI), take 8 KiB and need a permission from the kernel; and whatever
/// comes later, until its calling convention is known.
const ARGUMENT_STATE: u64 = 0b1111_1111 | 1 << 19;

/// Where the standard format puts the first component after the header.
const FIRST_EXTENDED_OFFSET: u32 = 576;

pub(super) fn trampoline(resolver: u64, context: u64) -> Vec<u8> {
    // CPUID traps to the hypervisor in a virtual machine, so it is asked once.
    static STATE: OnceLock<ExtendedState> = OnceLock::new();
    let state = *STATE.get_or_init(detect);
    encoder::trampoline(&Trampoline {
        resolver,
        context,
        state,
        abi: Abi::SysV,
    })
}

/// x86 keeps its instruction caches coherent, and nothing ran at these addresses before.
pub(super) fn flush_instruction_cache(_bytes: &[u8]) {}

fn detect() -> ExtendedState {
    let osxsave = __cpuid(1).ecx & 1 << 27 != 0;
    if !osxsave {
        return ExtendedState::Fxsave;
    }
    let mask = enabled_components() & ARGUMENT_STATE;
    let size = (2..u64::BITS)
        .filter(|component| mask >> component & 1 != 0)
        .map(|component| __cpuid_count(0xd, component))
        .map(|leaf| leaf.ebx + leaf.eax) // offset + size
        .fold(FIRST_EXTENDED_OFFSET, u32::max);
    ExtendedState::Xsave { mask, size }
}

/// XCR0: the state components that the operating system enabled. Only called with OSXSAVE.
fn enabled_components() -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: CPUID reported OSXSAVE, so XGETBV exists at this privilege level, and XCR0 always does.
    unsafe {
        std::arch::asm!(
            "xgetbv", in("ecx") 0, out("eax") low, out("edx") high,
            options(nomem, nostack, preserves_flags)
        );
    }
    u64::from(high) << 32 | u64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_holds_every_component_and_no_tile() {
        let ExtendedState::Xsave { mask, size } = detect() else {
            return;
        };
        assert_eq!(mask & 0b11, 0b11, "x87 and SSE are always enabled");
        assert_eq!(mask & (0b11 << 17), 0, "AMX is left out");
        let all_enabled = __cpuid_count(0xd, 0).ebx;
        assert!(
            (FIRST_EXTENDED_OFFSET..=all_enabled).contains(&size),
            "{size} of {all_enabled}"
        );
        if std::arch::is_x86_feature_detected!("avx512f") {
            assert!(
                size >= FIRST_EXTENDED_OFFSET + 256 + 64 + 512 + 1024,
                "ymm, k, zmm and zmm16–31: {size}"
            );
        }
    }
}
