//! Slices: what is taken over, and what is left behind as declarations.

use inkwell::module::Linkage;
use tjit_orc::{
    Definition, ErrorKind, SliceLinkage, SlicePart, ThreadSafeContext, ThreadSafeModule,
};
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::support::{define, dylib, machine, parse, run};

fn take(name: &str) -> Definition<'_> {
    Definition {
        name,
        body_name: None,
        linkage: SliceLinkage::External,
    }
}

fn text(module: &ThreadSafeModule) -> String {
    module.verify().unwrap_or_else(|error| panic!("{error}"));
    module.with_module(|module| module.to_string())
}

#[test]
fn everything_else_is_declared() {
    let module = parse(
        "@counter = internal global i32 0
        @weak = extern_weak global i32
        @local = internal thread_local global i32 0
        @alias = alias void (), ptr @unused
        define internal i32 @helper(i32 %x) nounwind { ret i32 %x }
        define void @unused() { ret void }
        define hidden i32 @f() {
          %v = load i32, ptr @counter
          %w = load i32, ptr @weak
          %t = load i32, ptr @local
          %r = call i32 @helper(i32 %v)
          call void @alias()
          ret i32 %r
        }",
    );
    let slice = module.slice("slice", &[take("f")]).unwrap();
    let text = text(&slice);
    slice.with_module(|slice| {
        assert_eq!(slice.get_name().to_str(), Ok("slice"));
        let helper = slice.get_function("helper").unwrap();
        assert!(helper.get_first_basic_block().is_none());
        assert_eq!(helper.get_linkage(), Linkage::External);
        assert_eq!(
            slice.get_function("f").unwrap().get_linkage(),
            Linkage::External
        );
        assert_eq!(
            slice.get_global("weak").unwrap().get_linkage(),
            Linkage::ExternalWeak
        );
        assert!(slice.get_global("local").unwrap().is_thread_local());
        assert!(
            slice
                .get_global("counter")
                .unwrap()
                .get_initializer()
                .is_none()
        );
        assert!(slice.get_function("unused").is_none());
    });
    // What an alias stands for is, from outside, a function.
    assert!(text.contains("declare void @alias()"), "{text}");
    // The original is as it was.
    module.verify().unwrap();
    assert!(module.with_module(|module| {
        module
            .get_function("helper")
            .unwrap()
            .get_first_basic_block()
            .is_some()
    }));
}

/// A body under another name calls the function by its own: through the stub.
#[test]
fn bodies_have_names_of_their_own() {
    let module = parse(
        "define i32 @f(i32 %n) {
          %stop = icmp eq i32 %n, 0
          br i1 %stop, label %end, label %more
        more:
          %m = sub i32 %n, 1
          %r = call i32 @f(i32 %m)
          ret i32 %r
        end:
          ret i32 ptrtoint (ptr @f to i32)
        }",
    );
    let body = Definition {
        body_name: Some("f_body"),
        ..take("f")
    };
    let text = text(&module.slice("slice", &[body]).unwrap());
    assert!(
        text.contains("define dso_local i32 @f_body(i32 %n)"),
        "{text}"
    );
    assert!(text.contains("declare i32 @f(i32)"), "{text}");
    assert!(text.contains("call i32 @f(i32 %m)"), "{text}");
    assert!(text.contains("ptrtoint (ptr @f to i32)"), "{text}");
}

/// The body and the function itself, to be inlined, from one definition.
#[test]
fn a_function_can_be_taken_twice() {
    let module = parse("define i32 @f() { %r = call i32 @f() ret i32 %r }");
    let body = Definition {
        body_name: Some("f_body"),
        ..take("f")
    };
    let copy = Definition {
        linkage: SliceLinkage::AvailableExternally,
        ..take("f")
    };
    let text = text(&module.slice("slice", &[body, copy]).unwrap());
    assert!(text.contains("define dso_local i32 @f_body()"), "{text}");
    assert!(
        text.contains("define available_externally i32 @f()"),
        "{text}"
    );
}

#[test]
fn copies_to_inline_and_private_constants() {
    let module = parse(
        "@text = private unnamed_addr constant [3 x i8] c\"hi\\00\", align 1
        define linkonce_odr ptr @inlined() { ret ptr @text }
        define ptr @f() { %r = call ptr @inlined() ret ptr %r }",
    );
    let slice = module
        .slice(
            "slice",
            &[
                take("f"),
                Definition {
                    linkage: SliceLinkage::AvailableExternally,
                    ..take("inlined")
                },
                Definition {
                    linkage: SliceLinkage::Private,
                    ..take("text")
                },
            ],
        )
        .unwrap();
    let text = text(&slice);
    assert!(
        text.contains("define available_externally ptr @inlined()"),
        "{text}"
    );
    assert!(
        text.contains("@text = private unnamed_addr constant [3 x i8] c\"hi\\00\", align 1"),
        "{text}"
    );
}

const COMPUTED_GOTO: &str = "
@labels = internal constant [2 x ptr] [ptr blockaddress(@f, %one), ptr blockaddress(@f, %two)]
define i32 @f(i64 %i) {
  %p = getelementptr [2 x ptr], ptr @labels, i64 0, i64 %i
  %label = load ptr, ptr %p
  indirectbr ptr %label, [label %one, label %two]
one:
  ret i32 1
two:
  ret i32 2
}
define ptr @g() { ret ptr blockaddress(@f, %two) }";

/// Each version of a function has labels of its own, and needs a table of its own.
#[test]
fn label_tables_follow_the_body() {
    let module = parse(COMPUTED_GOTO);
    let body = Definition {
        body_name: Some("f_body"),
        ..take("f")
    };
    let table = Definition {
        linkage: SliceLinkage::Private,
        ..take("labels")
    };
    // Whatever the order.
    for definitions in [[body, table], [table, body]] {
        let slice = module.slice("slice", &definitions).unwrap();
        let text = text(&slice);
        assert!(text.contains("blockaddress(@f_body, %one)"), "{text}");
        assert!(!text.contains("blockaddress(@f, "), "{text}");
        let object = slice
            .with_module(|slice| machine().emit_object(slice))
            .unwrap();
        let dylib = dylib();
        let layer = dylib.session().object_layer();
        layer.add(&dylib.create_tracker(), object).unwrap();
        define(
            &dylib,
            "declare i32 @f_body(i64)\ndefine i32 @call() { %r = call i32 @f_body(i64 1) ret i32 %r }",
        );
        assert_eq!(run(dylib.lookup("call").unwrap()), 2);
    }
}

/// Failure, most likely a crash, may indicate that LLVM was asked for a label of a declaration.
#[test]
fn labels_of_what_is_left_behind() {
    let module = parse(COMPUTED_GOTO);
    for name in ["g", "labels"] {
        let error = module.slice("slice", &[take(name)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Link);
        assert_eq!(error.operation(), "slicing `slice`");
        assert!(error.message().contains("label"), "{error}");
    }
    module.verify().unwrap();
}

#[test]
fn aliases_are_taken_with_what_they_stand_for() {
    let module = parse(
        "@v = global [2 x i32] zeroinitializer\n@a = alias i32, getelementptr (i8, ptr @v, i64 4)",
    );
    let text = text(&module.slice("slice", &[take("a"), take("v")]).unwrap());
    assert!(
        text.contains("@a = dso_local alias i32, getelementptr (i8, ptr @v, i64 4)"),
        "{text}"
    );
}

#[test]
fn what_the_module_says_of_itself_is_kept() {
    let module = parse(
        "source_filename = \"original.c\"
        target datalayout = \"e-m:e-i64:64-n8:16:32:64-S128\"
        target triple = \"x86_64-unknown-linux-gnu\"
        define i32 @f(ptr %p) \"frame-pointer\"=\"all\" !custom !3 {
          %v = load i32, ptr %p, !range !2
          ret i32 %v
        }
        !llvm.module.flags = !{!0, !1, !4}
        !0 = !{i32 1, !\"wchar_size\", i32 4}
        !1 = !{i32 8, !\"PIC Level\", i32 2}
        !2 = !{i32 0, i32 7}
        !3 = !{!\"mine\"}
        !4 = !{i32 7, !\"RtLibUseGOT\", i32 1}",
    );
    let text = text(&module.slice("slice", &[take("f")]).unwrap());
    for kept in [
        "source_filename = \"original.c\"",
        "target datalayout = \"e-m:e-i64:64-n8:16:32:64-S128\"",
        "target triple = \"x86_64-unknown-linux-gnu\"",
        "!{i32 1, !\"wchar_size\", i32 4}",
        "!{i32 8, !\"PIC Level\", i32 2}",
        "!range",
        "!custom",
        "\"frame-pointer\"=\"all\"",
    ] {
        assert!(text.contains(kept), "{kept} is not in\n{text}");
    }
    // With it, calls that LLVM adds can go astray; see `reach.rs`.
    assert!(!text.contains("RtLibUseGOT"), "{text}");
}

#[test]
fn personalities_are_declared() {
    let module = parse(
        "declare i32 @__gxx_personality_v0(...)
        declare void @may_throw()
        define void @f() personality ptr @__gxx_personality_v0 {
          invoke void @may_throw() to label %ok unwind label %bad
        ok:
          ret void
        bad:
          %l = landingpad { ptr, i32 } cleanup
          resume { ptr, i32 } %l
        }",
    );
    let text = text(&module.slice("slice", &[take("f")]).unwrap());
    assert!(
        text.contains("personality ptr @__gxx_personality_v0"),
        "{text}"
    );
}

#[test]
fn what_can_not_be_taken() {
    let module = parse("declare void @declared()\ndefine void @f() { ret void }");
    for name in ["declared", "nothing", "a\0b"] {
        let error = module.slice("slice", &[take(name)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Link);
        assert_eq!(
            error.operation(),
            format!("slicing `{name}` out of `test.ll`")
        );
        assert_eq!(error.message(), "the module does not define it");
    }
    let error = module.slice("slice", &[take("f"), take("f")]).unwrap_err();
    assert_eq!(error.message(), "it is named twice");
}

#[test]
fn slices_of_several_modules() {
    let context = ThreadSafeContext::new();
    let parse_here = |ir: &str| context.parse("test.ll", ir.as_bytes()).unwrap();
    let first = parse_here("declare i32 @g()\ndefine i32 @f() { %r = call i32 @g() ret i32 %r }");
    let second = parse_here("define i32 @g() { ret i32 5 }");
    let parts = |second| {
        [
            SlicePart {
                module: &first,
                definitions: const {
                    &[Definition {
                        name: "f",
                        body_name: None,
                        linkage: SliceLinkage::External,
                    }]
                },
            },
            SlicePart {
                module: second,
                definitions: const {
                    &[Definition {
                        name: "g",
                        body_name: None,
                        linkage: SliceLinkage::AvailableExternally,
                    }]
                },
            },
        ]
    };
    let text = text(&ThreadSafeModule::slice_all("slice", &parts(&second)).unwrap());
    assert!(
        text.contains("define available_externally i32 @g()"),
        "{text}"
    );
    let foreign = parse("define i32 @g() { ret i32 5 }");
    assert!(ThreadSafeModule::slice_all("slice", &parts(&foreign)).is_err());
    assert!(ThreadSafeModule::slice_all("slice", &[]).is_err());
}

/// Every function of a program that uses streams can be cut out on its own, and compiled.
#[test]
fn every_function_of_a_program() {
    const SOURCE: &str = "
        #include <iostream>
        #include <map>
        #include <string>
        struct Shape { virtual ~Shape() {} virtual double area() const = 0; };
        struct Square : Shape { double side; double area() const override { return side * side; } };
        int main() {
          std::map<std::string, int> words;
          for (std::string word; std::cin >> word;) ++words[word];
          for (auto &[word, count] : words) std::cout << word << ' ' << count << std::endl;
          Square square; square.side = 2;
          return static_cast<Shape &>(square).area() > 4;
        }";
    let bitcode = compile_to_bitcode(SOURCE, Lang::Cxx, &["-Xclang", "-disable-O0-optnone"]);
    let module = ThreadSafeContext::new()
        .parse("program.bc", &bitcode)
        .unwrap();
    let names: Vec<_> = module
        .with_module(tjit_orc::definitions)
        .into_iter()
        .filter(|global| global.kind == tjit_orc::GlobalKind::Function)
        .map(|global| global.name)
        .collect();
    assert!(names.len() > 100, "{}", names.len());
    let machine = machine();
    for name in &names {
        let body = Definition {
            body_name: Some("body"),
            ..take(name)
        };
        let slice = module.slice("slice", &[body]).unwrap();
        slice
            .verify()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        slice
            .with_module(|slice| machine.emit_object(slice))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    module.verify().unwrap();
}
