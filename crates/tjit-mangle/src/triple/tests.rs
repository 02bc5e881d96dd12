//! Target triples. That LLVM agrees is checked by a test of the workspace that can ask it.

use alloc::format;

use super::*;
use crate::ErrorKind;

#[test]
fn triples_tell_the_mode() {
    use ManglingMode::{Elf, Goff, MachO, Mips, None, WinCoff, WinCoffX86, Xcoff};
    for (triple, mode) in [
        ("x86_64-unknown-linux-gnu", Elf),
        ("x86_64-pc-windows-msvc", WinCoff),
        ("i686-pc-windows-msvc", WinCoffX86),
        ("i386-pc-windows-cygnus", WinCoffX86),
        ("x86_64-unknown-uefi", WinCoff),
        ("x86_64-apple-ios-macabi", MachO),
        // An object format that is named wins over that of the system.
        ("x86_64-pc-windows-msvc-elf", Elf),
        ("i686-pc-windows-macho", MachO),
        ("i686-pc-windows-msvc-coff", WinCoffX86),
        ("x86_64-unknown-linux-gnu-macho", MachO),
        // COFF outside Windows: x86 looks at the system, ARM does not.
        ("x86_64-unknown-linux-coff", Elf),
        ("aarch64-unknown-linux-coff", WinCoff),
        ("arm64-apple-visionos1.0", MachO),
        ("arm64_32-apple-watchos", MachO),
        ("aarch64_be-unknown-linux-gnu", Elf),
        ("thumbv7-pc-windows-msvc", WinCoff),
        ("armv7-unknown-linux-gnueabihf", Elf),
        ("armv7k-apple-watchos", MachO),
        ("powerpc-ibm-aix", Xcoff),
        ("powerpc64le-unknown-linux-gnu", Elf),
        ("powerpc-apple-darwin8", MachO),
        ("s390x-ibm-zos", Goff),
        ("s390x-unknown-linux-gnu", Elf),
        ("mipsel-unknown-linux-musl", Mips),
        ("mips64-unknown-linux-gnuabi64", Elf),
        ("mips-unknown-linux-gnuabin32", Elf),
        ("riscv32-unknown-elf", Elf),
        ("wasm64-unknown-unknown", Elf),
        ("bpfel", Elf),
        ("avr", None),
        ("nvptx64-nvidia-cuda", None),
        ("spirv64v1.5-unknown-vulkan", None),
        // By position: these have no system that LLVM knows.
        ("x86_64-linux-gnu", Elf),
        ("i686-w64-mingw32", Elf),
        ("x86_64", Elf),
    ] {
        let mangler = Mangler::from_triple(triple);
        assert_eq!(mangler, Ok(Mangler::new(mode)), "{triple}");
    }
}

#[test]
fn arm64ec_is_told_from_arm64() {
    for (triple, mangler) in [
        ("arm64ec-pc-windows-msvc", Mangler::arm64ec()),
        ("arm64-pc-windows-msvc", Mangler::new(ManglingMode::WinCoff)),
        ("arm64ec-unknown-linux-gnu", Mangler::new(ManglingMode::Elf)),
    ] {
        assert_eq!(Mangler::from_triple(triple), Ok(mangler), "{triple}");
    }
}

#[test]
fn unknown_architectures_are_refused() {
    for (triple, architecture) in [
        ("", ""),
        ("unknown-linux-gnu", "unknown"),
        ("pdp11-dec-unix", "pdp11"),
        ("X86_64-pc-linux", "X86_64"),
        ("kalimba", "kalimba"),
    ] {
        let mangler = Mangler::from_triple(triple);
        let kind = mangler.as_ref().map_err(Error::kind);
        assert_eq!(kind, Err(ErrorKind::UnknownArchitecture), "{triple}");
        let text = mangler.map_or_else(|error| format!("{error}"), |_| triple.into());
        assert_eq!(
            text,
            format!("reading target triple `{triple}`: unknown architecture `{architecture}`")
        );
    }
}
