//! Managers for tests, and resolvers that leave nothing in the registers they may change.

use tjit_stubs::{CodePtr, Config, StubId, StubManager};

pub(crate) const CAPACITY: u32 = 5000;

/// A manager with a resolver.
pub(crate) fn manager(resolver: impl Fn(StubId) -> CodePtr + Send + Sync + 'static) -> StubManager {
    let config = Config {
        capacity: CAPACITY,
        ..Config::default()
    };
    StubManager::new(config, Box::new(resolver)).expect("a reservation of 160 KiB")
}

/// The address of a function item, cast by the caller.
pub(crate) fn code(function: *const ()) -> CodePtr {
    CodePtr::from_ptr(function).expect("a function is not at null")
}

/// Calls `check` with a function that leads to `target` through a stub: first lazy, with a resolver that overwrites all
/// registers it may, then resolved, then created with its target.
pub(crate) fn every_way(target: *const (), check: impl Fn(*const ())) {
    let target = code(target);
    let stubs = manager(move |_| {
        scramble();
        target
    });
    let lazy = stubs.create("lazy", tjit_stubs::Target::Lazy).unwrap();
    assert!(stubs.is_lazy(lazy.id));
    check(lazy.address.as_ptr());
    assert_eq!(
        stubs.target(lazy.id),
        Some(target),
        "the first call did not publish"
    );
    check(lazy.address.as_ptr());
    let direct = stubs.create("direct", target.into()).unwrap();
    check(direct.address.as_ptr());
}

/// Overwrites every register that a C function may change.
#[cfg(target_arch = "x86_64")]
pub(crate) fn scramble() {
    use std::arch::asm;

    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the CPU has AVX-512, whose upper 16 registers nothing else in this function uses; k0 to k7 are
        // declared by `clobber_abi`.
        unsafe {
            asm!(
                ".irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31",
                "vpternlogd zmm\\n, zmm\\n, zmm\\n, 0xff",
                ".endr",
                ".irp n, 0, 1, 2, 3, 4, 5, 6, 7",
                "kxnorw k\\n, k\\n, k\\n",
                ".endr",
                clobber_abi("sysv64"),
            );
        }
    }
    if is_x86_feature_detected!("avx") {
        // SAFETY: the CPU has AVX; all registers are declared by `clobber_abi`.
        unsafe { asm!("vzeroall", clobber_abi("sysv64")) };
    }
    // SAFETY: everything that is written is declared.
    unsafe {
        asm!(
            ".irp r, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11",
            "mov \\r, 0x5a5a5a5a",
            ".endr",
            ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
            "pcmpeqd xmm\\n, xmm\\n",
            ".endr",
            clobber_abi("sysv64"),
        );
    }
}

/// Overwrites every register that a C function may change.
#[cfg(target_arch = "aarch64")]
pub(crate) fn scramble() {
    // SAFETY: everything that is written is declared.
    unsafe {
        std::arch::asm!(
            ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17",
            "mov x\\n, #0x5a5a",
            ".endr",
            // A write to v also zeroes what SVE has beyond.
            ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31",
            "movi v\\n\\().16b, #0x5a",
            ".endr",
            clobber_abi("C"),
        );
    }
}
