//! AArch64: `ldr x16, slot; br x16` stubs and a trampoline that saves x0–x18 and every vector register.
//!
//! Sources: Arm ARM (DDI 0487) chapter C6, C7 and C8 for the encodings; AAPCS64 §6.1 for what a call may change: x16 and
//! x17 may change between a call and its target, which is what stubs use them for.

use super::OutOfReach;

#[cfg(test)]
mod tests;

/// Size and alignment of a stub in bytes.
pub const STUB_SIZE: usize = 8;
/// Size of a lazy entry in bytes.
pub const LAZY_ENTRY_SIZE: usize = 16;
/// How far apart a lazy entry and the trampoline may be, in bytes (`b` reaches ±128 MiB).
pub const MAX_SPAN: usize = (1 << 27) - (1 << 17);
/// `udf #0`: raises SIGILL. Removed stubs lead here.
pub const TRAP: [u8; 4] = [0; 4];
/// Fills what is never executed; four of them are `udf #0`.
pub const PADDING: u8 = 0;

/// Bytes for x0–x15, x18 and its padding, FPCR and FPSR.
const GENERAL_FRAME: u32 = 160;
const X18_OFFSET: u32 = 128;
const FP_CONTROL_OFFSET: u32 = 144;
/// Bytes for q0–q31.
const NEON_FRAME: u32 = 512;
const SP: u32 = 31;
const XZR: u32 = 31;

/// Which registers hold vector arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorState {
    /// q0–q31.
    Neon,
    /// z0–z31 and p0–p15, of whatever length the machine has.
    Sve,
}

/// What the trampoline needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trampoline {
    /// Address of a function `(context, index: u32, return address) -> address of code` with the AAPCS64 convention.
    pub resolver: u64,
    /// First argument of the resolver.
    pub context: u64,
    /// What to save beside the general registers.
    pub state: VectorState,
}

/// A stub whose slot lies `to_slot` bytes after its first byte.
///
/// # Errors
/// When the slot is not within ±1 MiB or not a multiple of 4 away.
pub fn stub(to_slot: i64) -> Result<[u8; STUB_SIZE], OutOfReach> {
    let out_of_reach = OutOfReach {
        what: "a stub",
        distance: to_slot,
    };
    let load = load_literal(16, to_slot).ok_or(out_of_reach)?;
    let mut code = [0; STUB_SIZE];
    code[..4].copy_from_slice(&load.to_le_bytes());
    code[4..].copy_from_slice(&branch_register(16).to_le_bytes());
    Ok(code)
}

/// The code an unresolved slot points at: puts `index` into w17 and jumps to the trampoline, `to_trampoline` bytes after
/// its first byte.
///
/// # Errors
/// When the trampoline is not within ±128 MiB or not a multiple of 4 away.
pub fn lazy_entry(to_trampoline: i64, index: u32) -> Result<[u8; LAZY_ENTRY_SIZE], OutOfReach> {
    let out_of_reach = OutOfReach {
        what: "a lazy entry",
        distance: to_trampoline,
    };
    let offset = signed_words(to_trampoline - 8, 26).ok_or(out_of_reach)?;
    let words = [
        0x5280_0000 | (index & 0xffff) << 5 | 17, // movz w17, #low
        0x72a0_0000 | (index >> 16) << 5 | 17,    // movk w17, #high, lsl #16
        0x1400_0000 | offset,                     // b trampoline
    ];
    let mut code = [PADDING; LAZY_ENTRY_SIZE];
    for (bytes, word) in code.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    Ok(code)
}

/// The code all lazy entries jump to. Position independent; its last 16 bytes are data.
///
/// On entry w17 holds the index. It saves every register that the resolver may change, calls it with the default
/// floating-point control, restores everything but x16 and x17 and jumps to the address it returned. While the resolver
/// runs, x29 heads a well-formed frame chain.
#[must_use]
pub fn trampoline(t: &Trampoline) -> Vec<u8> {
    let mut code = Code::default();
    save_general(&mut code);
    save_vectors(&mut code, t.state);
    let context_use = code.reserve();
    code.put(move_word(1, 9));
    code.put(0xaa00_03e0 | 30 << 16 | 2); // mov x2, x30
    let resolver_use = code.reserve();
    code.put(0xd63f_0000 | 16 << 5); // blr x16
    code.put(0xaa00_03e0 | 16); // mov x16, x0
    restore_vectors(&mut code, t.state);
    restore_general(&mut code);
    code.put(branch_register(16));
    code.align_to_8();
    code.literal(context_use, 0, t.context);
    code.literal(resolver_use, 16, t.resolver);
    code.words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect()
}

/// Leaves the index in w9. x19–x28 survive the resolver; so does the lower half of v8–v15, but not the upper, which the
/// vector calling convention preserves, so all of v is saved.
fn save_general(code: &mut Code) {
    code.put(0xa9bf_0000 | 30 << 10 | SP << 5 | 29); // stp x29, x30, [sp, #-16]!
    code.put(0x9100_0000 | SP << 5 | 29); // mov x29, sp
    code.put(add_sp(-(GENERAL_FRAME as i32)));
    for first in (0..16).step_by(2) {
        code.put(pair_x(Access::Store, first, first + 1, first * 8));
    }
    // x18 carries the static chain of nested functions.
    code.put(pair_x(Access::Store, 18, XZR, X18_OFFSET));
    code.put(move_word(9, 17));
    code.put(0xd53b_4400 | 16); // mrs x16, fpcr
    code.put(0xd53b_4420 | 17); // mrs x17, fpsr
    code.put(pair_x(Access::Store, 16, 17, FP_CONTROL_OFFSET));
    // The program may have changed the rounding or flush-to-zero; the resolver must not run under that.
    code.put(0xd51b_4400 | XZR); // msr fpcr, xzr
}

/// Keeps x16, the target.
fn restore_general(code: &mut Code) {
    code.put(pair_x(Access::Load, 9, 10, FP_CONTROL_OFFSET));
    code.put(0xd51b_4400 | 9); // msr fpcr, x9
    code.put(0xd51b_4420 | 10); // msr fpsr, x10
    code.put(pair_x(Access::Load, 18, XZR, X18_OFFSET));
    for first in (0..16).step_by(2) {
        code.put(pair_x(Access::Load, first, first + 1, first * 8));
    }
    code.put(add_sp(GENERAL_FRAME as i32));
    code.put(0xa8c1_0000 | 30 << 10 | SP << 5 | 29); // ldp x29, x30, [sp], #16
}

fn save_vectors(code: &mut Code, state: VectorState) {
    match state {
        VectorState::Neon => {
            code.put(add_sp(-(NEON_FRAME as i32)));
            neon(code, Access::Store);
        }
        VectorState::Sve => {
            // Vectors first, then predicates, whose sixteen take the room of two vectors.
            code.put(add_vector_lengths(-32));
            sve_vectors(code, Access::Store);
            code.put(add_vector_lengths(-2));
            sve_predicates(code, Access::Store);
        }
    }
}

fn restore_vectors(code: &mut Code, state: VectorState) {
    match state {
        VectorState::Neon => {
            neon(code, Access::Load);
            code.put(add_sp(NEON_FRAME as i32));
        }
        VectorState::Sve => {
            sve_predicates(code, Access::Load);
            code.put(add_vector_lengths(2));
            sve_vectors(code, Access::Load);
            // The immediate of `addvl` ends at 31.
            code.put(add_vector_lengths(16));
            code.put(add_vector_lengths(16));
        }
    }
}

#[derive(Clone, Copy)]
enum Access {
    Store,
    Load,
}

/// `stp`/`ldp` of q0–q31 at `[sp]`.
fn neon(code: &mut Code, access: Access) {
    let opcode = match access {
        Access::Store => 0xad00_0000,
        Access::Load => 0xad40_0000,
    };
    for first in (0..32).step_by(2) {
        let scaled = first; // in units of 16 bytes
        code.put(opcode | scaled << 15 | (first + 1) << 10 | SP << 5 | first);
    }
}

/// `str`/`ldr z<i>, [sp, #i, mul vl]`.
fn sve_vectors(code: &mut Code, access: Access) {
    let opcode = match access {
        Access::Store => 0xe580_4000,
        Access::Load => 0x8580_4000,
    };
    for i in 0..32 {
        code.put(opcode | (i >> 3) << 16 | (i & 7) << 10 | SP << 5 | i);
    }
}

/// `str`/`ldr p<i>, [sp, #i, mul vl]`.
fn sve_predicates(code: &mut Code, access: Access) {
    let opcode = match access {
        Access::Store => 0xe580_0000,
        Access::Load => 0x8580_0000,
    };
    for i in 0..16 {
        code.put(opcode | (i >> 3) << 16 | (i & 7) << 10 | SP << 5 | i);
    }
}

/// `addvl sp, sp, #count`.
fn add_vector_lengths(count: i32) -> u32 {
    0x0420_5000 | SP << 16 | (count as u32 & 0x3f) << 5 | SP
}

/// `add sp, sp, #amount`, or `sub` for a negative amount; below 4096 either way.
fn add_sp(amount: i32) -> u32 {
    let opcode = if amount < 0 { 0xd100_0000 } else { 0x9100_0000 };
    opcode | amount.unsigned_abs() << 10 | SP << 5 | SP
}

/// `stp`/`ldp x<first>, x<second>, [sp, #offset]`.
fn pair_x(access: Access, first: u32, second: u32, offset: u32) -> u32 {
    let opcode = match access {
        Access::Store => 0xa900_0000,
        Access::Load => 0xa940_0000,
    };
    opcode | (offset / 8) << 15 | second << 10 | SP << 5 | first
}

/// `mov w<to>, w<from>`.
fn move_word(to: u32, from: u32) -> u32 {
    0x2a00_0000 | from << 16 | XZR << 5 | to
}

/// `br x<register>`.
fn branch_register(register: u32) -> u32 {
    0xd61f_0000 | register << 5
}

/// `ldr x<register>, <distance bytes ahead>`, if that is in reach.
fn load_literal(register: u32, distance: i64) -> Option<u32> {
    signed_words(distance, 19).map(|words| 0x5800_0000 | words << 5 | register)
}

/// `distance` in instructions as a two's complement field of `bits` bits.
fn signed_words(distance: i64, bits: u32) -> Option<u32> {
    let words = i32::try_from(distance / 4).ok()?;
    let limit = 1_i32 << (bits - 1);
    let fits = distance % 4 == 0 && (-limit..limit).contains(&words);
    fits.then_some(words as u32 & ((1 << bits) - 1))
}

#[derive(Default)]
struct Code {
    words: Vec<u32>,
}

impl Code {
    fn put(&mut self, word: u32) {
        self.words.push(word);
    }

    /// Leaves room for one instruction and says where.
    fn reserve(&mut self) -> usize {
        self.put(0);
        self.words.len() - 1
    }

    fn align_to_8(&mut self) {
        if !self.words.len().is_multiple_of(2) {
            self.put(0);
        }
    }

    /// Appends `value` and makes the reserved instruction at `place` load it into x`register`.
    fn literal(&mut self, place: usize, register: u32, value: u64) {
        let distance = (self.words.len() - place) * 4;
        let load = load_literal(register, distance as i64);
        self.words[place] = load.expect("a trampoline is far below 1 MiB");
        self.put(value as u32);
        self.put((value >> 32) as u32);
    }
}
