//! Disassembles what the encoder wrote.

use iced_x86::{Decoder, DecoderOptions, Formatter as _, Instruction, IntelFormatter};

use super::*;

fn disassemble(code: &[u8], address: u64) -> Vec<String> {
    let mut formatter = IntelFormatter::new();
    formatter
        .options_mut()
        .set_space_after_operand_separator(true);
    formatter.options_mut().set_rip_relative_addresses(false);
    Decoder::with_ip(64, code, address, DecoderOptions::NONE)
        .iter()
        .map(|instruction: Instruction| {
            assert!(
                !instruction.is_invalid(),
                "invalid instruction at {:#x}",
                instruction.ip()
            );
            let mut text = String::new();
            formatter.format(&instruction, &mut text);
            text
        })
        .collect()
}

fn sample(state: ExtendedState, abi: Abi) -> Vec<String> {
    let parameters = Trampoline {
        resolver: 0x1122_3344_5566_7788,
        context: 0x99aa_bbcc_ddee_ff00,
        state,
        abi,
    };
    disassemble(&trampoline(&parameters), 0)
}

const XSAVE: ExtendedState = ExtendedState::Xsave {
    mask: 0x2_0000_00e7,
    size: 2696,
};

#[test]
fn a_stub_is_one_jump() {
    let code = stub(0xc000).unwrap();
    assert_eq!(
        disassemble(&code, 0x10000),
        ["jmp qword ptr [1C000h]", "int3", "int3"]
    );
    assert_eq!(
        stub(-0x1000).unwrap()[..6],
        [0xff, 0x25, 0xfa, 0xef, 0xff, 0xff]
    );
}

#[test]
fn a_stub_reaches_two_gibibytes() {
    assert!(stub(i64::from(i32::MAX) + 6).is_ok());
    assert!(stub(i64::from(i32::MIN) + 6).is_ok());
    let error = stub(i64::from(i32::MAX) + 7).unwrap_err();
    assert_eq!(
        error.to_string(),
        "encoding a stub: a distance of 2147483654 bytes is out of reach"
    );
    assert!(stub(i64::from(i32::MIN) + 5).is_err());
}

#[test]
fn a_lazy_entry_pushes_its_index() {
    let code = lazy_entry(-0x4000, 0x0012_3456).unwrap();
    let text = disassemble(&code, 0x1_4000);
    assert_eq!(text[..2], ["push 123456h", "jmp 0000000000010000h"]);
    assert!(text[2..].iter().all(|padding| padding == "int3"));
}

#[test]
fn sysv_trampoline() {
    let expected = [
        "xchg [rsp], rbp",
        "push rax",
        "push rcx",
        "push rdx",
        "push rsi",
        "push rdi",
        "push r8",
        "push r9",
        "push r10",
        "push r11",
        "push rbp",
        "lea rbp, [rsp+50h]",
        "sub rsp, 0A88h",
        "and rsp, 0FFFFFFFFFFFFFFC0h",
        "xor eax, eax",
        "mov [rsp+200h], rax",
        "mov [rsp+208h], rax",
        "mov [rsp+210h], rax",
        "mov [rsp+218h], rax",
        "mov [rsp+220h], rax",
        "mov [rsp+228h], rax",
        "mov [rsp+230h], rax",
        "mov [rsp+238h], rax",
        "mov eax, 0E7h",
        "mov edx, 2",
        "xsave64 [rsp]",
        "vzeroupper",
        "fninit",
        "push 1F80h",
        "ldmxcsr [rsp]",
        "add rsp, 8",
        "mov rdi, 99AABBCCDDEEFF00h",
        "mov esi, [rbp-50h]",
        "mov rdx, [rbp+8]",
        "mov rax, 1122334455667788h",
        "call rax",
        "mov [rbp-50h], rax",
        "mov eax, 0E7h",
        "mov edx, 2",
        "xrstor64 [rsp]",
        "lea rsp, [rbp-48h]",
        "pop r11",
        "pop r10",
        "pop r9",
        "pop r8",
        "pop rdi",
        "pop rsi",
        "pop rdx",
        "pop rcx",
        "pop rax",
        "pop rbp",
        "jmp qword ptr [rsp-58h]",
    ];
    assert_eq!(sample(XSAVE, Abi::SysV), expected);
}

#[test]
fn windows_trampoline_has_shadow_space_and_no_red_zone() {
    let text = sample(XSAVE, Abi::Windows);
    let call = text.iter().position(|line| line == "call rax").unwrap();
    assert_eq!(
        text[call - 5..=call + 2],
        [
            "mov rcx, 99AABBCCDDEEFF00h",
            "mov edx, [rbp-50h]",
            "mov r8, [rbp+8]",
            "sub rsp, 20h",
            "mov rax, 1122334455667788h",
            "call rax",
            "add rsp, 20h",
            "mov [rbp-50h], rax",
        ]
    );
    let end = &text[text.len() - 12..];
    assert_eq!(
        end,
        [
            "mov r11, [rbp-50h]",
            "lea rsp, [rbp-40h]",
            "pop r10",
            "pop r9",
            "pop r8",
            "pop rdi",
            "pop rsi",
            "pop rdx",
            "pop rcx",
            "pop rax",
            "pop rbp",
            "jmp r11",
        ]
    );
    for argument in ["push rcx", "push rdx", "push r8", "push r9"] {
        assert!(text.iter().any(|line| line == argument), "{argument}");
    }
    assert!(
        text.iter().any(|line| line == "xsave64 [rsp]"),
        "xmm0–5 are arguments or volatile"
    );
}

#[test]
fn without_xsave_the_legacy_state_is_saved() {
    let text = sample(ExtendedState::Fxsave, Abi::SysV);
    assert!(text.iter().any(|line| line == "fxsave64 [rsp]"));
    assert!(text.iter().any(|line| line == "fxrstor64 [rsp]"));
    assert!(text.iter().any(|line| line == "sub rsp, 200h"));
    assert!(!text.iter().any(|line| line.contains("xsave64") && !line.starts_with("fx") || line == "vzeroupper"));
}

#[test]
fn large_state_gets_a_large_area() {
    let text = sample(
        ExtendedState::Xsave {
            mask: 0x600e7,
            size: 11_008,
        },
        Abi::SysV,
    );
    assert!(text.iter().any(|line| line == "sub rsp, 2B00h"));
}

#[test]
fn no_vzeroupper_without_avx() {
    let text = sample(
        ExtendedState::Xsave {
            mask: 0b11,
            size: 576,
        },
        Abi::SysV,
    );
    assert!(!text.iter().any(|line| line == "vzeroupper"));
}

#[test]
fn the_trap_is_ud2() {
    assert_eq!(disassemble(&TRAP, 0), ["ud2"]);
}
