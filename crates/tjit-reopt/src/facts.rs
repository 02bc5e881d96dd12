//! What is asked of the running program, and what came of the answers.

/// Knowledge of the running program.
///
/// Answers must stay true as long as code that was folded with them may run, or may be entered: who changes what an answer
/// said has to take such code out of use first. The names are those of the unit's declarations.
pub trait Facts {
    /// Whether the initialisation that `guard` (Itanium C++ ABI, §3.3.2) watches over is complete: bit 0 of the guard's
    /// first byte, read with acquire ordering. Complete is complete for ever.
    ///
    /// What the initialiser wrote must be visible to whoever enters the code that is folded with a yes: the acquire load
    /// that the code itself did is gone.
    fn guard_is_set(&self, guard: &str) -> bool;

    /// The bytes of a variable that nobody writes any more, as in memory, the whole variable; `None` if it may change.
    fn value(&self, variable: &str) -> Option<Vec<u8>>;

    /// The symbol of the program, function or variable, whose address this is, to be referred to by name instead of by
    /// number; `None` if there is none.
    fn symbol_at(&self, address: u64) -> Option<String>;
}

/// What a unit depends on from now on: names in the order in which the module declares them, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Folded {
    /// Guards that are taken to be set. No code can make this wrong again.
    pub guards: Vec<String>,
    /// Variables that are taken not to change any more.
    pub values: Vec<String>,
}
