//! x0–x15, x18–x30, sp, q0–q31 and, where there is SVE, z0–z31 and p0–p15.

use std::arch::{asm, naked_asm};
use std::ptr::addr_of;

use tjit_stubs::Target;

use super::exclusive;
use crate::support::{code, manager, scramble};

/// x0–x15, x18–x29 in order, then sp, then q0–q31 in halves. 16-byte aligned for `ldp q`.
#[repr(C, align(16))]
#[derive(Clone, Copy, Debug, PartialEq)]
struct Registers {
    x: [u64; 28],
    sp: u64,
    padding: u64,
    q: [u64; 64],
}

static mut DUMP: Registers = Registers {
    x: [0; 28],
    sp: 0,
    padding: 0,
    q: [0; 64],
};
static mut STACK: u64 = 0;

/// The final target: writes all registers but x16, x17 and x30 to `DUMP`.
#[unsafe(naked)]
extern "C" fn dump() {
    naked_asm!(
        "adrp x16, {dump}",
        "add x16, x16, :lo12:{dump}",
        "stp x0, x1, [x16, #0]",
        "stp x2, x3, [x16, #16]",
        "stp x4, x5, [x16, #32]",
        "stp x6, x7, [x16, #48]",
        "stp x8, x9, [x16, #64]",
        "stp x10, x11, [x16, #80]",
        "stp x12, x13, [x16, #96]",
        "stp x14, x15, [x16, #112]",
        "stp x18, x19, [x16, #128]",
        "stp x20, x21, [x16, #144]",
        "stp x22, x23, [x16, #160]",
        "stp x24, x25, [x16, #176]",
        "stp x26, x27, [x16, #192]",
        "stp x28, x29, [x16, #208]",
        "mov x17, sp",
        "stp x17, xzr, [x16, #224]!",
        "add x16, x16, #16",
        ".irp n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30",
        ".set next, \\n + 1",
        "str q\\n, [x16], #16",
        ".irp m, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31",
        ".if \\m == next",
        "str q\\m, [x16], #16",
        ".endif",
        ".endr",
        ".endr",
        "ret",
        dump = sym DUMP,
    )
}

/// Calls `stub` with the registers set to `*registers`.
#[unsafe(naked)]
unsafe extern "C" fn enter(stub: usize, registers: *const Registers) {
    naked_asm!(
        "stp x29, x30, [sp, #-160]!",
        "stp x19, x20, [sp, #16]",
        "stp x21, x22, [sp, #32]",
        "stp x23, x24, [sp, #48]",
        "stp x25, x26, [sp, #64]",
        "stp x27, x28, [sp, #80]",
        "stp d8, d9, [sp, #96]",
        "stp d10, d11, [sp, #112]",
        "stp d12, d13, [sp, #128]",
        "stp d14, d15, [sp, #144]",
        "adrp x16, {stack}",
        "mov x17, sp",
        "str x17, [x16, :lo12:{stack}]",
        "mov x16, x0",
        "add x17, x1, #240",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31",
        "ldr q\\n, [x17], #16",
        ".endr",
        "mov x17, x1",
        "ldp x0, x1, [x17, #0]",
        "ldp x2, x3, [x17, #16]",
        "ldp x4, x5, [x17, #32]",
        "ldp x6, x7, [x17, #48]",
        "ldp x8, x9, [x17, #64]",
        "ldp x10, x11, [x17, #80]",
        "ldp x12, x13, [x17, #96]",
        "ldp x14, x15, [x17, #112]",
        "ldp x18, x19, [x17, #128]",
        "ldp x20, x21, [x17, #144]",
        "ldp x22, x23, [x17, #160]",
        "ldp x24, x25, [x17, #176]",
        "ldp x26, x27, [x17, #192]",
        "ldp x28, x29, [x17, #208]",
        "blr x16",
        "ldp x19, x20, [sp, #16]",
        "ldp x21, x22, [sp, #32]",
        "ldp x23, x24, [sp, #48]",
        "ldp x25, x26, [sp, #64]",
        "ldp x27, x28, [sp, #80]",
        "ldp d8, d9, [sp, #96]",
        "ldp d10, d11, [sp, #112]",
        "ldp d12, d13, [sp, #128]",
        "ldp d14, d15, [sp, #144]",
        "ldp x29, x30, [sp], #160",
        "ret",
        stack = sym STACK,
    )
}

#[test]
fn general_and_vector_registers_and_the_stack_pointer() {
    let _lock = exclusive();
    let stubs = manager(|_| {
        scramble();
        code(dump as extern "C" fn() as *const ())
    });
    let stub = stubs.create("f", Target::Lazy).unwrap();
    let mut registers = Registers {
        x: std::array::from_fn(|i| 0xa5a5_0000_0000_0000 + i as u64 * 0x0101_0101),
        sp: 0,
        padding: 0,
        q: std::array::from_fn(|i| 0x7777_0000_0000_0000 + i as u64 * 0x0101_0101),
    };
    for call in ["first", "second"] {
        // SAFETY: the stub leads to `dump`, which changes no register that matters; nothing else uses the statics.
        unsafe { enter(stub.address.addr(), &registers) };
        // SAFETY: the lock is held and `dump` has returned.
        let (seen, stack) = unsafe { (addr_of!(DUMP).read(), addr_of!(STACK).read()) };
        registers.sp = stack;
        assert_eq!(seen, registers, "{call} call");
    }
}

/// The longest vectors there are: 256 bytes. z0–z31, then p0–p15 of an eighth.
const LARGEST_SVE_STATE: usize = 32 * 256 + 16 * 32;

static mut SVE_DUMP: [u8; LARGEST_SVE_STATE] = [0; LARGEST_SVE_STATE];

/// The final target for SVE: writes z and p to `SVE_DUMP`.
#[unsafe(naked)]
extern "C" fn dump_sve() {
    naked_asm!(
        ".arch_extension sve",
        "adrp x16, {dump}",
        "add x16, x16, :lo12:{dump}",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31",
        "str z\\n, [x16, #\\n, mul vl]",
        ".endr",
        "addvl x16, x16, #31",
        "addvl x16, x16, #1",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
        "str p\\n, [x16, #\\n, mul vl]",
        ".endr",
        "ret",
        dump = sym SVE_DUMP,
    )
}

/// Loads z and p from `state`, calls `stub` and returns how many bytes a vector has.
#[unsafe(naked)]
unsafe extern "C" fn enter_sve(stub: usize, state: *const u8) -> u64 {
    naked_asm!(
        ".arch_extension sve",
        "stp x29, x30, [sp, #-80]!",
        "stp d8, d9, [sp, #16]",
        "stp d10, d11, [sp, #32]",
        "stp d12, d13, [sp, #48]",
        "stp d14, d15, [sp, #64]",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31",
        "ldr z\\n, [x1, #\\n, mul vl]",
        ".endr",
        "addvl x1, x1, #31",
        "addvl x1, x1, #1",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
        "ldr p\\n, [x1, #\\n, mul vl]",
        ".endr",
        "blr x0",
        "rdvl x0, #1",
        "ldp d8, d9, [sp, #16]",
        "ldp d10, d11, [sp, #32]",
        "ldp d12, d13, [sp, #48]",
        "ldp d14, d15, [sp, #64]",
        "ldp x29, x30, [sp], #80",
        "ret",
    )
}

#[test]
fn sve_registers() {
    if !std::arch::is_aarch64_feature_detected!("sve") {
        return;
    }
    let _lock = exclusive();
    let stubs = manager(|_| {
        scramble();
        code(dump_sve as extern "C" fn() as *const ())
    });
    let stub = stubs.create("f", Target::Lazy).unwrap();
    let state: [u8; LARGEST_SVE_STATE] = std::array::from_fn(|i| (i * 7 + i / 256) as u8);
    for call in ["first", "second"] {
        // SAFETY: the CPU has SVE, and the stub leads to `dump_sve`, which changes x16 only.
        let length = unsafe { enter_sve(stub.address.addr(), state.as_ptr()) } as usize;
        // SAFETY: the lock is held and `dump_sve` has returned.
        let seen = unsafe { addr_of!(SVE_DUMP).read() };
        let size = 32 * length + 16 * length / 8;
        assert_eq!(
            seen[..size],
            state[..size],
            "{call} call, vectors of {length} bytes"
        );
    }
}

fn fpcr() -> u64 {
    let value;
    // SAFETY: reads a register.
    unsafe { asm!("mrs {}, fpcr", out(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

static mut SEEN: [u64; 2] = [u64::MAX; 2];

extern "C" fn target_with_control() {
    // SAFETY: the test holds the lock.
    unsafe { SEEN[1] = fpcr() };
}

#[test]
fn the_resolver_runs_with_default_rounding_and_the_target_with_the_callers() {
    let _lock = exclusive();
    let stubs = manager(|_| {
        // SAFETY: the test holds the lock.
        unsafe { SEEN[0] = fpcr() };
        code(target_with_control as extern "C" fn() as *const ())
    });
    let stub = stubs.create("f", Target::Lazy).unwrap();
    let unusual: u64 = 1 << 24 | 0b01 << 22; // flush to zero, round up
    // SAFETY: the stub leads to a function without arguments, `clobber_abi` declares what it changes, and the control
    // register is put back.
    unsafe {
        asm!(
            "msr fpcr, {unusual}",
            "blr {stub}",
            "msr fpcr, xzr",
            unusual = in(reg) unusual,
            stub = in(reg) stub.address.addr(),
            clobber_abi("C"),
        );
    }
    // SAFETY: the lock is held and the call is over.
    let seen = unsafe { addr_of!(SEEN).read() };
    assert_eq!(seen, [0, unusual]);
}
