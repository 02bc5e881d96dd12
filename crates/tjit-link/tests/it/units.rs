//! What is in a unit, besides the body.

use std::sync::Arc;

use tjit_link::{ImportBudget, NoInline, Program};

use crate::support::{host, line, link, text, try_link};

#[track_caller]
fn unit(program: &Program, root: &str, imports: &ImportBudget) -> String {
    let unit = program
        .unit_slice(root, "body", imports)
        .unwrap_or_else(|error| panic!("{error}"));
    text(&unit)
}

fn definition(text: &str, symbol: &str) -> &'static str {
    let line = line(text, symbol);
    if line.contains("available_externally") {
        "imported"
    } else if line.starts_with("declare") || line.contains(" external ") {
        "declared"
    } else {
        "defined"
    }
}

#[test]
fn a_lone_root_is_strong_and_external() {
    let (program, _) =
        link(&["$f = comdat any\ndefine linkonce_odr hidden void @f() comdat { ret void }"]);
    let unit = unit(&program, "f", &ImportBudget::NONE);
    assert_eq!(line(&unit, "body"), "define dso_local void @body() {");
}

#[test]
fn recursion_is_direct_and_the_address_is_the_stubs() {
    let (program, _) = link(&["@a = alias i32 (ptr), ptr @f
        define i32 @f(ptr %x) { %r = call i32 @f(ptr @f)\n %s = call i32 @a(ptr null)\n %t = call i32 @g()\n ret i32 %r }
        define i32 @g() { %r = call i32 @f(ptr null)\n ret i32 %r }"]);
    let unit = unit(&program, "f", &ImportBudget::default());
    assert!(unit.contains("%r = call i32 @body(ptr @f)"), "{unit}");
    assert!(unit.contains("%s = call i32 @body(ptr null)"), "{unit}");
    assert_eq!(definition(&unit, "g"), "imported");
}

#[test]
fn callees_are_imported_across_modules_nearest_first() {
    let (program, _) = link(&[
        "declare i32 @near()\ndefine i32 @f() { %r = call i32 @near()\n %s = call i32 @other()\n ret i32 %r }
         define i32 @far() { %r = add i32 1, 2\n ret i32 %r }
         define i32 @other() noinline { ret i32 1 }",
        "declare i32 @far()\ndefine i32 @near() { %r = call i32 @far()\n ret i32 %r }",
    ]);
    let all = unit(&program, "f", &ImportBudget::default());
    assert_eq!(
        ["near", "far", "other"].map(|name| definition(&all, name)),
        ["imported", "imported", "declared"]
    );
    let two = unit(
        &program,
        "f",
        &ImportBudget {
            instructions: 3,
            ..ImportBudget::default()
        },
    );
    assert_eq!(
        ["near", "far"].map(|name| definition(&two, name)),
        ["imported", "declared"]
    );
    let none = unit(
        &program,
        "f",
        &ImportBudget {
            callee_instructions: 1,
            ..ImportBudget::default()
        },
    );
    assert_eq!(definition(&none, "near"), "declared");
}

#[test]
fn noinline_beside_optnone_is_the_compilers() {
    let (program, _) = link(&["define i32 @f() { %r = call i32 @g()\n ret i32 %r }
        define i32 @g() noinline optnone { ret i32 1 }"]);
    let respect = ImportBudget {
        no_inline: NoInline::Respect,
        ..ImportBudget::default()
    };
    assert_eq!(definition(&unit(&program, "f", &respect), "g"), "declared");
    assert_eq!(
        definition(&unit(&program, "f", &ImportBudget::default()), "g"),
        "imported"
    );
}

#[test]
fn the_prevailing_copy_is_imported() {
    let (program, _) = link(&[
        "define weak i32 @g() { ret i32 1 }\ndefine i32 @f() { %r = call i32 @g()\n ret i32 %r }",
        "define i32 @g() { ret i32 2 }",
    ]);
    let unit = unit(&program, "f", &ImportBudget::default());
    assert!(
        unit.contains("ret i32 2") && !unit.contains("ret i32 1"),
        "{unit}"
    );
}

#[test]
fn copies_of_the_hosts_functions_are_imported_if_they_share_its_state() {
    let text = "@v = linkonce_odr global i32 0
        @own = internal global i32 0
        define linkonce_odr i32 @same() { %r = load i32, ptr @v\n ret i32 %r }
        define linkonce_odr i32 @differs() { %r = load i32, ptr @own\n ret i32 %r }
        define i32 @f() { %r = call i32 @same()\n %s = call i32 @differs()\n ret i32 %r }";
    let (program, _) = try_link(host(&["v", "same", "differs"]), &[text]).expect("it links");
    let unit = unit(&program, "f", &ImportBudget::default());
    assert_eq!(
        ["same", "differs"].map(|name| definition(&unit, name)),
        ["imported", "declared"]
    );
}

#[test]
fn constants_come_with_their_values_and_variables_do_not() {
    let (program, _) = link(&[
        "@table = external constant [2 x ptr]
         @limit = constant i32 7
         @config = global i32 8
         @replaceable = weak constant i32 9
         define i32 @f() {
           %p = load ptr, ptr @table
           %a = load i32, ptr @limit
           %b = load i32, ptr @config
           %c = load i32, ptr @replaceable
           ret i32 %a
         }",
        "@.str = private unnamed_addr constant [3 x i8] c\"ab\\00\"
         @table = constant [2 x ptr] [ptr @.str, ptr @g]
         define void @g() { ret void }",
    ]);
    let all = unit(&program, "f", &ImportBudget::default());
    assert_eq!(
        ["table", "limit", "config", "replaceable", "g"].map(|name| definition(&all, name)),
        ["imported", "imported", "declared", "declared", "declared"]
    );
    let string = crate::support::promoted(&all, ".str");
    assert_eq!(definition(&all, &string), "imported");
    let none = unit(
        &program,
        "f",
        &ImportBudget {
            constant_bytes: 3,
            ..ImportBudget::default()
        },
    );
    assert_eq!(definition(&none, "limit"), "declared");
}

#[test]
fn units_have_contexts_of_their_own_and_are_made_on_any_thread() {
    let (program, _) = link(&[
        "define i32 @f() { ret i32 1 }\ndefine i32 @g() { %r = call i32 @f()\n ret i32 %r }",
    ]);
    let program = Arc::new(program);
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let program = program.clone();
            std::thread::spawn(move || program.unit_slice("g", "body", &ImportBudget::default()))
        })
        .collect();
    let baseline = program.baseline_slice(&["f"]).expect("it slices");
    for worker in workers {
        let unit = worker
            .join()
            .expect("it does not panic")
            .expect("it slices");
        assert!(!unit.context().is(baseline.context()));
        text(&unit);
    }
}
