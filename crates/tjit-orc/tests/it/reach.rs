//! How code reaches what it calls.

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind};
use tjit_orc::{Dylib, EvaluatedSymbol, SymbolFlags};

use crate::support::{define, dylib};

/// Where a direct call of rel32 can go.
const REACH: u64 = 1 << 31;

/// The first call or jump out of a function.
fn first_branch(address: u64) -> Instruction {
    const BITS: u32 = 64;
    const LENGTH: usize = 32;
    let start = std::ptr::with_exposed_provenance::<u8>(usize::try_from(address).unwrap());
    // SAFETY: the function is followed, on its page, by more than that.
    let code = unsafe { std::slice::from_raw_parts(start, LENGTH) };
    Decoder::with_ip(BITS, code, address, DecoderOptions::NONE)
        .iter()
        .find(|instruction| matches!(instruction.mnemonic(), Mnemonic::Call | Mnemonic::Jmp))
        .unwrap()
}

/// Calls `target`, which is defined at `address`, from newly linked code.
fn call_to(dylib: &Dylib, address: u64, attributes: &str) -> Instruction {
    let target = EvaluatedSymbol {
        address,
        flags: SymbolFlags::FUNCTION,
    };
    dylib.define_absolute([("target", target)]).unwrap();
    define(
        dylib,
        &format!(
            "declare void @target() {attributes}\ndefine void @caller() {{ call void @target() ret void }}"
        ),
    );
    first_branch(dylib.lookup("caller").unwrap())
}

/// The address of some code of a new dylib, near which its next code will be.
fn anchor(dylib: &Dylib) -> u64 {
    define(dylib, "define void @anchor() { ret void }");
    dylib.lookup("anchor").unwrap()
}

/// What a call through a pointer will call.
fn through_pointer(call: Instruction) -> u64 {
    assert_eq!(call.op0_kind(), OpKind::Memory);
    let pointer = usize::try_from(call.ip_rel_memory_address()).unwrap();
    let pointer = std::ptr::with_exposed_provenance::<u64>(pointer);
    // SAFETY: the operand of an instruction of linked code.
    unsafe { pointer.read() }
}

/// What rustc declares functions with: calls load the address from a table instead of going through a jump.
const WITHOUT_PLT: &str = "nonlazybind";

/// Fact: what is declared as lying anywhere is called directly all the same if it turns out to be near. Calls through
/// stubs therefore cost one jump, and no load besides, if the stubs are mapped near the code.
#[cfg(target_arch = "x86_64")]
#[test]
fn near_targets_are_called_directly() {
    let dylib = dylib();
    let target = anchor(&dylib) + 0x10_0000;
    let call = call_to(&dylib, target, "");
    assert!(
        call.ip().abs_diff(target) < REACH,
        "the code is not where it was expected"
    );
    assert_eq!(call.mnemonic(), Mnemonic::Call);
    assert_eq!(call.op0_kind(), OpKind::NearBranch64);
    assert_eq!(call.near_branch_target(), target);
}

/// Fact: the linker leaves the load of such calls in place.
#[cfg(target_arch = "x86_64")]
#[test]
fn near_targets_without_plt_are_called_through_a_pointer() {
    let dylib = dylib();
    let target = anchor(&dylib) + 0x10_0000;
    assert_eq!(
        through_pointer(call_to(&dylib, target, WITHOUT_PLT)),
        target
    );
}

#[cfg(target_arch = "x86_64")]
#[test]
fn far_targets_are_called_through_a_pointer() {
    /// Above 4 GiB, and far below where mmap puts code.
    const FAR: u64 = 0x10_0000_0000;
    let dylib = dylib();
    let call = call_to(&dylib, FAR, "");
    // A jump through the pointer, placed beside the code by the linker.
    let jump = first_branch(call.near_branch_target());
    assert_eq!(through_pointer(jump), FAR);

    let dylib = crate::support::dylib();
    assert_eq!(through_pointer(call_to(&dylib, FAR, WITHOUT_PLT)), FAR);
}

/// Fact: JITLink of LLVM 22.1 makes a call that loads the address of a target below 4 GiB a direct one, but writes the
/// address of the target where its distance belongs (`optimizeGOTAndStubAccesses`). So nothing may be mapped there that
/// code of rustc calls; a host program that is not position-independent is. When this fails, LLVM has mended it.
#[cfg(target_arch = "x86_64")]
#[test]
fn low_targets_without_plt_are_missed() {
    const LOW: u64 = 0x1000;
    let dylib = dylib();
    let call = call_to(&dylib, LOW, WITHOUT_PLT);
    assert_eq!(call.op0_kind(), OpKind::NearBranch64);
    assert_eq!(call.near_branch_target(), call.next_ip() + LOW);
}
