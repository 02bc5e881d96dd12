//! The machine code of splitters: every register as the caller left it, at either target.

use std::arch::naked_asm;
use std::ptr::addr_of;
use std::sync::{Mutex, PoisonError};

use super::{Targets, threshold, x86_64};
use crate::canary::{Calls, CanaryThreads};
use crate::{TieredJit, object};
use tjit_compile_layer::ModuleOptions;
use tjit_orc::ThreadSafeContext;

/// General registers by number: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 … r15; then which target was entered.
type Registers = [u64; 17];

const RSP: usize = 4;
const ENTERED: usize = 16;

/// Held by the test that uses the statics.
static EXCLUSIVE: Mutex<()> = Mutex::new(());
static mut DUMP: Registers = [0; 17];
static mut SPLITTER: usize = 0;
static mut STACK: u64 = 0;

macro_rules! target {
    ($name:ident, $number:literal) => {
        /// A target: writes all registers to `DUMP`.
        #[unsafe(naked)]
        extern "C" fn $name() {
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
                "mov qword ptr [rip + {d} + 128], {number}",
                "ret",
                d = sym DUMP,
                number = const $number,
            )
        }
    };
}

target!(candidate, 1);
target!(control, 0);

/// Calls `SPLITTER` with the general registers set to `*registers`.
#[unsafe(naked)]
unsafe extern "C" fn enter(registers: *const Registers) {
    naked_asm!(
        "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
        "mov [rip + {stack}], rsp",
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
        "call [rip + {splitter}]",
        "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
        "ret",
        splitter = sym SPLITTER,
        stack = sym STACK,
    )
}

fn link(jit: &TieredJit, name: &str, calls: &Calls) -> usize {
    let targets = Targets {
        candidate: candidate as extern "C" fn() as *const () as usize,
        control: control as extern "C" fn() as *const () as usize,
    };
    let ir = x86_64(name, calls, targets);
    let module = ThreadSafeContext::new().parse(name, ir.as_bytes()).unwrap();
    let options = ModuleOptions::default();
    let names = [name.to_owned()];
    let emitted = object::emit(jit.engine(), (&module, None), &names, [], &options).unwrap();
    emitted.address(name).unwrap()
}

/// Calls the splitter, checks the registers, and says which target was entered.
fn call(splitter: usize) -> u64 {
    let mut registers: Registers =
        std::array::from_fn(|i| 0xa5a5_0000_0000_0000 + i as u64 * 0x0101_0101);
    // SAFETY: the lock is held, so nothing else uses the static.
    unsafe { SPLITTER = splitter };
    // SAFETY: both targets change no register, and neither does the splitter, or the test fails.
    unsafe { enter(&registers) };
    // SAFETY: the lock is held, and the target has returned.
    let (seen, stack) = unsafe { (addr_of!(DUMP).read(), addr_of!(STACK).read()) };
    registers[RSP] = stack - 8;
    registers[ENTERED] = seen[ENTERED];
    assert_eq!(seen, registers);
    seen[ENTERED]
}

#[test]
fn no_register_changes_when_calls_are_shared_out() {
    let _lock = EXCLUSIVE.lock().unwrap_or_else(PoisonError::into_inner);
    let jit = TieredJit::new().unwrap();
    let half = link(&jit, "half", &Calls::Fraction(0.5));
    let tried: u64 = (0..1000).map(|_| call(half)).sum();
    assert!((498..=502).contains(&tried), "{tried}");

    let threads = CanaryThreads::new();
    let chosen = link(&jit, "chosen", &Calls::Threads(threads.clone()));
    assert_eq!(call(chosen), 0);
    let others: Vec<_> = (0..63).map(|_| threads.here().unwrap()).collect();
    let last = threads.here().unwrap();
    drop(others);
    assert_eq!(call(chosen), 1, "it is found at the end, behind gaps");
    drop(last);
    assert_eq!(call(chosen), 0);
}

#[test]
fn parts_are_of_two_to_the_32() {
    assert_eq!(threshold(0.5), 1 << 31);
    assert_eq!(threshold(f64::MIN_POSITIVE), 1);
    assert_eq!(threshold(1.0 - f64::EPSILON), u32::MAX);
}
