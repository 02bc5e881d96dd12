//! What the mangler must know of a symbol besides its name.

/// Where a symbol can be seen from, as far as its name tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Linkage {
    /// Everything but the cases below. Local functions whose address is taken belong here too.
    #[default]
    Default,
    /// `internal` in the IR, address never taken. Differs from the default only on ARM64EC, where nothing outside the
    /// module can reach such a function and LLVM leaves its name as it is.
    Internal,
    /// `private` in the IR, and the section allows names that the assembler drops.
    Private,
    /// `private` in the IR, but the name has to reach the linker: Mach-O sections that are cut at symbols, and COFF
    /// functions or variables that get a section each.
    LinkerPrivate,
}

/// The calling conventions that show in names. Every other convention is named like [`CallingConvention::C`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CallingConvention {
    /// C, and all conventions without a spelling of their own.
    #[default]
    C,
    /// `x86_stdcallcc`: `_name@N`, on COFF for x86-32 only.
    X86StdCall,
    /// `x86_fastcallcc`: `@name@N`, on COFF for x86-32 only.
    X86FastCall,
    /// `x86_vectorcallcc`: `name@@N`, on every object format.
    X86VectorCall,
}

impl CallingConvention {
    /// From the number that LLVM uses (`llvm::CallingConv::ID`, `LLVMGetFunctionCallConv`).
    #[must_use]
    pub const fn from_llvm(id: u32) -> Self {
        match id {
            64 => Self::X86StdCall,
            65 => Self::X86FastCall,
            80 => Self::X86VectorCall,
            _ => Self::C,
        }
    }
}

/// What a function's name may have to tell about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Function {
    /// The calling convention.
    pub convention: CallingConvention,
    /// Size of the arguments in bytes, see [`argument_bytes`].
    pub argument_bytes: u64,
    /// How many parameters are declared, those for the result included. Matters for variadic functions only.
    pub fixed_parameters: u32,
    /// Whether the function takes further arguments (`...`).
    pub variadic: bool,
    /// Whether a parameter is marked `sret`.
    pub sret: bool,
}

impl Function {
    /// Whether the name ends in `@N`.
    ///
    /// Variadic functions have no fixed argument size, so their callers clean up and the name does not tell one. LLVM
    /// makes an exception of those without any declared parameter, `sret` apart.
    pub(crate) const fn has_byte_count(self) -> bool {
        let fixed = !self.variadic
            || self.fixed_parameters == 0
            || (self.fixed_parameters == 1 && self.sret);
        fixed && !matches!(self.convention, CallingConvention::C)
    }
}

/// The number behind the `@` of stdcall, fastcall and vectorcall names, in bytes.
///
/// `sizes` are the allocation sizes in bytes of the parameters' types under the module's data layout: for `byval` and
/// `inalloca` parameters that of the type pointed to, and without the `sret` parameter. `pointer_bytes` is the size of
/// a pointer, to which each is rounded up. Source: `addByteCountSuffix` in LLVM's `Mangler.cpp`.
///
/// # Panics
///
/// If `pointer_bytes` is 0.
#[must_use]
pub fn argument_bytes(sizes: impl IntoIterator<Item = u64>, pointer_bytes: u64) -> u64 {
    sizes
        .into_iter()
        .map(|size| size.next_multiple_of(pointer_bytes))
        .sum()
}

/// A symbol without its name. For an alias, describe what it stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Symbol {
    /// Where it can be seen from.
    pub linkage: Linkage,
    /// Set for functions and for aliases of functions, `None` for variables.
    pub function: Option<Function>,
}

impl Symbol {
    /// A variable.
    pub const DATA: Self = Self {
        linkage: Linkage::Default,
        function: None,
    };

    /// A function with the C calling convention.
    pub const FUNCTION: Self = Self {
        linkage: Linkage::Default,
        function: Some(Function {
            convention: CallingConvention::C,
            argument_bytes: 0,
            fixed_parameters: 0,
            variadic: false,
            sret: false,
        }),
    };

    /// A function with a calling convention and the size of its arguments in bytes.
    #[must_use]
    pub const fn function(convention: CallingConvention, argument_bytes: u64) -> Self {
        Self {
            linkage: Linkage::Default,
            function: Some(Function {
                convention,
                argument_bytes,
                fixed_parameters: 0,
                variadic: false,
                sret: false,
            }),
        }
    }

    /// The same symbol with another linkage.
    #[must_use]
    pub const fn with_linkage(self, linkage: Linkage) -> Self {
        Self { linkage, ..self }
    }
}
