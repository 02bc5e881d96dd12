//! Linker names, one table per object format, in the manner of LLVM's `ManglerTest.cpp`.

use alloc::format;

use super::*;
use crate::{ErrorKind, MAX_NAME_LEN, argument_bytes};

/// Three arguments of four bytes on a 32-bit target.
const STDCALL: Symbol = Symbol::function(CallingConvention::X86StdCall, 12);
const FASTCALL: Symbol = Symbol::function(CallingConvention::X86FastCall, 12);
const VECTORCALL: Symbol = Symbol::function(CallingConvention::X86VectorCall, 12);

const PRIVATE: Symbol = Symbol::DATA.with_linkage(Linkage::Private);
const LINKER_PRIVATE: Symbol = Symbol::DATA.with_linkage(Linkage::LinkerPrivate);

type Case = (&'static str, &'static str, Symbol, &'static str);

#[track_caller]
fn check(cases: &[Case]) {
    for &(triple, ir_name, symbol, linker_name) in cases {
        let mangler = Mangler::from_triple(triple);
        let mangled = mangler.and_then(|mangler| mangler.mangle(ir_name, &symbol));
        assert_eq!(
            mangled.as_deref(),
            Ok(linker_name),
            "{triple} {ir_name} {symbol:?}"
        );
    }
}

#[test]
fn elf() {
    check(&[
        ("x86_64-unknown-linux-gnu", "foo", Symbol::DATA, "foo"),
        ("x86_64-unknown-linux-gnu", "foo", Symbol::FUNCTION, "foo"),
        ("x86_64-unknown-linux-gnu", "foo", PRIVATE, ".Lfoo"),
        ("x86_64-unknown-linux-gnu", "foo", LINKER_PRIVATE, "foo"),
        ("x86_64-unknown-linux-gnu", "\u{1}foo", PRIVATE, "foo"),
        ("x86_64-unknown-linux-gnu", "?foo", Symbol::DATA, "?foo"),
        ("x86_64-unknown-linux-gnu", "foo", STDCALL, "foo"),
        ("x86_64-unknown-linux-gnu", "foo", VECTORCALL, "foo@@12"),
        ("aarch64-unknown-linux-gnu", "größe", PRIVATE, ".Lgröße"),
        ("i686-unknown-linux-gnu", "foo", STDCALL, "foo"),
        ("i686-unknown-linux-gnu", "foo", FASTCALL, "foo"),
        ("riscv64-unknown-linux-gnu", "foo", PRIVATE, ".Lfoo"),
        ("wasm32-unknown-wasi", "foo", PRIVATE, ".Lfoo"),
    ]);
}

#[test]
fn mips() {
    check(&[
        ("mips-unknown-linux-gnu", "foo", Symbol::DATA, "foo"),
        ("mips-unknown-linux-gnu", "foo", PRIVATE, "$foo"),
        ("mipsel-unknown-linux-gnu", "foo", PRIVATE, "$foo"),
        ("mips-unknown-linux-gnu", "\u{1}foo", PRIVATE, "foo"),
        // The other ABIs use the prefix of ELF.
        ("mips-unknown-linux-gnuabin32", "foo", PRIVATE, ".Lfoo"),
        ("mips64-unknown-linux-gnuabi64", "foo", PRIVATE, ".Lfoo"),
        ("mips64el-unknown-linux-gnuabin32", "foo", PRIVATE, ".Lfoo"),
    ]);
}

#[test]
fn mach_o() {
    check(&[
        ("x86_64-apple-macosx14.0.0", "foo", Symbol::DATA, "_foo"),
        ("arm64-apple-macosx14.0.0", "foo", Symbol::FUNCTION, "_foo"),
        ("arm64-apple-ios17", "\u{1}foo", Symbol::DATA, "foo"),
        ("arm64-apple-macosx", "?foo", Symbol::DATA, "_?foo"),
        ("arm64-apple-macosx", "foo", PRIVATE, "L_foo"),
        ("arm64-apple-macosx", "foo", LINKER_PRIVATE, "l_foo"),
        ("arm64-apple-macosx", "\u{1}foo", LINKER_PRIVATE, "foo"),
        ("x86_64-apple-darwin", "foo", VECTORCALL, "foo@@12"),
        ("i686-apple-darwin", "foo", STDCALL, "_foo"),
        ("i686-apple-darwin", "foo", FASTCALL, "_foo"),
    ]);
}

#[test]
fn coff_x86_32() {
    check(&[
        ("i686-pc-windows-msvc", "foo", Symbol::DATA, "_foo"),
        ("i686-pc-windows-gnu", "foo", Symbol::FUNCTION, "_foo"),
        ("i686-pc-windows-msvc", "\u{1}foo", Symbol::DATA, "foo"),
        ("i686-pc-windows-msvc", "?foo", Symbol::DATA, "?foo"),
        ("i686-pc-windows-msvc", "foo", PRIVATE, "L_foo"),
        ("i686-pc-windows-msvc", "?foo", PRIVATE, "L?foo"),
        ("i686-pc-windows-msvc", "foo", LINKER_PRIVATE, "_foo"),
        ("i686-pc-windows-msvc", "foo", STDCALL, "_foo@12"),
        ("i686-pc-windows-gnu", "foo", FASTCALL, "@foo@12"),
        ("i686-pc-windows-msvc", "foo", VECTORCALL, "foo@@12"),
        // These two say all by themselves.
        ("i686-pc-windows-msvc", "?foo", FASTCALL, "?foo"),
        ("i686-pc-windows-msvc", "\u{1}foo", STDCALL, "foo"),
        (
            "i686-pc-windows-msvc",
            "foo",
            STDCALL.with_linkage(Linkage::Private),
            "L_foo@12",
        ),
        (
            "i686-pc-windows-msvc",
            "foo",
            FASTCALL.with_linkage(Linkage::Private),
            "L@foo@12",
        ),
    ]);
}

#[test]
fn coff() {
    check(&[
        ("x86_64-pc-windows-msvc", "foo", Symbol::DATA, "foo"),
        ("x86_64-pc-windows-gnu", "foo", Symbol::FUNCTION, "foo"),
        ("aarch64-pc-windows-msvc", "foo", PRIVATE, ".Lfoo"),
        ("x86_64-pc-windows-msvc", "\u{1}foo", Symbol::DATA, "foo"),
        ("x86_64-pc-windows-msvc", "?foo", Symbol::DATA, "?foo"),
        ("x86_64-pc-windows-msvc", "foo", STDCALL, "foo"),
        ("x86_64-pc-windows-msvc", "foo", FASTCALL, "foo"),
        ("x86_64-pc-windows-msvc", "foo", VECTORCALL, "foo@@12"),
        ("x86_64-pc-windows-msvc", "?foo", VECTORCALL, "?foo"),
        ("x86_64-unknown-uefi", "foo", PRIVATE, ".Lfoo"),
    ]);
}

#[test]
fn arm64ec() {
    const TRIPLE: &str = "arm64ec-pc-windows-msvc";
    let local = Symbol::FUNCTION.with_linkage(Linkage::Internal);
    let private = Symbol::FUNCTION.with_linkage(Linkage::Private);
    check(&[
        (TRIPLE, "foo", Symbol::DATA, "foo"),
        (TRIPLE, "foo", Symbol::FUNCTION, "#foo"),
        (TRIPLE, "#foo", Symbol::FUNCTION, "#foo"),
        (TRIPLE, "?f@@YAXXZ", Symbol::FUNCTION, "?f@@$$hYAXXZ"),
        (TRIPLE, "?f@@$$hYAXXZ", Symbol::FUNCTION, "?f@@$$hYAXXZ"),
        (TRIPLE, "?x@@3HA", Symbol::DATA, "?x@@3HA"),
        (TRIPLE, "?bad", Symbol::FUNCTION, "?bad"),
        (TRIPLE, "\u{1}foo", Symbol::FUNCTION, "#\u{1}foo"),
        (TRIPLE, "\u{1}foo", Symbol::DATA, "foo"),
        (TRIPLE, "foo", local, "foo"),
        (TRIPLE, "foo", private, ".Lfoo"),
        ("arm64-pc-windows-msvc", "foo", Symbol::FUNCTION, "foo"),
    ]);
}

#[test]
fn xcoff() {
    const TRIPLE: &str = "powerpc64-ibm-aix7.2.0.0";
    check(&[
        (TRIPLE, "foo", Symbol::DATA, "foo"),
        ("powerpc-ibm-aix", "foo", Symbol::FUNCTION, "foo"),
        (TRIPLE, "\u{1}foo", Symbol::DATA, "foo"),
        (TRIPLE, "?foo", Symbol::DATA, "?foo"),
        (TRIPLE, "foo", PRIVATE, "L..foo"),
    ]);
    let aix = Mangler::new(ManglingMode::Xcoff);
    let entry = |ir_name| aix.mangle_entry(ir_name, &Symbol::FUNCTION);
    assert_eq!(entry("foo").as_deref(), Ok(".foo"));
    assert_eq!(entry("\u{1}foo").as_deref(), Ok(".foo"));
    let elf = Mangler::new(ManglingMode::Elf);
    let entry = elf.mangle_entry("foo", &Symbol::FUNCTION);
    assert_eq!(entry.as_deref(), Ok("foo"));
}

#[test]
fn goff() {
    check(&[
        ("s390x-ibm-zos", "foo", Symbol::DATA, "foo"),
        ("s390x-ibm-zos", "\u{1}foo", Symbol::FUNCTION, "foo"),
        ("s390x-ibm-zos", "?foo", Symbol::DATA, "?foo"),
        ("s390x-ibm-zos", "foo", PRIVATE, "L#foo"),
        ("s390x-unknown-linux-gnu", "foo", PRIVATE, ".Lfoo"),
    ]);
}

#[test]
fn no_mangling() {
    check(&[
        ("nvptx64-nvidia-cuda", "foo", Symbol::DATA, "foo"),
        ("nvptx64-nvidia-cuda", "foo", PRIVATE, "foo"),
        ("nvptx64-nvidia-cuda", "\u{1}foo", PRIVATE, "foo"),
    ]);
}

#[test]
fn variadic_functions_have_no_byte_count() {
    let windows = Mangler::new(ManglingMode::WinCoffX86);
    for (convention, fixed_parameters, sret, linker_name) in [
        (CallingConvention::X86FastCall, 0, false, "@f@0"),
        (CallingConvention::X86FastCall, 1, false, "@f"),
        (CallingConvention::X86FastCall, 1, true, "@f@0"),
        (CallingConvention::X86FastCall, 2, true, "@f"),
        (CallingConvention::X86StdCall, 1, false, "_f"),
        (CallingConvention::X86VectorCall, 1, false, "f@"),
        (CallingConvention::C, 0, false, "_f"),
    ] {
        let function = Function {
            convention,
            argument_bytes: 0,
            fixed_parameters,
            variadic: true,
            sret,
        };
        let symbol = Symbol {
            function: Some(function),
            ..Symbol::DATA
        };
        let mangled = windows.mangle("f", &symbol);
        assert_eq!(mangled.as_deref(), Ok(linker_name), "{function:?}");
    }
}

#[test]
fn arguments_are_rounded_up_to_pointers() {
    assert_eq!(argument_bytes([], 4), 0);
    assert_eq!(argument_bytes([1, 4, 8, 9], 4), 4 + 4 + 8 + 12);
    assert_eq!(argument_bytes([1, 4, 8, 9], 8), 8 + 8 + 8 + 16);
}

#[test]
fn conventions_have_llvms_numbers() {
    use CallingConvention::{C, X86FastCall, X86StdCall, X86VectorCall};
    for (id, convention) in [
        (0, C),
        (8, C),
        (64, X86StdCall),
        (65, X86FastCall),
        (70, C),
        (80, X86VectorCall),
    ] {
        assert_eq!(CallingConvention::from_llvm(id), convention);
    }
}

#[test]
fn names_that_would_be_cut_are_refused() {
    let macos = Mangler::new(ManglingMode::MachO);
    let kind = |ir_name: &str| {
        let mangled = macos.mangle(ir_name, &Symbol::DATA);
        mangled.map(drop).map_err(|error| error.kind())
    };
    assert_eq!(kind(""), Err(ErrorKind::EmptyName));
    assert_eq!(kind("\u{1}"), Err(ErrorKind::EmptyName));
    assert_eq!(kind("a\0b"), Err(ErrorKind::NulInName));
    assert_eq!(kind("\u{1}\0"), Err(ErrorKind::NulInName));
    let longest = "x".repeat(MAX_NAME_LEN);
    // The prefix counts, the escape does too.
    assert_eq!(kind(&longest), Err(ErrorKind::NameTooLong));
    assert!(kind(&longest[1..]).is_ok());
    assert_eq!(
        kind(&format!("\u{1}{longest}")),
        Err(ErrorKind::NameTooLong)
    );
    let elf = Mangler::new(ManglingMode::Elf);
    assert_eq!(
        elf.mangle(&longest, &Symbol::DATA).as_deref(),
        Ok(longest.as_str())
    );
}

#[test]
fn errors_name_operation_and_subject() {
    let elf = Mangler::new(ManglingMode::Elf);
    let text = |ir_name: &str| match elf.mangle(ir_name, &Symbol::DATA) {
        Ok(name) => format!("accepted as {name}"),
        Err(error) => format!("{error}"),
    };
    assert_eq!(text(""), "mangling a symbol name: the name is empty");
    assert_eq!(
        text("a\nb\0c"),
        "mangling `a\\nb\\0c`: NUL byte at offset 3"
    );
    let long = "x".repeat(MAX_NAME_LEN + 1);
    let start = &long[..60];
    assert_eq!(
        text(&long),
        format!("mangling `{start}…`: 65537 bytes, the limit is 65536")
    );
}
