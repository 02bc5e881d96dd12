//! What a thread is doing when something fails.

/// What a thread is doing: the same fault means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Phase {
    /// Anything else: loading modules, starting, ending. A fault is an error of the caller.
    #[default]
    Load,
    /// Compiling a function that has no code yet. A fault is an error of the entry into the program.
    Baseline,
    /// Compiling a better version. A fault leaves the version before running.
    Promotion,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Load, Self::Baseline, Self::Promotion];
}
