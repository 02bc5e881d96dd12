//! Linker names back to IR names: examples, then the round trips.

use alloc::string::{String, ToString};

use proptest::prelude::*;

use super::*;
use crate::{ErrorKind, Function, MAX_NAME_LEN};

/// The manglers of all modes, and that of ARM64EC.
fn manglers() -> impl Strategy<Value = Mangler> {
    prop_oneof![
        prop::sample::select(ManglingMode::ALL.as_slice()).prop_map(Mangler::new),
        Just(Mangler::arm64ec()),
    ]
}

/// Names made of everything that means something to some mangler, and of anything else.
fn names() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(
            [
                "_",
                "?",
                "@",
                "@@",
                "#",
                "$",
                "$$h",
                ".",
                ".L",
                "L",
                "l",
                "L#",
                "L..",
                "L_",
                "l_",
                "\u{1}",
                "foo",
                "12",
                "@12",
                "0",
                "?f@@YAXXZ",
                "é"
            ]
            .as_slice()
        )
        .prop_map(ToString::to_string),
        "[^\0]{1,3}",
        any::<u64>().prop_map(|number| number.to_string()),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

fn symbols() -> impl Strategy<Value = Symbol> {
    use CallingConvention::{C, X86FastCall, X86StdCall, X86VectorCall};
    let function = (
        prop::sample::select([C, X86FastCall, X86StdCall, X86VectorCall].as_slice()),
        any::<u64>(),
        0..3u32,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(convention, argument_bytes, fixed_parameters, variadic, sret)| Function {
                convention,
                argument_bytes,
                fixed_parameters,
                variadic,
                sret,
            },
        );
    let linkages = [
        Linkage::Default,
        Linkage::Internal,
        Linkage::Private,
        Linkage::LinkerPrivate,
    ];
    (
        prop::sample::select(linkages.to_vec()),
        prop::option::of(function),
    )
        .prop_map(|(linkage, function)| Symbol { linkage, function })
}

/// Whether the linker name of an identifier has one reading: the prefix of a private vectorcall function may be the
/// start of its name, and a prefix without a byte count is no decoration.
fn tells_all(symbol: &Symbol) -> bool {
    symbol.function.is_none_or(|function| {
        let vectorcall = function.convention == CallingConvention::X86VectorCall;
        let visible = matches!(symbol.linkage, Linkage::Default | Linkage::Internal);
        let plain = function.convention == CallingConvention::C;
        plain || (function.has_byte_count() && (visible || !vectorcall))
    })
}

#[test]
fn plain_names() {
    for (triple, linker_name, ir_name) in [
        ("x86_64-unknown-linux-gnu", "foo", "foo"),
        ("x86_64-unknown-linux-gnu", "_foo", "_foo"),
        ("x86_64-unknown-linux-gnu", "\u{1}foo", "\u{1}\u{1}foo"),
        ("arm64-apple-macosx", "_foo", "foo"),
        ("arm64-apple-macosx", "__foo", "_foo"),
        ("arm64-apple-macosx", "foo", "\u{1}foo"),
        ("arm64-apple-macosx", "_", "\u{1}_"),
        ("arm64-apple-macosx", "_\u{1}foo", "\u{1}_\u{1}foo"),
        ("arm64-apple-macosx", "_?foo", "?foo"),
        ("i686-pc-windows-msvc", "_foo", "foo"),
        ("i686-pc-windows-msvc", "?foo", "?foo"),
        ("i686-pc-windows-msvc", "_?foo", "\u{1}_?foo"),
        ("i686-pc-windows-msvc", "_foo@12", "foo@12"),
        ("i686-pc-windows-msvc", "@foo@12", "\u{1}@foo@12"),
        ("arm64ec-pc-windows-msvc", "#foo", "#foo"),
    ] {
        let mangler = Mangler::from_triple(triple);
        let unmangled = mangler.and_then(|mangler| mangler.unmangle(linker_name));
        assert_eq!(unmangled.as_deref(), Ok(ir_name), "{triple} {linker_name}");
    }
}

#[test]
fn decorated_names() {
    use CallingConvention::{X86FastCall, X86StdCall, X86VectorCall};
    const PRIVATE: Symbol = Symbol::DATA.with_linkage(Linkage::Private);
    const LINKER_PRIVATE: Symbol = Symbol::DATA.with_linkage(Linkage::LinkerPrivate);
    const WIN32: &str = "i686-pc-windows-msvc";
    const EC: &str = "arm64ec-pc-windows-msvc";
    const MACOS: &str = "arm64-apple-macosx";
    for (triple, linker_name, ir_name, symbol) in [
        ("x86_64-unknown-linux-gnu", "foo", "foo", Symbol::DATA),
        ("x86_64-unknown-linux-gnu", ".Lfoo", "foo", PRIVATE),
        ("mips-unknown-linux-gnu", "$foo", "foo", PRIVATE),
        ("s390x-ibm-zos", "L#foo", "foo", PRIVATE),
        ("powerpc-ibm-aix", "L..foo", "foo", PRIVATE),
        (MACOS, "L_foo", "foo", PRIVATE),
        (MACOS, "l_foo", "foo", LINKER_PRIVATE),
        (MACOS, "Lfoo", "\u{1}Lfoo", Symbol::DATA),
        (WIN32, "_f@12", "f", Symbol::function(X86StdCall, 12)),
        (WIN32, "@f@8", "f", Symbol::function(X86FastCall, 8)),
        (WIN32, "f@@32", "f", Symbol::function(X86VectorCall, 32)),
        (
            WIN32,
            "L_f@12",
            "f",
            Symbol::function(X86StdCall, 12).with_linkage(Linkage::Private),
        ),
        // A function called `Lf` rather than a private one called `f`.
        (WIN32, "Lf@@32", "Lf", Symbol::function(X86VectorCall, 32)),
        // Not what the mangler writes.
        (WIN32, "_f@012", "f@012", Symbol::DATA),
        (WIN32, "_f@+1", "f@+1", Symbol::DATA),
        (WIN32, "_f@", "f@", Symbol::DATA),
        (WIN32, "_@12", "@12", Symbol::DATA),
        (EC, "#foo", "foo", Symbol::FUNCTION),
        (EC, "foo", "foo", Symbol::DATA),
        (EC, "?f@@$$hYAXXZ", "?f@@YAXXZ", Symbol::FUNCTION),
        (EC, "?x@@3HA", "?x@@3HA", Symbol::DATA),
        (EC, "##foo", "##foo", Symbol::DATA),
    ] {
        let mangler = Mangler::from_triple(triple);
        let parsed = mangler.and_then(|mangler| mangler.parse(linker_name));
        let expected = ParsedName {
            ir_name: ir_name.into(),
            symbol,
        };
        assert_eq!(parsed, Ok(expected), "{triple} {linker_name}");
    }
}

#[test]
fn names_that_would_be_cut_are_refused() {
    let macos = Mangler::new(ManglingMode::MachO);
    let unmangle = |name: &str| macos.unmangle(name).map(drop).map_err(|e| e.kind());
    let parse = |name: &str| macos.parse(name).map(drop).map_err(|e| e.kind());
    let long = "x".repeat(MAX_NAME_LEN + 1);
    for (name, kind) in [
        ("", ErrorKind::EmptyName),
        ("_a\0", ErrorKind::NulInName),
        (&long, ErrorKind::NameTooLong),
        // It would fit, but for the escape.
        (&long[1..], ErrorKind::NameTooLong),
    ] {
        assert_eq!(unmangle(name), Err(kind));
        assert_eq!(parse(name), Err(kind));
    }
}

proptest! {
    #[test]
    fn mangling_undoes_unmangling(mangler in manglers(), linker_name in names()) {
        let ir_name = mangler.unmangle(&linker_name);
        prop_assert!(ir_name.is_ok());
        let mangled = ir_name.and_then(|ir_name| Ok(mangler.mangle(&ir_name, &Symbol::DATA)?.into_owned()));
        prop_assert_eq!(mangled.as_deref(), Ok(linker_name.as_str()));
    }

    #[test]
    fn mangling_undoes_parsing(mangler in manglers(), linker_name in names()) {
        let parsed = mangler.parse(&linker_name);
        prop_assert!(parsed.is_ok());
        let mangled = parsed.and_then(|parsed| Ok(mangler.mangle(&parsed.ir_name, &parsed.symbol)?.into_owned()));
        prop_assert_eq!(mangled.as_deref(), Ok(linker_name.as_str()));
    }

    /// An escaped name comes back without its escape, or with another one; every other name comes back as it was.
    #[test]
    fn unmangling_undoes_mangling(mangler in manglers(), ir_name in names()) {
        if let Ok(linker_name) = mangler.mangle(&ir_name, &Symbol::DATA) {
            let unmangled = mangler.unmangle(&linker_name);
            if ir_name.starts_with(ESCAPE) {
                let again = unmangled.and_then(|name| Ok(mangler.mangle(&name, &Symbol::DATA)?.into_owned()));
                prop_assert_eq!(again.as_deref(), Ok(&*linker_name));
            } else {
                prop_assert_eq!(unmangled.as_deref(), Ok(ir_name.as_str()));
            }
        }
    }

    /// Ordinary identifiers come back whatever their decoration.
    #[test]
    fn parsing_undoes_mangling(
        mangler in manglers(),
        ir_name in "[a-km-z][a-z0-9]{0,8}",
        symbol in symbols().prop_filter("tells all", tells_all),
    ) {
        let vectorcall = symbol.function.is_some_and(|function| {
            function.convention == CallingConvention::X86VectorCall
        });
        // ARM64 has no vectorcall.
        prop_assume!(!(vectorcall && mangler.is_arm64ec()));
        let linker_name = mangler.mangle(&ir_name, &symbol);
        let linker_name = linker_name.as_deref().unwrap_or_default();
        let parsed = mangler.parse(linker_name);
        prop_assert_eq!(parsed.as_ref().map(|parsed| &*parsed.ir_name), Ok(ir_name.as_str()));
    }

    /// Every symbol that can be mangled can be read, and reads as something with that very linker name.
    #[test]
    fn every_mangled_name_can_be_read(mangler in manglers(), ir_name in names(), symbol in symbols()) {
        if let Ok(linker_name) = mangler.mangle(&ir_name, &symbol) {
            let parsed = mangler.parse(&linker_name);
            let mangled = parsed.and_then(|parsed| Ok(mangler.mangle(&parsed.ir_name, &parsed.symbol)?.into_owned()));
            prop_assert_eq!(mangled.as_deref(), Ok(&*linker_name));
        }
    }
}
