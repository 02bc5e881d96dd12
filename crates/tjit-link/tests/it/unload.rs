//! Modules that are taken out of a program.

use std::sync::Arc;

use tjit_link::{ImportBudget, LinkError, Linked, ModuleId, Program};

use crate::support::{host, line, link, parse, promoted, text, try_link};

fn names(symbols: &[Arc<str>]) -> Vec<&str> {
    let mut names: Vec<_> = symbols.iter().map(|symbol| &**symbol).collect();
    names.sort_unstable();
    names
}

#[track_caller]
fn in_use(program: &mut Program, modules: &[ModuleId]) -> Vec<(String, String)> {
    let functions = program.functions().count();
    assert!(program.check_unload(modules).is_err());
    match program.unload(modules) {
        Err(LinkError::InUse { users, .. }) => {
            assert_eq!(
                program.functions().count(),
                functions,
                "nothing has changed"
            );
            users
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn add(program: &mut Program, ir: &str) -> Linked {
    program.link(parse(&[ir])).expect("it links")
}

const ANSWER: &str = "@state = global i32 42
    @hidden = internal global i32 1
    define internal i32 @help() { %r = load i32, ptr @hidden\n ret i32 %r }
    define i32 @answer() { %r = call i32 @help()\n ret i32 %r }
    @other = alias i32 (), ptr @answer";

#[test]
fn a_module_takes_its_symbols_with_it_and_can_come_back() {
    let (mut program, first) = link(&["define i32 @stays() { ret i32 1 }"]);
    let mut before = None;
    for round in 0..3 {
        let linked = add(&mut program, ANSWER);
        let symbols: Vec<_> = linked.functions.into_iter().map(|f| f.symbol).collect();
        assert_eq!(symbols.len(), 2, "round {round}");
        assert_eq!(*before.get_or_insert_with(|| symbols.clone()), symbols);
        assert_eq!(program.module_of("answer"), Some(linked.modules[0]));
        let unloaded = program.unload(&linked.modules).expect("nobody uses it");
        assert_eq!(names(&unloaded.functions).len(), 2);
        assert!(names(&unloaded.others).contains(&"other"));
        assert!(names(&unloaded.others).contains(&"state"));
        assert!(unloaded.handed_over.is_empty());
        assert!(
            !program.defines("answer") && !program.defines("state") && !program.defines("other")
        );
        assert!(program.resolve_name("answer").is_err());
        let again = program.unload(&linked.modules);
        assert!(
            matches!(again, Err(LinkError::NoModule { .. })),
            "{again:?}"
        );
    }
    assert_eq!(program.functions().collect::<Vec<_>>(), ["stays"]);
    program.unload(&first.modules).expect("the last one");
    assert_eq!(program.functions().count(), 0);
    add(&mut program, ANSWER);
    text(&program.baseline_slice(&["answer"]).expect("it slices"));
}

#[test]
fn copies_of_one_module_have_names_of_their_own_whichever_goes() {
    let local = "@x = internal global i32 0";
    let mut program = Program::new(Arc::new(()));
    let one = add(&mut program, local);
    let two = add(&mut program, local);
    let name = |linked: &Linked| promoted(&text(&linked.data[0].ir), "x");
    assert_ne!(name(&one), name(&two));
    program.unload(&one.modules).expect("nobody uses it");
    let three = add(&mut program, local);
    assert_ne!(name(&two), name(&three));
}

#[test]
fn a_module_in_use_is_refused_with_names() {
    let (mut program, linked) = link(&[
        ANSWER,
        "declare i32 @answer()\n@state = external global i32
         define i32 @user() { %r = call i32 @answer()\n store i32 %r, ptr @state\n ret i32 %r }",
    ]);
    let users = in_use(&mut program, &linked.modules[..1]);
    let user = |symbol: &str| ("1.ll".to_owned(), symbol.to_owned());
    assert_eq!(users, [user("answer"), user("state")]);
    let error = program.unload(&linked.modules[..1]).expect_err("in use");
    assert_eq!(
        error.to_string(),
        "can't unload `0.ll`: `1.ll` uses `answer`, `state`"
    );
    program
        .unload(&linked.modules[1..])
        .expect("nobody uses the user");
    program
        .unload(&linked.modules[..1])
        .expect("nobody uses it any more");
}

#[test]
fn modules_that_use_one_another_go_together() {
    let (mut program, linked) = link(&[
        "declare void @b()\ndefine void @a() { call void @b()\n ret void }",
        "declare void @a()\ndefine void @b() { call void @a()\n ret void }",
        "define void @c() { ret void }",
    ]);
    in_use(&mut program, &linked.modules[..1]);
    in_use(&mut program, &linked.modules[1..]);
    let unloaded = program
        .unload(&linked.modules[..2])
        .expect("they go together");
    assert_eq!(names(&unloaded.functions), ["a", "b"]);
    assert_eq!(program.functions().collect::<Vec<_>>(), ["c"]);
}

/// An inline function with a string literal of its own in each module.
fn inline(user: &str, text: &str) -> String {
    format!(
        "$shared = comdat any\n$inner = comdat any
        @.str = private unnamed_addr constant [4 x i8] c\"{text}\"
        define linkonce_odr ptr @inner() comdat {{ ret ptr @.str }}
        define linkonce_odr ptr @shared() comdat {{ %r = call ptr @inner()\n ret ptr %r }}
        define ptr @{user}() {{ %r = call ptr @shared()\n ret ptr %r }}"
    )
}

#[test]
fn inline_functions_are_handed_over() {
    let (mut program, linked) = link(&[&inline("one", "one\\00"), &inline("two", "two\\00")]);
    let unit = |program: &Program, root: &str| {
        let unit = program.unit_slice(root, "body", &ImportBudget::default());
        text(&unit.expect("it slices"))
    };
    // Before anything goes units keep to what their module has.
    assert!(
        unit(&program, "one").contains("c\"one"),
        "{}",
        unit(&program, "one")
    );
    assert!(
        unit(&program, "two").contains("c\"two"),
        "{}",
        unit(&program, "two")
    );
    assert!(!unit(&program, "two").contains("c\"one"));
    assert!(unit(&program, "shared").contains("c\"one"));

    let unloaded = program
        .unload(&linked.modules[..1])
        .expect("both have them");
    assert_eq!(names(&unloaded.handed_over), ["inner", "shared"]);
    assert_eq!(names(&unloaded.functions), ["one"]);
    assert_eq!(program.module_of("shared"), Some(linked.modules[1]));
    let shared = unit(&program, "shared");
    assert!(
        shared.contains("c\"two") && !shared.contains("c\"one"),
        "{shared}"
    );
    let baseline = text(&program.baseline_slice(&["inner"]).expect("it slices"));
    let literal = promoted(&baseline, ".str");
    assert!(line(&baseline, &literal).contains("external"), "{baseline}");
    assert!(
        text(&linked.data[1].ir).contains(&literal),
        "the second module's"
    );
    let unloaded = program.unload(&linked.modules[1..]).expect("the last one");
    assert_eq!(names(&unloaded.functions), ["inner", "shared", "two"]);
}

#[test]
fn variables_that_are_shared_keep_their_module() {
    let module = |user: &str| {
        format!(
            "$v = comdat any\n@v = linkonce_odr global i32 0, comdat
            define ptr @{user}() {{ ret ptr @v }}"
        )
    };
    let (mut program, linked) = link(&[&module("one"), &module("two")]);
    let users = in_use(&mut program, &linked.modules[..1]);
    assert_eq!(users, [("1.ll".to_owned(), "v".to_owned())]);
    program
        .unload(&linked.modules[1..])
        .expect("its copy is no definition");
    program
        .unload(&linked.modules[..1])
        .expect("nobody uses it");
}

#[test]
fn weak_functions_that_differ_are_not_handed_over() {
    let module = |user: &str, value: i32| {
        format!(
            "define weak i32 @w() {{ ret i32 {value} }}
            define i32 @{user}() {{ %r = call i32 @w()\n ret i32 %r }}"
        )
    };
    let (mut program, linked) = link(&[&module("one", 1), &module("two", 2)]);
    in_use(&mut program, &linked.modules[..1]);
}

#[test]
fn aliases_go_over_with_their_functions() {
    let module = |user: &str| {
        format!(
            "$f = comdat any\ndefine weak_odr i32 @f() comdat {{ ret i32 1 }}
            @a = weak_odr alias i32 (), ptr @f
            define i32 @{user}() {{ %r = call i32 @a()\n ret i32 %r }}"
        )
    };
    let (mut program, linked) = link(&[&module("one"), &module("two")]);
    let unloaded = program
        .unload(&linked.modules[..1])
        .expect("both have them");
    assert_eq!(names(&unloaded.handed_over), ["f"]);
    assert!(!names(&unloaded.others).contains(&"a"));
    assert_eq!(program.module_of("a"), Some(linked.modules[1]));
    let unit = program.unit_slice("two", "body", &ImportBudget::default());
    let unit = text(&unit.expect("it slices"));
    assert!(line(&unit, "f").contains("available_externally"), "{unit}");
}

#[test]
fn undefined_functions_stay_as_long_as_somebody_wants_them() {
    let user = |name: &str| {
        format!("declare void @later()\ndefine void @{name}() {{ call void @later()\n ret void }}")
    };
    let (mut program, linked) = link(&[&user("one"), &user("two")]);
    let unloaded = program
        .unload(&linked.modules[..1])
        .expect("nobody uses it");
    assert_eq!(names(&unloaded.functions), ["one"]);
    let undefined = program.undefined("later").expect("it still is");
    assert_eq!(undefined.users, ["two"]);
    let unloaded = program
        .unload(&linked.modules[1..])
        .expect("nobody uses it");
    assert_eq!(names(&unloaded.functions), ["later", "two"]);
    assert!(program.undefined("later").is_none());
}

#[test]
fn what_the_host_has_is_forgotten_with_its_last_user() {
    let user = |name: &str| {
        format!("declare void @puts()\ndefine void @{name}() {{ call void @puts()\n ret void }}")
    };
    let (mut program, linked) =
        try_link(host(&["puts"]), &[&user("one"), &user("two")]).expect("it links");
    let own = "define void @puts() { ret void }";
    program
        .unload(&linked.modules[..1])
        .expect("nobody uses it");
    program
        .link(parse(&[own]))
        .expect_err("two is bound to the host's");
    program
        .unload(&linked.modules[1..])
        .expect("nobody uses it");
    program
        .link(parse(&[own]))
        .expect("nobody is bound to the host's");
}

#[test]
fn every_module_has_a_handle_of_its_own() {
    let module = |user: &str| {
        format!(
            "@__dso_handle = external hidden global i8
            declare i32 @__cxa_atexit(ptr, ptr, ptr)\ndeclare i32 @atexit(ptr)
            define i32 @{user}(ptr %f) {{
              %a = call i32 @__cxa_atexit(ptr %f, ptr null, ptr @__dso_handle)
              %b = call i32 @atexit(ptr %f)
              %r = add i32 %a, %b\n  ret i32 %r\n}}"
        )
    };
    let without = "define void @without() { ret void }";
    let (program, linked) = try_link(
        host(&["__cxa_atexit"]),
        &[&module("one"), &module("two"), without],
    )
    .expect("it links");
    let handles: Vec<_> = linked.handles.iter().map(|(module, _)| *module).collect();
    assert_eq!(handles, linked.modules[..2]);
    assert_ne!(linked.handles[0].1, linked.handles[1].1);
    for ((_, handle), user) in linked.handles.iter().zip(["one", "two"]) {
        let unit = program.unit_slice(user, "body", &ImportBudget::default());
        let unit = text(&unit.expect("it slices"));
        assert!(
            unit.contains(&format!("ptr null, ptr @{handle})")),
            "{unit}"
        );
        assert!(!unit.contains("call i32 @atexit("), "{unit}");
        let atexit = program.callees(user)[0].to_string();
        let own = text(&program.baseline_slice(&[&atexit]).expect("it slices"));
        assert!(
            own.contains(&format!("@__cxa_atexit(ptr %0, ptr null, ptr @{handle})")),
            "{own}"
        );
    }
}

#[test]
fn only_atexit_makes_a_handle() {
    let module = "declare i32 @pthread_atfork(ptr, ptr, ptr)
        define i32 @f(ptr %f) { %r = call i32 @pthread_atfork(ptr %f, ptr null, ptr %f)\n ret i32 %r }";
    let (program, linked) = try_link(host(&["__register_atfork"]), &[module]).expect("it links");
    assert_eq!(linked.handles.len(), 1);
    let own = program.callees("f")[0].to_string();
    let own = text(&program.baseline_slice(&[&own]).expect("it slices"));
    let call = format!(
        "@__register_atfork(ptr %0, ptr %1, ptr %2, ptr @{})",
        linked.handles[0].1
    );
    assert!(own.contains(&call), "{own}");
}

#[test]
fn modules_with_parts_of_one_section_go_together() {
    let part = |name: &str| format!("@{name} = global i32 1, section \"things\"");
    let bounds = "@__start_things = external global i32
        define ptr @first() { ret ptr @__start_things }";
    let (mut program, linked) = link(&[&part("one"), &part("two"), bounds]);
    let bound = |module: &str| (module.to_owned(), "__start_things".to_owned());
    assert_eq!(
        in_use(&mut program, &linked.modules[..1]),
        [bound("1.ll"), bound("2.ll")]
    );
    assert_eq!(in_use(&mut program, &linked.modules[1..]), [bound("0.ll")]);
    program.unload(&linked.modules).expect("all of them");
}
