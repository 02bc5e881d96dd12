//! From a target triple to a mangling mode.
//!
//! A triple is read as LLVM reads one that it is given: by position (architecture, vendor, operating system,
//! environment with an optional object format at its end), without normalising it first. Sources: `Triple.cpp` for the
//! fields, `TargetDataLayout.cpp` for what follows from them.

use crate::{error::Error, mangler::Mangler, mode::ManglingMode};

#[cfg(test)]
mod tests;

/// The architectures LLVM 22 has code generators for, grouped by what decides their mangling mode.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arch {
    AArch64,
    Arm,
    Mips32,
    Mips64,
    PowerPc,
    PowerPcLittle,
    RiscV,
    SystemZ,
    X86,
    X86_64,
    /// Architectures that are always `m:e`.
    Elf,
    /// Architectures whose data layout has no `m:` component.
    Plain,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Coff,
    Elf,
    Goff,
    MachO,
    Xcoff,
    /// WebAssembly or SPIR-V: named in the triple, without a mode of its own.
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Os {
    Aix,
    Darwin,
    WindowsOrUefi,
    Zos,
    Other,
}

/// The mangler for `triple`.
pub(crate) fn mangler(triple: &str) -> Result<Mangler, Error> {
    let mut parts = triple.splitn(4, '-');
    let name = parts.next().unwrap_or_default();
    let arch = arch(name).ok_or_else(|| Error::architecture(triple, name))?;
    let os = os(parts.nth(1).unwrap_or_default());
    let environment = parts.next().unwrap_or_default();
    let format = format(environment).unwrap_or_else(|| default_format(arch, name, os));
    if name == "arm64ec" && format == Format::Coff {
        return Ok(Mangler::arm64ec());
    }
    Ok(Mangler::new(mode(arch, os, format, environment)))
}

fn mode(arch: Arch, os: Os, format: Format, environment: &str) -> ManglingMode {
    match arch {
        Arch::Plain => ManglingMode::None,
        Arch::Elf => ManglingMode::Elf,
        Arch::Mips32 if !is_n32(environment) => ManglingMode::Mips,
        Arch::Mips32 | Arch::Mips64 => ManglingMode::Elf,
        Arch::RiscV if format != Format::MachO => ManglingMode::Elf,
        // The only one that does not ask for Windows.
        Arch::AArch64 if format == Format::Coff => ManglingMode::WinCoff,
        Arch::AArch64 if format != Format::MachO => ManglingMode::Elf,
        _ => match format {
            Format::Goff => ManglingMode::Goff,
            Format::MachO => ManglingMode::MachO,
            Format::Xcoff => ManglingMode::Xcoff,
            Format::Coff if os == Os::WindowsOrUefi && arch == Arch::X86 => {
                ManglingMode::WinCoffX86
            }
            Format::Coff if os == Os::WindowsOrUefi => ManglingMode::WinCoff,
            Format::Coff | Format::Elf | Format::Other => ManglingMode::Elf,
        },
    }
}

/// Whether a 32-bit MIPS triple asks for the N32 ABI, which mangles as plain ELF.
fn is_n32(environment: &str) -> bool {
    environment.starts_with("gnuabin32") || environment.starts_with("muslabin32")
}

fn arch(name: &str) -> Option<Arch> {
    Some(match name {
        "i386" | "i486" | "i586" | "i686" | "i786" | "i886" | "i986" => Arch::X86,
        "amd64" | "x86_64" | "x86_64h" => Arch::X86_64,
        "powerpc" | "powerpcspe" | "ppc" | "ppc32" | "powerpc64" | "ppu" | "ppc64" => Arch::PowerPc,
        "powerpcle" | "ppcle" | "ppc32le" | "powerpc64le" | "ppc64le" => Arch::PowerPcLittle,
        "s390x" | "systemz" => Arch::SystemZ,
        "xscale" | "xscaleeb" => Arch::Arm,
        "nvptx" | "nvptx64" | "avr" | "spir" | "spir64" | "tce" | "tcele" => Arch::Plain,
        "arc" | "csky" | "hexagon" | "lanai" | "loongarch32" | "loongarch64" | "m68k"
        | "msp430" | "r600" | "amdgcn" | "sparc" | "sparcel" | "sparcv9" | "sparc64" | "ve"
        | "wasm32" | "wasm64" | "xcore" | "xtensa" => Arch::Elf,
        _ => return arch_family(name),
    })
}

/// Architectures whose names go on with a version, an endianness or an ABI.
fn arch_family(name: &str) -> Option<Arch> {
    let any = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if any(&["mips64", "mipsn32", "mipsisa64"]) {
        Some(Arch::Mips64)
    } else if any(&["mips"]) {
        Some(Arch::Mips32)
    } else if any(&["riscv32", "riscv64"]) {
        Some(Arch::RiscV)
    } else if any(&["aarch64", "arm64"]) {
        Some(Arch::AArch64)
    } else if any(&["arm", "thumb"]) {
        Some(Arch::Arm)
    } else if any(&["spirv"]) {
        Some(Arch::Plain)
    } else if any(&["bpf", "dxil"]) {
        Some(Arch::Elf)
    } else {
        None
    }
}

fn os(name: &str) -> Os {
    const DARWIN: [&str; 9] = [
        "darwin",
        "macos",
        "ios",
        "tvos",
        "watchos",
        "bridgeos",
        "driverkit",
        "xros",
        "visionos",
    ];
    if DARWIN.iter().any(|prefix| name.starts_with(prefix)) {
        Os::Darwin
    } else if ["windows", "win32", "uefi"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    {
        Os::WindowsOrUefi
    } else if name.starts_with("aix") {
        Os::Aix
    } else if name.starts_with("zos") {
        Os::Zos
    } else {
        Os::Other
    }
}

/// The object format that ends the environment, if it names one.
fn format(environment: &str) -> Option<Format> {
    // XCOFF comes first: its name ends in that of COFF.
    const FORMATS: [(&str, Format); 7] = [
        ("xcoff", Format::Xcoff),
        ("coff", Format::Coff),
        ("elf", Format::Elf),
        ("goff", Format::Goff),
        ("macho", Format::MachO),
        ("wasm", Format::Other),
        ("spirv", Format::Other),
    ];
    FORMATS
        .into_iter()
        .find(|(suffix, _)| environment.ends_with(suffix))
        .map(|(_, format)| format)
}

fn default_format(arch: Arch, name: &str, os: Os) -> Format {
    let big_endian_arm = matches!(name, "aarch64_be" | "xscaleeb")
        || name.starts_with("armeb")
        || name.starts_with("thumbeb");
    match arch {
        Arch::AArch64 | Arch::Arm if big_endian_arm => Format::Elf,
        Arch::AArch64 | Arch::Arm | Arch::X86 | Arch::X86_64 => match os {
            Os::Darwin => Format::MachO,
            Os::WindowsOrUefi => Format::Coff,
            _ => Format::Elf,
        },
        Arch::PowerPc => match os {
            Os::Aix => Format::Xcoff,
            Os::Darwin => Format::MachO,
            _ => Format::Elf,
        },
        Arch::SystemZ if os == Os::Zos => Format::Goff,
        _ => Format::Elf,
    }
}
