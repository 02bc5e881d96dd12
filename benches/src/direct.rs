//! Reading generated code back, so that a benchmark measures the instructions it says it measures.

use iced_x86::{Decoder, DecoderOptions, Mnemonic};

/// No function of ours is longer; reading stops at its first return.
const LIMIT: usize = 1 << 10;

/// Where the calls from `function` up to its first return go: the target of `call rel32`, 0 for an indirect call.
///
/// # Safety
/// `function` is the address of x86-64 code that returns, and is readable up to there.
///
/// # Panics
/// If there is no return within 1 KiB.
#[must_use]
pub unsafe fn call_targets(function: usize) -> Vec<usize> {
    let mut targets = Vec::new();
    let mut at = function;
    while at < function + LIMIT {
        // The longest instruction has 15 bytes; the code ends with a return, before which a page holds more.
        let length = instruction_bytes(at);
        // SAFETY: the caller says that the code up to its return is readable, and we have not passed it; `length`
        // ends at the page that the instruction starts on or, where it may continue on the next, is that of code.
        let bytes =
            unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance(at), length) };
        let instruction = Decoder::with_ip(64, bytes, at as u64, DecoderOptions::NONE).decode();
        match instruction.mnemonic() {
            Mnemonic::Ret => return targets,
            Mnemonic::Call => targets.extend(usize::try_from(instruction.near_branch_target())),
            _ => {}
        }
        at += instruction.len();
    }
    panic!("no return within {LIMIT} bytes of {function:#x}");
}

/// The most bytes to decode one instruction from: up to the end of the page if that is close.
fn instruction_bytes(at: usize) -> usize {
    const PAGE: usize = 4 << 10;
    const LONGEST: usize = 15;
    LONGEST.min(PAGE - at % PAGE)
}
