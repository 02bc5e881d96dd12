//! `tjit-mangle` against LLVM: one module per target, compiled, and the names in the object file compared.
//!
//! A failure means that the names the JIT looks up are not those that LLVM's code has, on that target.

use std::{collections::BTreeSet, sync::OnceLock};

use inkwell::{
    AddressSpace, OptimizationLevel,
    attributes::{Attribute, AttributeLoc},
    context::Context,
    module::{Linkage as IrLinkage, Module},
    targets::{
        CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetData, TargetMachine,
        TargetTriple,
    },
    types::{AnyType, BasicMetadataTypeEnum, BasicType, BasicTypeEnum},
    values::FunctionValue,
};
use object::{Object, ObjectSymbol};
use tjit_mangle::{
    CallingConvention, Function, Linkage, Mangler, ManglingMode, Symbol, argument_bytes,
};

/// Where the names of a target are read from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The symbol table of the object file; private names, which do not get there, from the assembly text.
    Object,
    /// The assembly text only: formats that the `object` crate does not read, or cannot with the features we use.
    Assembly,
}

const TARGETS: &[(&str, Source)] = &[
    ("x86_64-unknown-linux-gnu", Source::Object),
    ("aarch64-unknown-linux-gnu", Source::Object),
    ("i686-unknown-linux-gnu", Source::Object),
    ("armv7-unknown-linux-gnueabihf", Source::Object),
    ("riscv64-unknown-linux-gnu", Source::Object),
    ("loongarch64-unknown-linux-gnu", Source::Object),
    ("mips-unknown-linux-gnu", Source::Object),
    ("mips64el-unknown-linux-gnuabi64", Source::Object),
    ("powerpc64le-unknown-linux-gnu", Source::Object),
    ("s390x-unknown-linux-gnu", Source::Object),
    ("sparcv9-unknown-linux-gnu", Source::Object),
    ("x86_64-apple-macosx14.0.0", Source::Object),
    ("arm64-apple-macosx14.0.0", Source::Object),
    ("i686-apple-macosx10.9.0", Source::Object),
    ("x86_64-pc-windows-msvc", Source::Object),
    ("i686-pc-windows-msvc", Source::Object),
    ("aarch64-pc-windows-msvc", Source::Object),
    ("arm64ec-pc-windows-msvc", Source::Object),
    ("thumbv7-pc-windows-msvc", Source::Object),
    ("x86_64-w64-windows-gnu", Source::Object),
    ("i686-w64-windows-gnu", Source::Object),
    ("x86_64-unknown-uefi", Source::Object),
    ("powerpc64-ibm-aix", Source::Object),
    ("powerpc-ibm-aix", Source::Object),
    ("s390x-ibm-zos", Source::Assembly),
    ("wasm32-unknown-unknown", Source::Assembly),
];

/// Triples whose mode is compared with the data layout that LLVM gives them, besides [`TARGETS`].
const MORE_TRIPLES: &[&str] = &[
    "aarch64",
    "aarch64-apple-visionos1.0",
    "aarch64-pc-windows-gnu",
    "aarch64-unknown-linux-coff",
    "aarch64-unknown-linux-gnu_ilp32",
    "aarch64_be-unknown-linux-gnu",
    "amdgcn-amd-amdhsa",
    "arm-unknown-linux-gnueabi",
    "arm64_32-apple-watchos",
    "armeb-unknown-linux-gnueabi",
    "armv7k-apple-watchos2.0",
    "avr-unknown-unknown",
    "bpfeb-unknown-none",
    "bpfel-unknown-none",
    "hexagon-unknown-linux-musl",
    "i386-pc-windows-cygnus",
    "i586-unknown-linux-gnu",
    "i686-linux-gnu",
    "i686-pc-windows-gnu",
    "i686-pc-windows-macho",
    "i686-pc-windows-msvc-coff",
    "i686-pc-windows-msvc-elf",
    "i686-w64-mingw32",
    "i686-unknown-uefi",
    "lanai-unknown-unknown",
    "loongarch32-unknown-linux-gnu",
    "m68k-unknown-linux-gnu",
    "mips64-unknown-linux-gnuabin32",
    "mips64-unknown-linux-muslabi64",
    "mipsel-unknown-linux-musl",
    "mipsisa32r6-unknown-linux-gnu",
    "mipsisa64r6el-unknown-linux-gnuabi64",
    "msp430-none-elf",
    "nvptx-nvidia-cuda",
    "nvptx64-nvidia-cuda",
    "powerpc-unknown-linux-gnu",
    "powerpc64-unknown-freebsd14.0",
    "powerpcle-unknown-freebsd",
    "r600-unknown-unknown",
    "riscv32-unknown-none-elf",
    "riscv64-unknown-none-elf",
    "sparc-unknown-linux-gnu",
    "sparcel-unknown-linux-gnu",
    "spirv-unknown-vulkan1.3",
    "spirv64-unknown-unknown",
    "thumbeb-unknown-linux-gnueabi",
    "thumbv6m-none-eabi",
    "thumbv7-apple-ios",
    "ve-unknown-linux-gnu",
    "wasm32-unknown-emscripten",
    "wasm64-unknown-unknown",
    "x86_64",
    "x86_64-apple-darwin20",
    "x86_64-apple-driverkit19",
    "x86_64-apple-ios-macabi",
    "x86_64-apple-tvos-simulator",
    "x86_64-linux-gnu",
    "x86_64-pc-solaris2.11",
    "x86_64-pc-windows-msvc-elf",
    "x86_64-pc-windows-win32-macho",
    "x86_64-unknown-linux-coff",
    "x86_64-unknown-linux-gnu-macho",
    "x86_64-unknown-linux-gnux32",
    "x86_64-unknown-fuchsia",
    "x86_64-unknown-redox",
    "xcore-unknown-unknown",
    "xtensa-unknown-none",
];

#[derive(Clone, Copy)]
enum Parameter {
    I8,
    I32,
    I64,
    F64,
    Pointer,
    /// A structure of three times four bytes, by value.
    ByVal,
    /// Where the result goes.
    StructReturn,
}

#[derive(Clone, Copy)]
enum Kind {
    Variable,
    Function(u32, &'static [Parameter], bool),
}

/// The numbers of `llvm::CallingConv`.
const C: u32 = 0;
const STDCALL: u32 = 64;
const FASTCALL: u32 = 65;
const THISCALL: u32 = 70;
const VECTORCALL: u32 = 80;

/// Names and kinds of what every module defines, visible outside of it.
const SYMBOLS: &[(&str, Kind)] = &[
    ("variable", Kind::Variable),
    ("_variable", Kind::Variable),
    ("\u{1}escaped_variable", Kind::Variable),
    ("?x@@3HA", Kind::Variable),
    ("function", Kind::Function(C, &[], false)),
    ("_function", Kind::Function(C, &[Parameter::I32], false)),
    ("with.dots$and@at", Kind::Function(C, &[], false)),
    ("\u{1}escaped_function", Kind::Function(C, &[], false)),
    ("?f@@YAXXZ", Kind::Function(C, &[], false)),
    ("??0A@B@@QEAA@XZ", Kind::Function(C, &[], false)),
    (
        "??$g@$$V@?$T@PEAHUA@@@B@@YAXXZ",
        Kind::Function(C, &[], false),
    ),
    (
        "?GetValue@?$Wrapper@UA@@@@QEBAHUZ@?$WW@UA@@@@@Z",
        Kind::Function(C, &[], false),
    ),
    (
        "?q@L@?1???$tl@PEAUS@B@A@@@@YAHPEAUS@B@A@@@Z@QEAAHXZ",
        Kind::Function(C, &[], false),
    ),
    (
        "??$av@$MP8S@B@A@@EBAHH@Z1??_9123@$BA@AA@@YAHXZ",
        Kind::Function(C, &[], false),
    ),
    (
        "??R<lambda_1>@?0??get@?$Arr@H$04@@QEBAHH@Z@QEBA?A?<auto>@@XZ",
        Kind::Function(C, &[], false),
    ),
    ("?not_cpp", Kind::Function(C, &[], false)),
    ("_ZN3foo3barEv", Kind::Function(C, &[], false)),
    ("variadic", Kind::Function(C, &[Parameter::I32], true)),
    ("foo.tjit.calls", Kind::Variable),
];

/// The same for x86, the only architecture with these calling conventions.
const X86_SYMBOLS: &[(&str, Kind)] = {
    use Parameter::{ByVal, F64, I8, I32, I64, Pointer, StructReturn};
    &[
        ("std0", Kind::Function(STDCALL, &[], false)),
        ("std", Kind::Function(STDCALL, &[I8, I32, I64], false)),
        ("_std", Kind::Function(STDCALL, &[Pointer, F64], false)),
        ("stdbyval", Kind::Function(STDCALL, &[ByVal], false)),
        (
            "stdsret",
            Kind::Function(STDCALL, &[StructReturn, I32], false),
        ),
        ("\u{1}std_escaped", Kind::Function(STDCALL, &[I32], false)),
        ("?std", Kind::Function(STDCALL, &[I32], false)),
        ("stdvar", Kind::Function(STDCALL, &[I32], true)),
        ("stdvar0", Kind::Function(STDCALL, &[], true)),
        ("fast", Kind::Function(FASTCALL, &[I32, I64], false)),
        ("fastvar", Kind::Function(FASTCALL, &[I32], true)),
        ("fastvar0", Kind::Function(FASTCALL, &[], true)),
        (
            "fastsretvar",
            Kind::Function(FASTCALL, &[StructReturn], true),
        ),
        (
            "fastvar2",
            Kind::Function(FASTCALL, &[StructReturn, I32], true),
        ),
        ("vector", Kind::Function(VECTORCALL, &[F64, I8], false)),
        ("?vector", Kind::Function(VECTORCALL, &[F64], false)),
        ("this", Kind::Function(THISCALL, &[Pointer], false)),
    ]
};

/// Names of what is not visible outside. Functions whose linkage is internal are not called, so their address is not
/// taken either.
const LOCAL_SYMBOLS: &[(&str, Kind, Linkage)] = &[
    ("local", Kind::Function(C, &[], false), Linkage::Internal),
    ("secret", Kind::Function(C, &[], false), Linkage::Private),
    ("table", Kind::Variable, Linkage::Private),
];

#[test]
fn all_targets_of_this_llvm_are_there() {
    for (triple, _) in TARGETS {
        machine(triple);
    }
}

#[test]
fn modes_agree_with_llvms_data_layouts() {
    let triples = TARGETS.iter().map(|(triple, _)| triple).chain(MORE_TRIPLES);
    for triple in triples {
        let layout = machine(triple).get_target_data().get_data_layout();
        let layout = layout.as_str().to_str().expect("layouts are ASCII");
        let from_layout = Mangler::from_data_layout(layout).map(|mangler| mangler.mode());
        let from_triple = Mangler::from_triple(triple).map(|mangler| mangler.mode());
        assert_eq!(from_triple, from_layout, "{triple}: {layout}");
    }
}

#[test]
fn names_in_objects_agree() {
    for &(triple, source) in TARGETS {
        let context = Context::create();
        let compiled = Compiled::new(&context, triple);
        let visible = match source {
            Source::Object => compiled.object_names(),
            Source::Assembly => compiled.assembly_words(),
        };
        for name in &compiled.expected_visible {
            assert!(
                visible.contains(name),
                "{triple}: no {name:?} in {visible:?}"
            );
        }
        let words = compiled.assembly_words();
        for name in &compiled.expected_private {
            assert!(
                words.contains(name),
                "{triple}: no {name:?} in the assembly"
            );
        }
    }
}

/// The other way round: LLVM defines nothing that the mangler did not name.
#[test]
fn objects_have_no_other_names() {
    for &(triple, source) in TARGETS {
        let mangler = Mangler::from_triple(triple).expect("a known triple");
        // ARM64EC adds thunks of its own.
        if source == Source::Assembly || mangler.is_arm64ec() {
            continue;
        }
        let context = Context::create();
        let compiled = Compiled::new(&context, triple);
        for name in compiled.defined_names() {
            assert!(
                compiled.expected_visible.contains(&name),
                "{triple}: {name:?} is not in {:?}",
                compiled.expected_visible
            );
        }
    }
}

/// The names in objects read back as the names in the IR.
#[test]
fn names_in_objects_read_back() {
    for &(triple, source) in TARGETS {
        if source == Source::Assembly {
            continue;
        }
        let mangler = Mangler::from_triple(triple).expect("a known triple");
        let context = Context::create();
        let compiled = Compiled::new(&context, triple);
        for name in compiled.object_names() {
            let parsed = mangler.parse(&name).expect("a name in an object");
            let mangled = mangler.mangle(&parsed.ir_name, &parsed.symbol);
            assert_eq!(mangled.as_deref(), Ok(name.as_str()), "{triple}");
        }
    }
}

fn machine(triple: &str) -> TargetMachine {
    static INITIALIZED: OnceLock<()> = OnceLock::new();
    INITIALIZED.get_or_init(|| Target::initialize_all(&InitializationConfig::default()));
    let llvm_triple = TargetTriple::create(triple);
    let target = Target::from_triple(&llvm_triple).unwrap_or_else(|error| {
        panic!("{triple}: {}", error.to_string_lossy());
    });
    target
        .create_target_machine(
            &llvm_triple,
            "",
            "",
            OptimizationLevel::None,
            RelocMode::Default,
            CodeModel::Default,
        )
        .unwrap_or_else(|| panic!("{triple}: no target machine"))
}

/// A module for one target, with the names that the mangler expects LLVM to give.
struct Compiled<'ctx> {
    module: Module<'ctx>,
    machine: TargetMachine,
    expected_visible: BTreeSet<String>,
    expected_private: BTreeSet<String>,
}

impl<'ctx> Compiled<'ctx> {
    fn new(context: &'ctx Context, triple: &str) -> Self {
        let machine = machine(triple);
        let data = machine.get_target_data();
        let module = context.create_module("names");
        module.set_triple(&TargetTriple::create(triple));
        module.set_data_layout(&data.get_data_layout());
        let mangler = Mangler::from_triple(triple).expect("a known triple");
        let mut compiled = Self {
            module,
            machine,
            expected_visible: BTreeSet::new(),
            expected_private: BTreeSet::new(),
        };
        let x86 = ["x86_64", "i686"]
            .iter()
            .any(|arch| triple.starts_with(arch));
        let x86_symbols = if x86 { X86_SYMBOLS } else { &[] };
        for &(name, kind) in SYMBOLS.iter().chain(x86_symbols) {
            compiled.define(context, &data, mangler, name, kind, Linkage::Default);
        }
        for &(name, kind, linkage) in LOCAL_SYMBOLS {
            compiled.define(context, &data, mangler, name, kind, linkage);
        }
        let verified = compiled.module.verify();
        verified.unwrap_or_else(|error| panic!("{triple}: {}", error.to_string_lossy()));
        compiled
    }

    fn define(
        &mut self,
        context: &'ctx Context,
        data: &TargetData,
        mangler: Mangler,
        name: &str,
        kind: Kind,
        linkage: Linkage,
    ) {
        let ir_linkage = match linkage {
            Linkage::Default => IrLinkage::External,
            Linkage::Internal => IrLinkage::Internal,
            Linkage::Private | Linkage::LinkerPrivate => IrLinkage::Private,
        };
        let function = match kind {
            Kind::Variable => {
                let ty = context.i32_type();
                let variable = self.module.add_global(ty, None, name);
                variable.set_initializer(&ty.const_int(1, false));
                variable.set_linkage(ir_linkage);
                None
            }
            Kind::Function(convention, parameters, variadic) => {
                let function = self.define_function(context, name, parameters, variadic);
                function.set_call_conventions(convention);
                function.set_linkage(ir_linkage);
                Some(describe(context, data, convention, parameters, variadic))
            }
        };
        // Mach-O cuts sections at symbols, so private functions and variables have to reach the linker there.
        let macho = mangler.mode() == ManglingMode::MachO;
        let linkage = match linkage {
            Linkage::Private if macho => Linkage::LinkerPrivate,
            linkage => linkage,
        };
        let symbol = Symbol { linkage, function };
        let expected = match linkage {
            Linkage::Private => &mut self.expected_private,
            _ => &mut self.expected_visible,
        };
        let linker_name = mangler.mangle(name, &symbol).expect("a good name");
        expected.insert(linker_name.into_owned());
        if function.is_some() {
            let entry = mangler.mangle_entry(name, &symbol).expect("a good name");
            expected.insert(entry.into_owned());
        }
    }

    fn define_function(
        &self,
        context: &'ctx Context,
        name: &str,
        parameters: &[Parameter],
        variadic: bool,
    ) -> FunctionValue<'ctx> {
        let types: Vec<BasicMetadataTypeEnum<'_>> = parameters
            .iter()
            .map(|&parameter| passed_type(context, parameter).into())
            .collect();
        let ty = context.void_type().fn_type(&types, variadic);
        let function = self.module.add_function(name, ty, None);
        for (index, &parameter) in (0u32..).zip(parameters) {
            let attribute = match parameter {
                Parameter::ByVal => "byval",
                Parameter::StructReturn => "sret",
                _ => continue,
            };
            let attribute = context.create_type_attribute(
                Attribute::get_named_enum_kind_id(attribute),
                counted_type(context, parameter).as_any_type_enum(),
            );
            function.add_attribute(AttributeLoc::Param(index), attribute);
        }
        let builder = context.create_builder();
        builder.position_at_end(context.append_basic_block(function, "entry"));
        builder.build_return(None).expect("a positioned builder");
        function
    }

    /// The names in the object's symbol table.
    fn object_names(&self) -> BTreeSet<String> {
        self.symbols(|_| true)
    }

    /// The names in the object's symbol table that other objects can see, and that are defined here.
    fn defined_names(&self) -> BTreeSet<String> {
        self.symbols(|symbol| symbol.is_global() && symbol.is_definition())
    }

    fn symbols(&self, keep: impl Fn(&object::Symbol<'_, '_>) -> bool) -> BTreeSet<String> {
        let bytes = self.emit(FileType::Object);
        let file = object::File::parse(&*bytes).expect("an object file");
        file.symbols()
            .filter(keep)
            .filter_map(|symbol| symbol.name().ok().map(String::from))
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// What stands between white space and punctuation in the assembly text: all names, and much else.
    fn assembly_words(&self) -> BTreeSet<String> {
        let bytes = self.emit(FileType::Assembly);
        let text = String::from_utf8_lossy(&bytes);
        text.split(|c: char| c.is_whitespace() || ",:;[]()\"+".contains(c))
            .map(String::from)
            .collect()
    }

    fn emit(&self, file_type: FileType) -> Vec<u8> {
        // Code generation changes the module (on ARM64EC, the names), so it gets a copy.
        let module = self.module.clone();
        let buffer = self
            .machine
            .write_to_memory_buffer(&module, file_type)
            .unwrap_or_else(|error| panic!("{}", error.to_string_lossy()));
        buffer.as_slice().to_vec()
    }
}

fn describe(
    context: &Context,
    data: &TargetData,
    convention: u32,
    parameters: &[Parameter],
    variadic: bool,
) -> Function {
    let sret = |parameter: &&Parameter| matches!(parameter, Parameter::StructReturn);
    let sizes = parameters
        .iter()
        .filter(|parameter| !sret(parameter))
        .map(|&parameter| data.get_abi_size(&counted_type(context, parameter)));
    Function {
        convention: CallingConvention::from_llvm(convention),
        argument_bytes: argument_bytes(sizes, u64::from(data.get_pointer_byte_size(None))),
        fixed_parameters: u32::try_from(parameters.len()).expect("a short table"),
        variadic,
        sret: parameters.iter().any(|parameter| sret(&parameter)),
    }
}

/// The type of the parameter itself.
fn passed_type<'ctx>(context: &'ctx Context, parameter: Parameter) -> BasicTypeEnum<'ctx> {
    match parameter {
        Parameter::ByVal | Parameter::StructReturn => {
            context.ptr_type(AddressSpace::default()).into()
        }
        parameter => counted_type(context, parameter),
    }
}

/// The type that counts as an argument: what is pointed to, where that is passed.
fn counted_type<'ctx>(context: &'ctx Context, parameter: Parameter) -> BasicTypeEnum<'ctx> {
    match parameter {
        Parameter::I8 => context.i8_type().into(),
        Parameter::I32 => context.i32_type().into(),
        Parameter::I64 => context.i64_type().into(),
        Parameter::F64 => context.f64_type().into(),
        Parameter::Pointer => context.ptr_type(AddressSpace::default()).into(),
        Parameter::ByVal | Parameter::StructReturn => {
            context.i32_type().array_type(3).as_basic_type_enum()
        }
    }
}
