//! Who defines what: one copy of the data, in the data modules.

use std::sync::Arc;

use tjit_link::{FunctionKind, ImportBudget, Initializer, Linked, Program};

use crate::support::{host, line, link, parse, promoted, text, try_link};

fn data(linked: &Linked) -> Vec<String> {
    linked.data.iter().map(|data| text(&data.ir)).collect()
}

fn kinds(linked: &Linked) -> Vec<(&str, FunctionKind)> {
    let functions = linked.functions.iter();
    functions
        .map(|function| (function.symbol.as_str(), function.kind.clone()))
        .collect()
}

#[test]
fn variables_are_defined_once_and_functions_nowhere() {
    let (program, linked) = link(&[
        "@shared = global i32 7
         @count = internal global i32 0
         @table = constant [2 x ptr] [ptr @f, ptr @g]
         declare void @g()
         define void @f() { store i32 1, ptr @count\n ret void }",
        "@shared = external global i32
         @count = internal global i32 5
         define void @g() { store i32 1, ptr @count\n store i32 1, ptr @shared\n ret void }",
    ]);
    let [first, second] = &data(&linked)[..] else {
        panic!("{linked:?}")
    };
    assert_eq!(line(first, "shared"), "@shared = dso_local global i32 7");
    assert!(line(first, "f").starts_with("declare void @f()"));
    let (one, other) = (promoted(first, "count"), promoted(second, "count"));
    assert_ne!(one, other, "locals of one name stay apart");
    assert!(line(first, &one).ends_with("global i32 0"));
    assert!(line(second, &other).ends_with("global i32 5"));
    assert!(!second.contains("@shared"));
    assert!(
        text(&program.baseline_slice(&["g"]).expect("it slices"))
            .contains(&format!("@{other} = external"))
    );
    let functions: Vec<_> = linked
        .functions
        .iter()
        .map(|f| (f.symbol.as_str(), f.module.as_str()))
        .collect();
    assert_eq!(functions, [("f", "0.ll"), ("g", "1.ll")]);
}

#[test]
fn names_of_locals_depend_on_the_contents_alone() {
    let texts = [
        "source_filename = \"a.c\"\n@x = internal global i32 0\ndefine ptr @f() { ret ptr @x }",
        "source_filename = \"b.c\"\n@x = internal global i32 1\ndefine ptr @g() { ret ptr @x }",
    ];
    let name = |linked: &Linked, index: usize| promoted(&text(&linked.data[index].ir), "x");
    let (_, alone) = link(&texts[1..]);
    let (_, together) = link(&texts);
    assert_eq!(name(&alone, 0), name(&together, 1));
}

#[test]
fn identical_modules_have_locals_of_their_own() {
    let text = "source_filename = \"t.c\"\n@x = internal global i32 0\n@0 = private global i32 1\ndefine internal ptr @f() { ret ptr @x }";
    let (program, linked) = link(&[text, text]);
    let [first, second] = &data(&linked)[..] else {
        panic!("{linked:?}")
    };
    assert_eq!(format!("{}.2", promoted(first, "x")), promoted(second, "x"));
    assert_ne!(promoted(first, "unnamed.0"), promoted(second, "unnamed.0"));
    assert_eq!(program.functions().count(), 2);
}

#[test]
fn strong_beats_common_beats_weak() {
    let (_, linked) = link(&[
        "@a = weak global i32 1\n@b = common global i32 0\n@c = weak global i32 3\n@d = linkonce global i32 4\n@d.user = global ptr @d",
        "@a = global i32 10\n@b = global i32 20\n@c = common global i32 0\n@d = weak global i32 40",
    ]);
    let [first, second] = &data(&linked)[..] else {
        panic!("{linked:?}")
    };
    assert!(line(second, "a").ends_with("global i32 10"));
    assert!(line(second, "b").ends_with("global i32 20"));
    assert!(line(second, "c").contains("global i32 0"));
    assert!(line(first, "d").ends_with("global i32 4"));
    assert!(!first.contains("@a =") && !first.contains("@b =") && !first.contains("@c ="));
}

#[test]
fn the_largest_tentative_definition_wins_with_the_strictest_alignment() {
    let (_, linked) = link(&[
        "@x = common global i32 0, align 64",
        "@x = common global [16 x i32] zeroinitializer, align 4",
    ]);
    let [only] = &data(&linked)[..] else {
        panic!("{linked:?}")
    };
    assert_eq!(
        line(only, "x"),
        "@x = dso_local global [16 x i32] zeroinitializer, align 64"
    );
}

#[test]
fn what_is_equal_everywhere_is_the_hosts() {
    let odr = "$v = comdat any
        @v = linkonce_odr global i32 0, comdat
        define weak_odr void @f() { store i32 1, ptr @v\n ret void }
        define weak void @own() { call void @f()\n ret void }";
    let (program, linked) = try_link(host(&["v", "f", "own"]), &[odr]).expect("it links");
    assert!(linked.data.is_empty());
    assert_eq!(
        program.functions().collect::<Vec<_>>(),
        ["own"],
        "weak and not odr: an executable's own wins"
    );
    let (_, linked) = try_link(host(&[]), &[odr]).expect("it links");
    assert_eq!(linked.functions.len(), 2);
    assert_eq!(linked.data.len(), 1);
}

#[test]
fn a_static_and_its_guard_have_one_owner() {
    let text = "@_ZZ1fvE1x = linkonce_odr global i32 0\n@_ZGVZ1fvE1x = linkonce_odr global i64 0";
    let defined = |names| {
        let (program, _) = try_link(host(names), &[text]).expect("it links");
        ["_ZZ1fvE1x", "_ZGVZ1fvE1x"].map(|name| program.defines(name))
    };
    assert_eq!(defined(&["_ZZ1fvE1x", "_ZGVZ1fvE1x"]), [false, false]);
    assert_eq!(defined(&["_ZZ1fvE1x"]), [true, true]);
    assert_eq!(defined(&["_ZGVZ1fvE1x"]), [true, true]);
}

#[test]
fn copies_to_inline_define_nothing() {
    let text = "define available_externally i32 @f() { ret i32 1 }
        define available_externally i32 @g() alwaysinline { ret i32 1 }
        define i32 @h() { %a = call i32 @f()\n %b = call i32 @g()\n ret i32 %a }";
    let (program, linked) = link(&[text]);
    assert_eq!(
        kinds(&linked),
        [("f", FunctionKind::Undefined), ("h", FunctionKind::Body)]
    );
    let unit = program
        .unit_slice("h", "h_optimized", &ImportBudget::default())
        .expect("it slices");
    assert!(crate::support::text(&unit).contains("define available_externally i32 @f()"));
    let (program, _) =
        try_link(host(&["f"]), &[text]).expect("the host has it; `g` is always inlined");
    assert_eq!(program.functions().collect::<Vec<_>>(), ["h"]);
}

#[test]
fn weak_references_that_nobody_defines_are_null_for_good() {
    let weak = "declare extern_weak void @f()\n@w = extern_weak global i8\n@p = global [2 x ptr] [ptr @f, ptr @w]
        define ptr @g() { call void @f()\n ret ptr getelementptr (i8, ptr @w, i64 1) }";
    let strong = "declare void @f()\ndefine void @h() { call void @f()\n ret void }";
    for texts in [&[weak, strong][..], &[strong, weak], &[weak]] {
        let (mut program, linked) = link(texts);
        assert!(data(&linked)[0].contains("[2 x ptr] zeroinitializer"));
        program
            .link(parse(&["define void @f() { ret void }\n@w = global i8 0"]))
            .expect("it links");
        let slice = text(&program.baseline_slice(&["g"]).expect("it slices"));
        assert!(slice.contains("call void null()"), "{slice}");
        assert!(!slice.contains("@w"), "{slice}");
    }
}

#[test]
fn undefined_functions_have_stubs_that_definitions_take_over() {
    let user = "declare void @f()\ndefine void @g() { call void @f()\n ret void }";
    let (mut program, linked) = link(&[user, user.replace("@g", "@h").as_str()]);
    assert_eq!(
        kinds(&linked),
        [
            ("f", FunctionKind::Undefined),
            ("g", FunctionKind::Body),
            ("h", FunctionKind::Body)
        ]
    );
    assert_eq!(program.functions().collect::<Vec<_>>(), ["g", "h"]);
    assert!(!program.defines("f"));
    let error = program.baseline_slice(&["f"]).expect_err("no body");
    assert!(
        error
            .to_string()
            .contains("`f` (a function, used by `g` in `0.ll`)"),
        "{error}"
    );

    let linked = program
        .link(parse(&[user.replace("@g", "@i").as_str()]))
        .expect("it links");
    assert_eq!(
        kinds(&linked),
        [("i", FunctionKind::Body)],
        "the stub is there"
    );
    let importable = "define available_externally void @f() { ret void }\ndefine void @j() { call void @f()\n ret void }";
    let linked = program.link(parse(&[importable])).expect("it links");
    assert_eq!(
        kinds(&linked),
        [("j", FunctionKind::Body)],
        "nor is that a definition"
    );

    let definition = "define linkonce void @f() { ret void }\n@p = global ptr @f";
    let linked = program.link(parse(&[definition])).expect("it links");
    assert_eq!(kinds(&linked), [("f", FunctionKind::Body)]);
    assert!(linked.functions[0].was_undefined && program.undefined("f").is_none());
    assert_eq!(*program.callees("g"), ["f".into()]);
    program
        .baseline_slice(&["f", "g"])
        .expect("there is a body");
}

#[test]
fn aliases_are_other_names() {
    let (program, linked) = link(&["@v = global [2 x i32] [i32 1, i32 2]
        @w = alias i32, getelementptr ([2 x i32], ptr @v, i64 0, i64 1)
        @second = alias i32 (i32), ptr @first
        @first = alias i32 (i32), ptr @f
        define i32 @f(i32 %x) { ret i32 %x }
        define i32 @g() { %r = call i32 @second(i32 1)\n ret i32 %r }"]);
    let aliases: Vec<_> = linked
        .function_aliases
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    assert_eq!(aliases, [("second", "f"), ("first", "f")]);
    let [data] = &data(&linked)[..] else {
        panic!("{linked:?}")
    };
    assert!(
        line(data, "w").contains("alias i32, getelementptr"),
        "{data}"
    );
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
fn constructors_in_order_once_and_with_their_variables() {
    let entries = |module: &str| {
        format!(
            "%e = type {{ i32, ptr, ptr }}
             @llvm.global_ctors = appending global [3 x %e] [%e {{ i32 65535, ptr @late{module}, ptr null }}, %e {{ i32 200, ptr @early{module}, ptr null }}, %e {{ i32 65535, ptr @inline{module}, ptr @v }}]
             @llvm.global_dtors = appending global [1 x %e] [%e {{ i32 65535, ptr @end{module}, ptr null }}]
             @llvm.used = appending global [1 x ptr] [ptr @v], section \"llvm.metadata\"
             $v = comdat any
             @v = linkonce_odr global i32 0, comdat
             define void @late{module}() {{ ret void }}
             define void @early{module}() {{ ret void }}
             define void @inline{module}() {{ store i32 1, ptr @v\n ret void }}
             define void @end{module}() {{ ret void }}"
        )
    };
    let (_, linked) = link(&[&entries("0"), &entries("1")]);
    let symbols = |list: &[Initializer]| list.iter().map(|i| i.symbol.clone()).collect::<Vec<_>>();
    assert_eq!(
        symbols(&linked.constructors),
        ["early0", "early1", "late0", "inline0", "late1"]
    );
    assert_eq!(symbols(&linked.destructors), ["end1", "end0"]);
    assert_eq!(linked.constructors[0].priority, 200);
    for data in data(&linked) {
        assert!(!data.contains("llvm."), "{data}");
    }
}

#[test]
fn modules_of_other_contexts_join_and_later_links_add() {
    let mut program = Program::new(Arc::new(()));
    program
        .link(parse(&["@x = global i32 0\ndefine void @f() { ret void }"]))
        .expect("it links");
    let user = "@x = external global i32\ndeclare void @f()\ndefine void @g() { store i32 1, ptr @x\n call void @f()\n ret void }";
    let linked = program.link(parse(&[user])).expect("it links");
    assert!(linked.data.is_empty());
    assert_eq!(program.functions().collect::<Vec<_>>(), ["f", "g"]);
    let both = program
        .baseline_slice(&["f", "g"])
        .expect("functions of two modules slice together");
    text(&both);
}

#[test]
fn the_support_module_gives_way_to_the_programs_own() {
    let context = tjit_orc::ThreadSafeContext::new();
    let support = tjit_link::support_module(&context).expect("there is a host");
    let own = "define i32 @atexit(ptr %f) { ret i32 7 }
        @__dso_handle = external hidden global i8
        define ptr @f() { ret ptr @__dso_handle }";
    let mut modules = parse(&[own]);
    modules.push(support);
    let mut program = Program::new(host(&[
        "__cxa_atexit",
        "__cxa_at_quick_exit",
        "__register_atfork",
    ]));
    program.link(modules).expect("it links");
    let slice = text(&program.baseline_slice(&["atexit"]).expect("it slices"));
    assert!(slice.contains("ret i32 7"), "{slice}");
    assert!(program.defines("__dso_handle") && program.defines("at_quick_exit"));
}

#[test]
fn a_link_that_failed_leaves_names_as_they_were() {
    let local = "@x = internal global i32 0\ndefine ptr @f() { ret ptr @x }";
    let (mut program, _) = link(&["define void @g() { ret void }"]);
    let clash = "define void @g() { ret void }\n; not the same text";
    program
        .link(parse(&[local, clash]))
        .expect_err("`g` is there already");
    let linked = program.link(parse(&[local])).expect("it links now");
    let (_, alone) = link(&[local]);
    let name = |linked: &Linked| promoted(&text(&linked.data[0].ir), "x");
    assert_eq!(name(&linked), name(&alone));
}

#[test]
fn an_input_is_asked_for_after_those_before_it_and_an_error_leaves_the_program_as_it_was() {
    let mut program = Program::new(Arc::new(()));
    let texts = ["define void @f() { ret void }", "no IR", "never asked for"];
    let mut asked = 0;
    let inputs = texts.iter().map(|text| {
        asked += 1;
        let module = tjit_orc::ThreadSafeContext::new().parse("m", text.as_bytes());
        let module = module.map_err(tjit_link::LinkError::from)?;
        Ok(tjit_link::Input::from(module))
    });
    let error = program.try_link::<tjit_link::LinkError>(inputs);
    assert!(error.is_err_and(|error| error.to_string().contains("parsing `m`")));
    assert_eq!((asked, program.functions().count()), (2, 0));
}

#[test]
fn what_a_later_module_defines_for_all_is_given_to_none() {
    let user = "declare i32 @atexit(ptr)
        define void @g() { ret void }
        define i32 @f() { %r = call i32 @atexit(ptr @g)\n ret i32 %r }";
    let own = "define i32 @atexit(ptr %f) { ret i32 7 }";
    let (program, linked) = link(&[user, own]);
    assert_eq!(program.callees("f"), [Arc::from("atexit")]);
    assert!(linked.handles.is_empty());
}
