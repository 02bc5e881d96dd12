//! rax … r15 and rsp, at every alignment of the stack.

use std::arch::{asm, naked_asm};
use std::ptr::addr_of;

use tjit_stubs::{StubManager, Target};

use super::exclusive;
use crate::support::{code, manager, scramble};

/// General registers by number: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 … r15.
type Registers = [u64; 16];

const RSP: usize = 4;

/// What `dump` saw.
static mut DUMP: Registers = [0; 16];
/// Where `enter` jumps to, as every register is taken.
static mut STUB: usize = 0;
/// The stack pointer of `enter` before it was moved.
static mut STACK: u64 = 0;

/// The final target: writes all registers to `DUMP`.
#[unsafe(naked)]
extern "C" fn dump() {
    naked_asm!(
        "mov [rip + {d} + 0], rax",
        "mov [rip + {d} + 8], rcx",
        "mov [rip + {d} + 16], rdx",
        "mov [rip + {d} + 24], rbx",
        "mov [rip + {d} + 32], rsp",
        "mov [rip + {d} + 40], rbp",
        "mov [rip + {d} + 48], rsi",
        "mov [rip + {d} + 56], rdi",
        "mov [rip + {d} + 64], r8",
        "mov [rip + {d} + 72], r9",
        "mov [rip + {d} + 80], r10",
        "mov [rip + {d} + 88], r11",
        "mov [rip + {d} + 96], r12",
        "mov [rip + {d} + 104], r13",
        "mov [rip + {d} + 112], r14",
        "mov [rip + {d} + 120], r15",
        "ret",
        d = sym DUMP,
    )
}

/// Calls `STUB` with the general registers set to `*registers` and the stack pointer lowered by `shift` bytes.
#[unsafe(naked)]
unsafe extern "C" fn enter(registers: *const Registers, shift: u64) {
    naked_asm!(
        "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
        "mov [rip + {stack}], rsp",
        "sub rsp, rsi",
        "mov rax, [rdi + 0]",
        "mov rcx, [rdi + 8]",
        "mov rdx, [rdi + 16]",
        "mov rbx, [rdi + 24]",
        "mov rbp, [rdi + 40]",
        "mov rsi, [rdi + 48]",
        "mov r8, [rdi + 64]",
        "mov r9, [rdi + 72]",
        "mov r10, [rdi + 80]",
        "mov r11, [rdi + 88]",
        "mov r12, [rdi + 96]",
        "mov r13, [rdi + 104]",
        "mov r14, [rdi + 112]",
        "mov r15, [rdi + 120]",
        "mov rdi, [rdi + 56]",
        "call [rip + {stub}]",
        "mov rsp, [rip + {stack}]",
        "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
        "ret",
        stub = sym STUB,
        stack = sym STACK,
    )
}

fn check(stubs: &StubManager, name: &str, shift: u64) {
    let stub = stubs.create(name, Target::Lazy).unwrap();
    let mut registers: Registers =
        std::array::from_fn(|i| 0xa5a5_0000_0000_0000 + i as u64 * 0x0101_0101);
    for call in ["first", "second"] {
        // SAFETY: nothing else uses the static: the lock is held.
        unsafe { STUB = stub.address.addr() };
        // SAFETY: the stub leads to `dump`, which changes no register.
        unsafe { enter(&registers, shift) };
        // SAFETY: the lock is held and `dump` has returned.
        let (seen, stack) = unsafe { (addr_of!(DUMP).read(), addr_of!(STACK).read()) };
        registers[RSP] = stack - shift - 8;
        assert_eq!(seen, registers, "{call} call, stack lowered by {shift}");
    }
}

#[test]
fn general_registers_and_the_stack_pointer() {
    let _lock = exclusive();
    let stubs = manager(|_| {
        scramble();
        code(dump as extern "C" fn() as *const ())
    });
    // Beyond a page, too, so that the trampoline's frame lands at every distance from a page boundary.
    for shift in (0..=64).chain([128, 1024, 4096, 5000]) {
        check(&stubs, &format!("shift{shift}"), shift * 8);
    }
}

/// What a target that is entered with unusual floating-point control sees of it.
#[derive(Debug, PartialEq)]
#[repr(C)]
struct Control {
    mxcsr: u32,
    x87: u16,
}

fn control() -> Control {
    let mut control = Control { mxcsr: 0, x87: 0 };
    // SAFETY: both instructions store to the variables only.
    unsafe {
        asm!(
            "stmxcsr [{0}]", "fnstcw [{1}]",
            in(reg) &raw mut control.mxcsr, in(reg) &raw mut control.x87,
            options(nostack, preserves_flags)
        );
    }
    control
}

static mut SEEN: [Control; 2] = [const { Control { mxcsr: 0, x87: 0 } }; 2];

extern "C" fn target_with_control() {
    // SAFETY: the test holds the lock.
    unsafe { SEEN[1] = control() };
}

#[test]
fn the_resolver_runs_with_default_rounding_and_the_target_with_the_callers() {
    let _lock = exclusive();
    let stubs = manager(|_| {
        // SAFETY: the test holds the lock.
        unsafe { SEEN[0] = control() };
        code(target_with_control as extern "C" fn() as *const ())
    });
    let stub = stubs.create("f", Target::Lazy).unwrap();
    // Round up, flush to zero, denormals are zero, division by zero unmasked; x87: 53 bits, round down.
    let unusual = Control {
        mxcsr: 0xddc0,
        x87: 0x067f,
    };
    let default = Control {
        mxcsr: 0x1f80,
        x87: 0x037f,
    };
    // SAFETY: the stub leads to a function without arguments, `clobber_abi` declares what it changes, the stack is
    // aligned for it, and the control words are put back.
    unsafe {
        asm!(
            "ldmxcsr [{unusual}]", "fldcw [{unusual} + 4]",
            "call {stub}",
            "ldmxcsr [r12]", "fldcw [r12 + 4]",
            unusual = in(reg) &raw const unusual,
            // Used after the call, so in a register that survives it.
            in("r12") &raw const default,
            stub = in(reg) stub.address.addr(),
            clobber_abi("sysv64"),
        );
    }
    // SAFETY: the lock is held and the call is over.
    let seen = unsafe { addr_of!(SEEN).read() };
    assert_eq!(seen, [default, unusual]);
}
