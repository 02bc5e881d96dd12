//! x86-64: `jmpq *slot(%rip)` stubs and a trampoline that saves the whole extended state with XSAVE.
//!
//! Sources: Intel SDM volume 1 chapter 13 (XSAVE), volume 2 (encodings); System V psABI for AMD64 §3.2 (registers, red
//! zone); "x64 calling convention" and "x64 software conventions" of Microsoft (volatile registers, shadow space).

use super::OutOfReach;

#[cfg(test)]
mod tests;

/// Size and alignment of a stub in bytes.
pub const STUB_SIZE: usize = 8;
/// Size of a lazy entry in bytes.
pub const LAZY_ENTRY_SIZE: usize = 16;
/// How far apart a lazy entry and the trampoline may be, in bytes (`jmp rel32`).
pub const MAX_SPAN: usize = (1 << 31) - (1 << 16);
/// `ud2`: raises SIGILL. Removed stubs lead here.
pub const TRAP: [u8; 2] = [0x0f, 0x0b];
/// Fills what is never executed: `int3`.
pub const PADDING: u8 = 0xcc;

/// Size of the legacy region and of the header that follows it in an XSAVE area, in bytes (SDM vol. 1, 13.4).
const LEGACY_REGION: u32 = 512;
const XSAVE_HEADER: u32 = 64;
/// Power-on values: all exceptions masked, round to nearest, nothing flushed (SDM vol. 1, 11.6.4).
const DEFAULT_MXCSR: i32 = 0x1f80;
/// XCR0 bit of the upper halves of the ymm registers.
const AVX: u64 = 1 << 2;

/// Which function call convention the trampoline obeys when it calls the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abi {
    /// System V: first arguments in rdi, rsi, rdx; a red zone of 128 bytes.
    SysV,
    /// Windows x64: first arguments in rcx, rdx, r8; 32 bytes of shadow space; no red zone.
    Windows,
}

/// How vector and x87 registers are saved around the resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedState {
    /// `fxsave64`: x87 and xmm0–15. All there is on a machine without XSAVE.
    Fxsave,
    /// `xsave64`, standard format.
    Xsave {
        /// State components to save, as in XCR0.
        mask: u64,
        /// Size of the area that holds them, header included, in bytes.
        size: u32,
    },
}

/// What the trampoline needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trampoline {
    /// Address of a function `(context, index: u32, return address) -> address of code` with the convention `abi`.
    pub resolver: u64,
    /// First argument of the resolver.
    pub context: u64,
    /// What to save beside the general registers.
    pub state: ExtendedState,
    /// Convention of the resolver.
    pub abi: Abi,
}

/// A stub whose slot lies `to_slot` bytes after its first byte.
///
/// # Errors
/// When the slot is not within ±2 GiB.
pub fn stub(to_slot: i64) -> Result<[u8; STUB_SIZE], OutOfReach> {
    let out_of_reach = OutOfReach {
        what: "a stub",
        distance: to_slot,
    };
    // The displacement counts from the end of the instruction.
    let displacement = i32::try_from(to_slot - 6).map_err(|_| out_of_reach)?;
    let mut code = [PADDING; STUB_SIZE];
    code[..2].copy_from_slice(&[0xff, 0x25]); // jmp [rip + displacement]
    code[2..6].copy_from_slice(&displacement.to_le_bytes());
    Ok(code)
}

/// The code an unresolved slot points at: pushes `index` and jumps to the trampoline, `to_trampoline` bytes after its
/// first byte. It touches no register.
///
/// # Errors
/// When the trampoline is not within ±2 GiB.
///
/// # Panics
/// When `index` is 2³¹ or more, which `push imm32` would sign-extend.
pub fn lazy_entry(to_trampoline: i64, index: u32) -> Result<[u8; LAZY_ENTRY_SIZE], OutOfReach> {
    assert!(
        i32::try_from(index).is_ok(),
        "stub index {index} does not fit `push imm32`"
    );
    let out_of_reach = OutOfReach {
        what: "a lazy entry",
        distance: to_trampoline,
    };
    let displacement = i32::try_from(to_trampoline - 10).map_err(|_| out_of_reach)?;
    let mut code = [PADDING; LAZY_ENTRY_SIZE];
    code[0] = 0x68; // push index
    code[1..5].copy_from_slice(&index.to_le_bytes());
    code[5] = 0xe9; // jmp trampoline
    code[6..10].copy_from_slice(&displacement.to_le_bytes());
    Ok(code)
}

/// The code all lazy entries jump to. Position independent.
///
/// On entry `[rsp]` holds the index a lazy entry pushed and `[rsp + 8]` the return address of the call. It saves every
/// register that the resolver may change, calls it with default floating-point control words, restores everything and
/// jumps to the address it returned with the stack pointer and registers of the call (on Windows r11 is lost, which is
/// volatile there and carries no argument). While the resolver runs, rbp heads a well-formed frame chain, so that
/// frame-pointer unwinders see the caller.
#[must_use]
pub fn trampoline(t: &Trampoline) -> Vec<u8> {
    let mut code = Code::default();
    save_general(&mut code);
    save_extended(&mut code, t.state);
    call_resolver(&mut code, t);
    restore_extended(&mut code, t.state);
    restore_general_and_jump(&mut code, t.abi);
    code.bytes
}

/// Frame, downwards from rbp: saved rbp at 0, rax rcx rdx rsi rdi r8 r9 r10 r11 at -8 … -72, and at -80 the index,
/// which becomes the target. rbx and r12–r15 survive the resolver in both conventions.
fn save_general(code: &mut Code) {
    // xchg [rsp], rbp: the index goes to rbp and the caller's rbp goes where a frame chain has it.
    code.put(&[0x48, 0x87, 0x2c, 0x24]);
    code.put(&[0x50, 0x51, 0x52, 0x56, 0x57]); // push rax, rcx, rdx, rsi, rdi
    code.put(&[0x41, 0x50, 0x41, 0x51, 0x41, 0x52, 0x41, 0x53]); // push r8, r9, r10, r11
    code.put(&[0x55]); // push rbp (the index)
    code.put(&[0x48, 0x8d, 0x6c, 0x24, 80]); // lea rbp, [rsp + 80]
}

fn save_extended(code: &mut Code, state: ExtendedState) {
    let size = match state {
        ExtendedState::Fxsave => LEGACY_REGION,
        ExtendedState::Xsave { size, .. } => size.max(LEGACY_REGION + XSAVE_HEADER),
    };
    code.put(&[0x48, 0x81, 0xec]).imm32(size); // sub rsp, size
    code.put(&[0x48, 0x83, 0xe4, 0xc0]); // and rsp, -64
    match state {
        ExtendedState::Fxsave => code.put(&[0x48, 0x0f, 0xae, 0x04, 0x24]), // fxsave64 [rsp]
        ExtendedState::Xsave { mask, .. } => {
            // XSAVE writes only part of the header, and XRSTOR faults on what the stack held there before.
            code.put(&[0x31, 0xc0]); // xor eax, eax
            for offset in (LEGACY_REGION..LEGACY_REGION + XSAVE_HEADER).step_by(8) {
                code.put(&[0x48, 0x89, 0x84, 0x24]).imm32(offset); // mov [rsp + offset], rax
            }
            code.mask(mask);
            code.put(&[0x48, 0x0f, 0xae, 0x24, 0x24]); // xsave64 [rsp]
            if mask & AVX != 0 {
                // Else SSE code of the resolver would merge into dirty upper halves for as long as it runs.
                code.put(&[0xc5, 0xf8, 0x77]); // vzeroupper
            }
            code
        }
    };
}

fn call_resolver(code: &mut Code, t: &Trampoline) {
    // The program may have unmasked exceptions or changed the rounding; the resolver must not run under that.
    code.put(&[0xdb, 0xe3]); // fninit
    code.put(&[0x68]).put(&DEFAULT_MXCSR.to_le_bytes()); // push DEFAULT_MXCSR
    code.put(&[0x0f, 0xae, 0x14, 0x24]); // ldmxcsr [rsp]
    code.put(&[0x48, 0x83, 0xc4, 0x08]); // add rsp, 8
    match t.abi {
        Abi::SysV => {
            code.put(&[0x48, 0xbf]).imm64(t.context); // mov rdi, context
            code.put(&[0x8b, 0x75, 0xb0]); // mov esi, [rbp - 80]
            code.put(&[0x48, 0x8b, 0x55, 0x08]); // mov rdx, [rbp + 8]
        }
        Abi::Windows => {
            code.put(&[0x48, 0xb9]).imm64(t.context); // mov rcx, context
            code.put(&[0x8b, 0x55, 0xb0]); // mov edx, [rbp - 80]
            code.put(&[0x4c, 0x8b, 0x45, 0x08]); // mov r8, [rbp + 8]
            code.put(&[0x48, 0x83, 0xec, 0x20]); // sub rsp, 32
        }
    }
    code.put(&[0x48, 0xb8]).imm64(t.resolver); // mov rax, resolver
    code.put(&[0xff, 0xd0]); // call rax
    if t.abi == Abi::Windows {
        code.put(&[0x48, 0x83, 0xc4, 0x20]); // add rsp, 32
    }
    code.put(&[0x48, 0x89, 0x45, 0xb0]); // mov [rbp - 80], rax
}

fn restore_extended(code: &mut Code, state: ExtendedState) {
    match state {
        ExtendedState::Fxsave => code.put(&[0x48, 0x0f, 0xae, 0x0c, 0x24]), // fxrstor64 [rsp]
        ExtendedState::Xsave { mask, .. } => {
            code.mask(mask);
            code.put(&[0x48, 0x0f, 0xae, 0x2c, 0x24]) // xrstor64 [rsp]
        }
    };
}

fn restore_general_and_jump(code: &mut Code, abi: Abi) {
    match abi {
        Abi::SysV => {
            code.put(&[0x48, 0x8d, 0x65, 0xb8]); // lea rsp, [rbp - 72]
            code.put(&[0x41, 0x5b]); // pop r11
        }
        Abi::Windows => {
            code.put(&[0x4c, 0x8b, 0x5d, 0xb0]); // mov r11, [rbp - 80]
            code.put(&[0x48, 0x8d, 0x65, 0xc0]); // lea rsp, [rbp - 64]
        }
    }
    code.put(&[0x41, 0x5a, 0x41, 0x59, 0x41, 0x58]); // pop r10, r9, r8
    code.put(&[0x5f, 0x5e, 0x5a, 0x59, 0x58, 0x5d]); // pop rdi, rsi, rdx, rcx, rax, rbp
    match abi {
        // The target is still where it was stored, now below the stack pointer but inside the red zone, which neither
        // the kernel nor a signal handler touches. A jump (no `ret`) also keeps a shadow stack balanced.
        Abi::SysV => code.put(&[0xff, 0x64, 0x24, 0xa8]), // jmp [rsp - 88]
        Abi::Windows => code.put(&[0x41, 0xff, 0xe3]),    // jmp r11
    };
}

#[derive(Default)]
struct Code {
    bytes: Vec<u8>,
}

impl Code {
    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn imm32(&mut self, value: u32) -> &mut Self {
        self.put(&value.to_le_bytes())
    }

    fn imm64(&mut self, value: u64) -> &mut Self {
        self.put(&value.to_le_bytes())
    }

    /// `mov eax, low half; mov edx, high half`: where XSAVE and XRSTOR take the components from.
    fn mask(&mut self, mask: u64) -> &mut Self {
        let [a, b, c, d, e, f, g, h] = mask.to_le_bytes();
        self.put(&[0xb8, a, b, c, d]).put(&[0xba, e, f, g, h])
    }
}
