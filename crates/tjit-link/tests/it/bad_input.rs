//! Modules that can't be linked at all: one error each, and the program is as before.

use std::sync::Arc;

use tjit_link::{LinkError, Program};
use tjit_mangle::{Tier, Version};
use tjit_orc::{ErrorKind, ThreadSafeContext};

use crate::support::{link_error, parse};

#[test]
fn broken_module() {
    let error = link_error(&[
        "define i32 @f() {\n  br label %a\na:\n  %x = add i32 %y, 1\n  %y = add i32 1, 1\n  ret i32 %x\n}",
    ]);
    let LinkError::Llvm(llvm) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(llvm.kind(), ErrorKind::Verify);
    assert!(
        error.to_string().starts_with("verifying `0.ll`: "),
        "{error}"
    );
    assert_eq!(error.to_string().lines().count(), 1);
}

#[test]
fn foreign_triple() {
    let error = link_error(&[
        "target triple = \"riscv64-unknown-linux-gnu\"\ndefine void @f() { ret void }",
    ]);
    assert!(matches!(error, LinkError::Triple { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("linking `0.ll`: it was compiled for `riscv64-unknown-linux-gnu`"),
        "{error}"
    );
}

#[test]
fn foreign_data_layout() {
    let error = link_error(&["target datalayout = \"E-p:32:32\"\ndefine void @f() { ret void }"]);
    assert!(matches!(error, LinkError::DataLayout { .. }), "{error:?}");
    assert!(
        error.to_string().contains("its data layout is `E-p:32:32`"),
        "{error}"
    );
}

#[test]
fn undefined_variables_are_all_listed_demangled_and_sorted() {
    let error = link_error(&[
        "@zeta = external global i32\n@_ZN1n1vE = external thread_local global i32\n@unused = external global i32
         define void @_Z1fv() { store i32 1, ptr @zeta\n load i32, ptr @_ZN1n1vE\n ret void }",
        "@zeta = external global i32\n@alpha = external global i32\n@p = global ptr @alpha\ndefine ptr @h() { ret ptr @zeta }",
    ]);
    assert_eq!(
        error.to_string(),
        "undefined symbols: `n::v` (a thread-local variable, used by `f()` in `0.ll`), \
         `alpha` (a variable, used by `p` in `1.ll`), `zeta` (a variable, used by `f()` in `0.ll`); \
         define them in a module of the program, or load a library that does"
    );
}

#[test]
fn hidden_symbols_are_not_looked_for_outside() {
    let mut program = Program::new(crate::support::host(&["f"]));
    let text = "declare hidden void @f()\ndefine void @g() { call void @f()\n ret void }";
    let error = program
        .link(parse(&[text]))
        .expect_err("nobody in the program defines it");
    assert_eq!(
        error.to_string(),
        "undefined symbol: `f` (a hidden function, used by `g` in `0.ll`); define it in a module of the program, or \
         load a library that does"
    );
}

#[test]
fn duplicate_strong_definitions_name_both_modules() {
    let text = "define void @_Z1fv() { ret void }";
    let error = link_error(&[text, "define void @g() { ret void }", text]);
    assert_eq!(
        error.to_string(),
        "duplicate symbol `f()` (`_Z1fv`): defined in `0.ll` and in `2.ll`"
    );
}

#[test]
fn duplicate_of_an_earlier_link() {
    let mut program = Program::new(Arc::new(()));
    program
        .link(parse(&["define void @f() { ret void }"]))
        .expect("it links");
    let texts = [
        "define void @g() { ret void }",
        "define void @f() { ret void }",
    ];
    let error = program
        .link(parse(&texts))
        .expect_err("`f` is defined already");
    assert!(matches!(error, LinkError::Duplicate { .. }), "{error:?}");
    assert!(!program.defines("g"), "all or nothing");
    assert_eq!(program.functions().collect::<Vec<_>>(), ["f"]);
}

#[test]
fn function_here_variable_there() {
    let error = link_error(&["define void @x() { ret void }", "@x = weak global i32 0"]);
    assert_eq!(
        error.to_string(),
        "symbol `x` is a function in `0.ll` and a variable in `1.ll`"
    );
    let user = "@x = external global i32\ndefine ptr @f() { ret ptr @x }";
    let error = link_error(&["define void @x() { ret void }", user]);
    assert_eq!(
        error.to_string(),
        "symbol `x` is a function in `0.ll` and a variable in `1.ll`"
    );
    let undefined = "declare void @x()\ndefine void @g() { call void @x()\n ret void }";
    let error = link_error(&[undefined, user]);
    assert_eq!(
        error.to_string(),
        "symbol `x` is a function in `0.ll` and a variable in `1.ll`"
    );
    let (mut program, _) = crate::support::link(&[undefined]);
    let error = program
        .link(parse(&["@x = global i32 0"]))
        .expect_err("it was called");
    assert_eq!(
        error.to_string(),
        "symbol `x` is a function in `0.ll` and a variable in `0.ll`"
    );
}

#[test]
fn names_that_no_linker_takes() {
    let long = format!("define void @{}() {{ ret void }}", "x".repeat(65 * 1024));
    for (text, reason) in [
        ("define void @\"\\ff\"() { ret void }", "it is not UTF-8"),
        (
            "define void @f() { ret void }\ndefine void @\"\\01f\"() { ret void }",
            "another symbol of the module differs from it by the `\\01` escape only",
        ),
        (&long, "66560 bytes, the limit is 65536"),
    ] {
        let error = link_error(&[text]);
        assert!(matches!(error, LinkError::Name { .. }), "{error:?}");
        assert!(error.to_string().ends_with(reason), "{error}");
        assert_eq!(error.to_string().lines().count(), 1);
    }
}

#[test]
fn escaped_names_are_what_the_linker_sees() {
    let mut program = Program::new(Arc::new(()));
    let texts = [
        "define void @\"\\01f\"() { ret void }",
        "declare void @f()\ndefine void @g() { call void @f()\n ret void }",
    ];
    program
        .link(parse(&texts))
        .expect("both are `f` to a linker");
    assert_eq!(
        program
            .callees("g")
            .iter()
            .map(|name| &**name)
            .collect::<Vec<_>>(),
        ["f"]
    );
}

#[test]
fn bodies_avoid_names_of_the_program() {
    let mut program = Program::new(Arc::new(()));
    program
        .link(parse(&[
            "define void @f() { ret void }\ndefine void @f_baseline() { ret void }\n\
             declare void @f_optimized()\ndefine void @f_v2_optimized() { ret void }",
        ]))
        .expect("bodies of `f` can be called otherwise");
    assert_eq!(
        program.baseline_body("f").as_deref(),
        Ok("f_v2_baseline"),
        "the next version's name is free"
    );
    let version = program.free_version("f", Version::FIRST, Tier::Optimized);
    assert_eq!(version.map(Version::number), Ok(3));

    let error = program
        .link(parse(&["define void @f_v2_baseline() { ret void }"]))
        .expect_err("that may be the name of a body by now");
    assert_eq!(
        error.to_string(),
        "can't link `f_v2_baseline`: a version of `f` may have that name already"
    );
}

#[test]
fn empty_triple_and_layout_are_the_hosts() {
    let module = ThreadSafeContext::new()
        .parse("t.ll", b"define void @f() { ret void }")
        .expect("it parses");
    let mut program = Program::new(Arc::new(()));
    program.link(vec![module]).expect("it links");
    let slice = program.baseline_slice(&["f"]).expect("it slices");
    let layout = slice.with_module(|module| {
        module
            .get_data_layout()
            .as_str()
            .to_string_lossy()
            .into_owned()
    });
    assert_eq!(
        layout,
        tjit_orc::Host::get().expect("there is a host").data_layout
    );
}

#[test]
fn cycles_of_aliases() {
    for text in [
        "@a = alias i32, ptr @b\n@b = alias i32, ptr @a",
        "@a = alias i32, ptr @a",
        "@a = alias void (), ptr @b\n@b = alias void (), ptr @c\n@c = alias void (), ptr @a\n\
         define void @f() { call void @b()\n ret void }",
        "@a = alias i32, getelementptr (i8, ptr @b, i64 4)\n@b = alias i32, getelementptr (i8, ptr @a, i64 4)",
    ] {
        let check = |error: LinkError| {
            let LinkError::Llvm(llvm) = &error else {
                panic!("{error:?}")
            };
            assert_eq!(llvm.kind(), ErrorKind::Verify);
            assert!(
                error.to_string().contains("Aliases cannot form a cycle"),
                "{error}"
            );
        };
        check(link_error(&[text]));
        let bitcode = parse(&[text])[0].to_bitcode();
        let module = ThreadSafeContext::new()
            .parse("cycle.bc", bitcode.as_slice())
            .expect("the reader does not look");
        check(
            Program::new(Arc::new(()))
                .link(vec![module])
                .expect_err("it is a cycle"),
        );
    }
}

#[test]
fn resolvers_that_can_choose_nothing() {
    for (text, reason) in [
        (
            "@f = ifunc void (), ptr @r\ndeclare ptr @r()",
            "resolver must be a definition",
        ),
        (
            "@f = ifunc void (), ptr @r\ndefine available_externally ptr @r() { ret ptr null }",
            "resolver must be a definition",
        ),
        (
            "@f = ifunc void (), ptr @r\n@r = global i32 0",
            "must have a Function resolver",
        ),
        (
            "@f = ifunc void (), ptr null",
            "must have a Function resolver",
        ),
        (
            "@f = ifunc void (), ptr @f",
            "must have a Function resolver",
        ),
        (
            "@f = ifunc void (), ptr @g\n@g = ifunc ptr (), ptr @f",
            "must have a Function resolver",
        ),
        (
            "@f = ifunc void (), ptr @a\n@a = alias void (), ptr @f",
            "must have a Function resolver",
        ),
        (
            "@f = ifunc void (), getelementptr (i8, ptr @r, i64 1)\ndefine ptr @r() { ret ptr null }",
            "",
        ),
    ] {
        let error = link_error(&[text]).to_string();
        assert!(error.contains(reason), "{text}\n{error}");
    }
}

#[test]
fn declarations_of_other_types_than_the_definition() {
    let definition = "define i32 @f(i32 %x) { %y = add i32 %x, 1\n ret i32 %y }
        @a = alias i32 (i32), ptr @f";
    let user = "declare void @f(ptr, i64)\ndeclare [4 x double] @a()
        @p = global ptr @f
        define void @g() { call void @f(ptr null, i64 1)\n call [4 x double] @a()\n ret void }
        define i64 @h() { %r = call i64 (...) @g2()\n ret i64 %r }\n@g2 = alias i64 (...), ptr @g";
    let other = "declare i8 @f(i8)\ndefine i8 @k() { %r = tail call i8 @f(i8 1)\n ret i8 %r }
        declare void @g()\ndefine void @l() { call void @g()\n %r = call i8 @k()\n ret void }";
    for texts in [[definition, user, other], [other, user, definition]] {
        let (program, _) = crate::support::link(&texts);
        let all: Vec<_> = program.functions().collect();
        crate::support::text(&program.baseline_slice(&all).expect("they slice together"));
        for function in all {
            let body = format!("{function}_optimized");
            let unit = program
                .unit_slice(function, &body, &tjit_link::ImportBudget::default())
                .expect("it slices");
            crate::support::text(&unit);
        }
    }
}
