//! What a compile gives.

use std::time::Duration;

use object::{Object, ObjectSection, SectionKind};
use tjit_mangle::Tier;
use tjit_orc::MemoryBuffer;

/// A compiled module.
#[derive(Debug)]
pub struct Compiled {
    /// The object file.
    pub object: MemoryBuffer,
    /// How it was compiled.
    pub tier: Tier,
    /// How long it took.
    pub times: Times,
    /// Machine code in bytes, constants not counted.
    pub code_bytes: usize,
    /// What somebody may have an address of that goes with the object; `None` if nobody keeps any. See [`tjit_orc::retained`].
    pub retained: Option<String>,
    /// Functions that were compiled for less than the host's processor, and why.
    pub not_widened: Vec<NotWidened>,
}

/// The time each phase took on the thread that compiled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// Verifying, and rewriting attributes.
    pub prepare: Duration,
    /// The pass pipeline.
    pub passes: Duration,
    /// Code generation.
    pub codegen: Duration,
}

impl Times {
    /// All phases together.
    pub fn total(&self) -> Duration {
        self.prepare + self.passes + self.codegen
    }
}

/// A function that could not be compiled for the host's processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotWidened {
    /// Its name.
    pub function: String,
    /// The reason.
    pub reason: KeptFeatures,
}

/// Why a function kept the processor features of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeptFeatures {
    /// A signature, its own or a callee's, has vectors that are passed in other registers if the processor has more.
    VectorSignature,
    /// A calling convention, its own or a callee's, saves other registers if the processor has more.
    CallingConvention,
    /// It allocates stack memory in a loop, which LLVM's loop vectoriser gets wrong.
    AllocaInLoop,
    /// The module has strict floating-point operations whose result depends on fused multiply-add.
    StrictArithmetic,
    /// It asks for a feature that the host lacks; the program has to check before it calls it.
    ForeignFeature,
}

/// The size of an object file's machine code in bytes.
pub(crate) fn code_bytes(object: &[u8]) -> usize {
    // A size that can't be read is a statistic that is missing, not a compile that failed: LLVM's linker reads the
    // same bytes next, and complains.
    let Ok(file) = object::File::parse(object) else {
        return 0;
    };
    let code: u64 = file
        .sections()
        .filter(|section| section.kind() == SectionKind::Text)
        .map(|section| section.size())
        .sum();
    usize::try_from(code).unwrap_or(usize::MAX)
}
