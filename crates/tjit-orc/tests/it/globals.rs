//! Listing and changing the global values of a module.

use inkwell::module::Linkage;
use tjit_orc::{
    GlobalKind, definitions, demote, inline_assembly, name_unnamed, references_of, rename,
};

use crate::support::parse;

const IR: &str = "
module asm \".globl from_asm\"
$f = comdat any
@v = weak global i32 1
@0 = private constant i32 2
@also_v = alias i32, ptr @v
@also_f = alias void (), ptr @f
@chosen = ifunc void (), ptr @resolver
@table = hidden global [2 x ptr] [ptr @f, ptr @v]
declare void @elsewhere()
define linkonce_odr void @f() comdat { call void @elsewhere() ret void }
define ptr @resolver() { ret ptr @f }
define available_externally void @copy() { ret void }
";

#[test]
fn definitions_of_every_kind() {
    let module = parse(IR);
    module.verify().unwrap();
    let found = module.with_module(definitions);
    let of = |name: &str| found.iter().find(|global| global.name == name).unwrap();
    assert_eq!(found.len(), 9);
    assert_eq!(of("f").kind, GlobalKind::Function);
    assert_eq!(of("f").linkage, Linkage::LinkOnceODR);
    assert_eq!(of("v").kind, GlobalKind::Variable);
    assert!(!of("v").callable && of("f").callable);
    assert!(!of("also_v").callable && of("also_f").callable && of("chosen").callable);
    assert_eq!(of("chosen").kind, GlobalKind::IFunc);
    assert!(of("table").hidden && !of("v").hidden);
    assert!(of("").is_local() && !of("copy").is_local());
}

#[test]
fn references_of_every_kind() {
    let module = parse(IR);
    module.with_module(|module| {
        let of = |name: &str| references_of(module, name).unwrap();
        assert_eq!(of("f").functions, ["elsewhere"]);
        assert_eq!(of("also_v").variables, ["v"]);
        let mut table = of("table");
        table.functions.append(&mut table.variables);
        assert_eq!(table.functions, ["f", "v"]);
        assert!(references_of(module, "elsewhere").is_none());
        assert!(references_of(module, "nothing").is_none());
    });
}

#[test]
fn names_are_given_and_changed() {
    let module = parse(IR);
    module.with_module(|module| {
        name_unnamed(module, "unnamed.");
        assert!(rename(module, "unnamed.0", "two"));
        assert!(!rename(module, "unnamed.0", "three"));
        assert!(module.get_global("two").is_some());
    });
}

#[test]
fn inline_assembly_is_found() {
    assert_eq!(
        parse(IR).with_module(inline_assembly).trim(),
        ".globl from_asm"
    );
    assert_eq!(
        parse("define void @f() { ret void }").with_module(inline_assembly),
        ""
    );
}

#[test]
fn what_others_define_stays_to_be_inlined() {
    let module = parse("$f = comdat any\ndefine linkonce_odr void @f() comdat { ret void }");
    module.with_module(|module| {
        assert!(demote(module, "f").unwrap());
        assert!(!demote(module, "g").unwrap());
        let function = module.get_function("f").unwrap();
        assert_eq!(function.get_linkage(), Linkage::AvailableExternally);
        assert!(function.as_global_value().get_comdat().is_none());
    });
    module.verify().unwrap();
}

/// As the complete and the base constructor of a C++ class, one of which may be defined elsewhere.
#[test]
fn an_alias_keeps_what_it_stands_for() {
    let module = parse(
        "@a = alias i32 (), ptr @f
        define weak_odr i32 @f() { ret i32 1 }
        define i32 @g() { %r = call i32 @f() ret i32 %r }",
    );
    module.with_module(|module| assert!(demote(module, "f").unwrap()));
    module.verify().unwrap();
    module.with_module(|module| {
        assert_eq!(references_of(module, "g").unwrap().functions, ["f"]);
        assert!(
            module
                .get_function("f")
                .unwrap()
                .get_first_basic_block()
                .is_none()
        );
        assert!(references_of(module, "a").is_some());
        assert!(demote(module, "a").unwrap());
    });
    module.verify().unwrap();
    let defined = module.with_module(|module| {
        definitions(module)
            .into_iter()
            .filter(|global| !global.is_local())
            .map(|global| global.name)
            .collect::<Vec<_>>()
    });
    assert_eq!(defined, ["g"]);
}

#[test]
fn what_can_not_be_left_to_others() {
    let module = parse(IR);
    let error = module
        .with_module(|module| demote(module, "chosen"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "leaving `chosen` to another module: it is an ifunc"
    );
    let module = parse(
        "@v = weak global [2 x i32] zeroinitializer
        @inner = alias i32, getelementptr (i8, ptr @v, i64 4)",
    );
    let error = module
        .with_module(|module| demote(module, "v"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "leaving `v` to another module: an alias points into it"
    );
}
