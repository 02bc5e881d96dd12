//! What a successful link leaves to do.

use tjit_orc::ThreadSafeModule;

/// What the modules of one link add to the program, for the caller to define, emit and run, in the order of the fields.
#[derive(Debug, Default)]
pub struct Linked {
    /// The functions that the modules add, in the modules' order. Each needs a stub that is defined under its symbol.
    pub functions: Vec<LinkedFunction>,
    /// Further names of such functions: `(alias, symbol)`. An alias is the same stub.
    pub function_aliases: Vec<(String, String)>,
    /// One module per module linked that has any, with all its variables; functions are declarations. To be compiled once
    /// and never again.
    pub data: Vec<ThreadSafeModule>,
    /// To be called before anything else of the modules, in this order, each once.
    pub constructors: Vec<Initializer>,
    /// To be called when the program ends or is unloaded, in this order, each once.
    pub destructors: Vec<Initializer>,
}

/// A function of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedFunction {
    /// The name it has in slices, and its stub in the JIT.
    pub symbol: String,
    /// The module that defines it.
    pub module: String,
    /// It may have one version only, because addresses of its labels may outlive a call: slicing another is refused.
    pub pinned: bool,
}

/// A function to be called when the program starts or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initializer {
    /// As in `llvm.global_ctors`: constructors of a lower one run first, destructors of a lower one last.
    pub priority: u32,
    /// The function.
    pub symbol: String,
}
