//! What a successful link leaves to do.

use tjit_orc::ThreadSafeModule;

/// What the modules of one link add to the program, for the caller to define, emit and run, in the order of the fields.
#[derive(Debug, Default)]
pub struct Linked {
    /// What the modules are called from now on, in their order.
    pub modules: Vec<ModuleId>,
    /// Each module's `__dso_handle`, of those that have use for one, by the name it has in slices: for the caller to define, each
    /// at an address of its own. What it is defined as does not matter. Native objects [define theirs](LinkedObject::handle).
    pub handles: Vec<(ModuleId, String)>,
    /// The functions that the modules add, in the modules' order. Each needs a stub that is defined under its symbol; those
    /// that [had one](LinkedFunction::was_undefined) keep it.
    pub functions: Vec<LinkedFunction>,
    /// Further names of functions: `(alias, symbol)`. An alias is the same stub. One that an earlier link left undefined has a
    /// stub already, which is to lead to the function's.
    pub function_aliases: Vec<(String, String)>,
    /// One per module linked that has variables, and one for what the program keeps of the host's thread-locals.
    pub data: Vec<DataModule>,
    /// Native object files, to be added to the dylib once the functions have stubs, and linked at once: what modules refer
    /// to by name is then defined there.
    pub objects: Vec<LinkedObject>,
    /// To be called before anything else of the modules, in this order, each once.
    pub constructors: Vec<Initializer>,
    /// To be called when the program ends or is unloaded, in this order, each once.
    pub destructors: Vec<Initializer>,
}

/// A module of a program. An id is not given to a second module, also not when its module was unloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(u32);

impl ModuleId {
    pub(crate) fn new(index: usize) -> Self {
        // A module takes more than a byte, so that there can't be as many.
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// How many modules were linked before it.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Variables of the program; functions are declarations. To be compiled once and never again.
#[derive(Debug)]
pub struct DataModule {
    /// The module whose variables they are and which they are to be freed with; `None` if they live as long as the program.
    pub module: Option<ModuleId>,
    /// The definitions.
    pub ir: ThreadSafeModule,
}

/// A native object file that is ready for the linker: it defines what prevails and refers to everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedObject {
    /// The module that it counts as.
    pub module: ModuleId,
    /// The file, as in messages.
    pub name: String,
    /// Its contents.
    pub bytes: Vec<u8>,
    /// The symbols that it defines. Looking up one of them links it.
    pub symbols: Vec<String>,
    /// The symbol that is its `__dso_handle`, which it defines, if it has use for one.
    pub handle: Option<String>,
}

/// A function of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedFunction {
    /// The name it has in slices, and its stub in the JIT.
    pub symbol: String,
    /// What becomes of its stub.
    pub kind: FunctionKind,
    /// The module that defines it, or the first that uses one that is not defined.
    pub module: String,
    /// An earlier link left it undefined, and so it has a stub, which is to lead here from now on.
    pub was_undefined: bool,
    /// It may have one version only, because addresses of its labels may outlive a call: slicing another is refused.
    pub pinned: bool,
    /// What the source says of it to the JIT: the texts of its annotations that begin with `tjit:`, without that, as of
    /// `__attribute__((annotate("tjit:eager")))`, and the value of its attribute `"tjit"`.
    pub notes: Vec<String>,
}

/// What stands behind a function's symbol. Each kind has a stub, under which the program knows the function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FunctionKind {
    /// A body in a module of the program, to be sliced and compiled as often as it is wanted.
    #[default]
    Body,
    /// No body: the stub is to lead to the address that `resolver` returns, which is called once, after the modules have
    /// been added and before their constructors run.
    IFunc {
        /// A function of the program, or a symbol of one of [`Linked::objects`], without parameters, that returns a
        /// pointer to a function.
        resolver: String,
    },
    /// Code of a native object that defines what an earlier link left undefined: the stub, whose address is known as the
    /// function's, is to lead there.
    Native {
        /// The symbol of one of [`Linked::objects`] that has the code.
        body: String,
    },
    /// No body anywhere yet: neither the program nor the host defines it, which matters only if it is called.
    Undefined,
}

/// A function to be called when the program starts or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initializer {
    /// As in `llvm.global_ctors`: constructors of a lower one run first, destructors of a lower one last.
    pub priority: u32,
    /// The function.
    pub symbol: String,
    /// The module that lists it.
    pub module: ModuleId,
}
