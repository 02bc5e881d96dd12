//! Disassembles what the encoder wrote.

use yaxpeax_arch::{Decoder as _, U8Reader};
use yaxpeax_arm::armv8::a64::InstDecoder;

use super::*;

fn disassemble(code: &[u8]) -> Vec<String> {
    let decoder = InstDecoder::default();
    code.chunks(4).map(|word| decode(&decoder, word)).collect()
}

fn decode(decoder: &InstDecoder, word: &[u8]) -> String {
    match decoder.decode(&mut U8Reader::new(word)) {
        Ok(instruction) => instruction.to_string(),
        Err(error) => format!("{error}"),
    }
}

fn sample(state: VectorState) -> Vec<u8> {
    trampoline(&Trampoline {
        resolver: 0x1122_3344_5566_7788,
        context: 0x99aa_bbcc_ddee_ff00,
        state,
    })
}

/// The instructions of a trampoline, without the two literals at its end.
fn sample_text(state: VectorState) -> Vec<String> {
    let code = sample(state);
    disassemble(&code[..code.len() - 16])
}

const SAVE_GENERAL: [&str; 16] = [
    "stp x29, x30, [sp, #-0x10]!",
    "mov x29, sp",
    "sub sp, sp, #0xa0",
    "stp x0, x1, [sp]",
    "stp x2, x3, [sp, #0x10]",
    "stp x4, x5, [sp, #0x20]",
    "stp x6, x7, [sp, #0x30]",
    "stp x8, x9, [sp, #0x40]",
    "stp x10, x11, [sp, #0x50]",
    "stp x12, x13, [sp, #0x60]",
    "stp x14, x15, [sp, #0x70]",
    "stp x18, xzr, [sp, #0x80]",
    "mov w9, w17",
    "mrs x16, s3_3_c4_c4_0", // fpcr
    "mrs x17, s3_3_c4_c4_1", // fpsr
    "stp x16, x17, [sp, #0x90]",
];

const RESTORE_GENERAL: [&str; 15] = [
    "ldp x9, x10, [sp, #0x90]",
    "msr s3_3_c4_c4_0, x9",
    "msr s3_3_c4_c4_1, x10",
    "ldp x18, xzr, [sp, #0x80]",
    "ldp x0, x1, [sp]",
    "ldp x2, x3, [sp, #0x10]",
    "ldp x4, x5, [sp, #0x20]",
    "ldp x6, x7, [sp, #0x30]",
    "ldp x8, x9, [sp, #0x40]",
    "ldp x10, x11, [sp, #0x50]",
    "ldp x12, x13, [sp, #0x60]",
    "ldp x14, x15, [sp, #0x70]",
    "add sp, sp, #0xa0",
    "ldp x29, x30, [sp], #0x10",
    "br x16",
];

/// `msr fpcr, xzr`, which the disassembler prints with another register.
const MSR_FPCR_XZR: u32 = 0xd51b_441f;

/// All 16 pairs of q registers, at multiples of 32 bytes.
fn vector_pairs(mnemonic: &str) -> Vec<String> {
    let pair = |i: usize| match i {
        0 => format!("{mnemonic} q0, q1, [sp]"),
        _ => format!(
            "{mnemonic} q{}, q{}, [sp, #{:#x}]",
            2 * i,
            2 * i + 1,
            32 * i
        ),
    };
    (0..16).map(pair).collect()
}

fn words(code: &[u8]) -> Vec<u32> {
    code.as_chunks()
        .0
        .iter()
        .map(|&word| u32::from_le_bytes(word))
        .collect()
}

/// Where the literal is that the load at instruction `place` refers to.
fn literal(code: &[u8], place: usize) -> u64 {
    let distance = (words(code)[place] >> 5 & 0x7_ffff) as usize * 4;
    let start = place * 4 + distance;
    u64::from_le_bytes(code[start..start + 8].try_into().unwrap())
}

#[test]
fn a_stub_is_a_load_and_a_branch() {
    assert_eq!(
        disassemble(&stub(0xc000).unwrap()),
        ["ldr x16, $+0xc000", "br x16"]
    );
    assert_eq!(disassemble(&stub(-0x1000).unwrap())[0], "ldr x16, $-0x1000");
}

#[test]
fn a_stub_reaches_one_mebibyte() {
    assert!(stub((1 << 20) - 4).is_ok());
    assert!(stub(-(1 << 20)).is_ok());
    assert_eq!(
        stub(1 << 20),
        Err(OutOfReach {
            what: "a stub",
            distance: 1 << 20
        })
    );
    assert!(stub(-(1 << 20) - 4).is_err());
    assert!(stub(6).is_err(), "not a multiple of 4");
}

#[test]
fn a_lazy_entry_loads_its_index() {
    let code = lazy_entry(-0x4000, 0x0012_3456).unwrap();
    let expected = [
        "mov w17, #0x3456",
        "movk w17, #0x12, lsl #16",
        "b $-0x4008",
        "udf #0x0",
    ];
    assert_eq!(disassemble(&code), expected);
    assert!(
        lazy_entry(1 << 27, 0).is_ok(),
        "the branch is 8 bytes nearer"
    );
    assert!(lazy_entry((1 << 27) + 8, 0).is_err());
    assert!(lazy_entry(-(1 << 27), 0).is_err());
}

#[test]
fn neon_trampoline() {
    let text = sample_text(VectorState::Neon);
    assert_eq!(text[..16], SAVE_GENERAL);
    let code = sample(VectorState::Neon);
    assert_eq!(words(&code)[16], MSR_FPCR_XZR);
    assert_eq!(text[17], "sub sp, sp, #0x200");
    assert_eq!(text[18..34], vector_pairs("stp"));
    assert_eq!(
        text[34..40],
        [
            "ldr x0, $+0x98",
            "mov w1, w9",
            "mov x2, x30",
            "ldr x16, $+0x94",
            "blr x16",
            "mov x16, x0"
        ]
    );
    assert_eq!(text[40..56], vector_pairs("ldp"));
    assert_eq!(text[56], "add sp, sp, #0x200");
    assert_eq!(text[57..72], RESTORE_GENERAL);
    assert!(text[72..].is_empty(), "the literals are aligned as it is");
    assert_eq!(literal(&code, 34), 0x99aa_bbcc_ddee_ff00);
    assert_eq!(literal(&code, 37), 0x1122_3344_5566_7788);
}

/// The disassembler does not know SVE; these words come from the GNU assembler.
#[test]
fn sve_trampoline() {
    let code = sample(VectorState::Sve);
    let text = sample_text(VectorState::Sve);
    let words = words(&code);
    assert_eq!(text[..16], SAVE_GENERAL);
    assert_eq!(words[16], MSR_FPCR_XZR);
    assert_eq!(words[17], 0x043f_541f, "addvl sp, sp, #-32");
    assert_eq!(words[18], 0xe580_43e0, "str z0, [sp]");
    assert_eq!(words[18 + 9], 0xe581_47e9, "str z9, [sp, #9, mul vl]");
    assert_eq!(words[18 + 31], 0xe583_5fff, "str z31, [sp, #31, mul vl]");
    assert_eq!(words[50], 0x043f_57df, "addvl sp, sp, #-2");
    assert_eq!(words[51], 0xe580_03e0, "str p0, [sp]");
    assert_eq!(words[51 + 15], 0xe581_1fef, "str p15, [sp, #15, mul vl]");
    assert_eq!(text[68..70], ["mov w1, w9", "mov x2, x30"]);
    assert_eq!(text[71..73], ["blr x16", "mov x16, x0"]);
    assert_eq!(words[73 + 15], 0x8581_1fef, "ldr p15, [sp, #15, mul vl]");
    assert_eq!(words[89], 0x043f_505f, "addvl sp, sp, #2");
    assert_eq!(words[90 + 31], 0x8583_5fff, "ldr z31, [sp, #31, mul vl]");
    assert_eq!(words[122..124], [0x043f_521f; 2], "addvl sp, sp, #16");
    assert_eq!(text[124..139], RESTORE_GENERAL);
    assert_eq!(literal(&code, 67), 0x99aa_bbcc_ddee_ff00);
    assert_eq!(literal(&code, 70), 0x1122_3344_5566_7788);
}

#[test]
fn the_trap_is_undefined() {
    assert_eq!(disassemble(&TRAP), ["udf #0x0"]);
}
