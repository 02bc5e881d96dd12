//! Mangling modes: what a data layout's `m:` component says about names.

use crate::error::Error;

#[cfg(test)]
mod tests;

/// How a target decorates IR names, one variant per `m:` letter of a data layout.
///
/// Source: LLVM's language reference, "Data Layout", and `DataLayout::ManglingModeT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ManglingMode {
    /// No `m:` component (NVPTX, AVR, SPIR-V): names are left alone, private ones too.
    None,
    /// `m:e`: ELF, and WebAssembly.
    Elf,
    /// `m:l`: GOFF (z/OS).
    Goff,
    /// `m:o`: Mach-O.
    MachO,
    /// `m:m`: MIPS O32, an ELF whose assembler reserves `$` for private names.
    Mips,
    /// `m:w`: Windows COFF, except x86-32.
    WinCoff,
    /// `m:x`: Windows COFF for x86-32, where names tell the calling convention.
    WinCoffX86,
    /// `m:a`: XCOFF (AIX).
    Xcoff,
}

impl ManglingMode {
    /// All modes.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Elf,
        Self::Goff,
        Self::MachO,
        Self::Mips,
        Self::WinCoff,
        Self::WinCoffX86,
        Self::Xcoff,
    ];

    /// Reads the `m:` component of a data layout string; without one the mode is [`ManglingMode::None`].
    ///
    /// Nothing else of the string is looked at. Where several components are present the last one counts, as in LLVM.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MalformedDataLayout`](crate::ErrorKind::MalformedDataLayout) if the component is not `m:` with one
    /// letter of the table.
    pub fn from_data_layout(layout: &str) -> Result<Self, Error> {
        let mut mode = Self::None;
        for component in layout.split('-').filter(|part| part.starts_with('m')) {
            mode = Self::ALL
                .into_iter()
                .find(|mode| mode.data_layout_component() == Some(component))
                .ok_or_else(|| Error::data_layout(layout, component))?;
        }
        Ok(mode)
    }

    /// The component that stands for this mode in a data layout string.
    #[must_use]
    pub const fn data_layout_component(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Elf => Some("m:e"),
            Self::Goff => Some("m:l"),
            Self::MachO => Some("m:o"),
            Self::Mips => Some("m:m"),
            Self::WinCoff => Some("m:w"),
            Self::WinCoffX86 => Some("m:x"),
            Self::Xcoff => Some("m:a"),
        }
    }

    /// What every name gets in front, unless the name or its calling convention says otherwise.
    #[must_use]
    pub const fn global_prefix(self) -> &'static str {
        match self {
            Self::MachO | Self::WinCoffX86 => "_",
            _ => "",
        }
    }

    /// What a private name gets in front of the global prefix: the assembler drops such names from the object.
    ///
    /// For GOFF it is `L#`; older versions of LLVM used `@`.
    #[must_use]
    pub const fn private_prefix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Elf | Self::WinCoff => ".L",
            Self::Goff => "L#",
            Self::Mips => "$",
            Self::MachO | Self::WinCoffX86 => "L",
            Self::Xcoff => "L..",
        }
    }

    /// What a name gets that the linker, but not the assembler, may drop.
    #[must_use]
    pub const fn linker_private_prefix(self) -> &'static str {
        match self {
            Self::MachO => "l",
            _ => "",
        }
    }

    /// Whether names that begin with `?`, the mark of MSVC's C++ mangling, are left without a global prefix.
    #[must_use]
    pub const fn keeps_question_mark(self) -> bool {
        matches!(self, Self::WinCoff | Self::WinCoffX86)
    }

    /// Whether stdcall and fastcall functions carry their argument bytes in their names.
    #[must_use]
    pub const fn decorates_calling_convention(self) -> bool {
        matches!(self, Self::WinCoffX86)
    }
}
