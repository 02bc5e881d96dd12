//! Functions with another body, and what callers are promised then.

use std::sync::Arc;

use tjit_link::{ImportBudget, LinkError, Program, Redefined, Unredefinable};

use crate::support::{line, link, parse, text};

fn try_redefine(program: &mut Program, symbol: &str, ir: &str) -> Result<Redefined, LinkError> {
    let module = parse(&[ir]).pop().expect("there is one");
    let (redefinition, _) = program.prepare_redefinition(symbol, module)?;
    program.redefine(&redefinition)
}

#[track_caller]
fn redefine(program: &mut Program, symbol: &str, ir: &str) -> Vec<String> {
    let done = try_redefine(program, symbol, ir).unwrap_or_else(|error| panic!("{error}"));
    done.changed.iter().map(|name| name.to_string()).collect()
}

#[track_caller]
fn refusal(result: Result<Redefined, LinkError>) -> Unredefinable {
    match result {
        Err(LinkError::Redefine { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn baseline(program: &Program, symbol: &str) -> String {
    text(&program.baseline_slice(&[symbol]).expect("it is there"))
}

#[track_caller]
fn unit(program: &Program, root: &str) -> String {
    let unit = program.unit_slice(root, "body", &ImportBudget::default());
    text(&unit.expect("it is there"))
}

#[test]
fn slices_have_the_new_body_once_it_prevails() {
    let (mut program, _) = link(&[
        "define i32 @f() { ret i32 1 }\ndefine i32 @g() { %r = call i32 @f()\n ret i32 %r }",
    ]);
    let module = parse(&["@own = internal global i32 2\n\
         define i32 @f() { %r = load i32, ptr @own\n ret i32 %r }"]);
    let module = module.into_iter().next().expect("there is one");
    let (redefinition, linked) = program
        .prepare_redefinition("f", module)
        .expect("it can be redefined");
    assert_eq!(linked.modules, [redefinition.module()]);
    assert_eq!(linked.data.len(), 1, "it has data of its own");
    assert!(unit(&program, "g").contains("ret i32 1"));
    assert!(baseline(&program, "f").contains("ret i32 1"));
    let new = program.redefinition_slice(&redefinition, "f_new");
    assert!(text(&new.expect("it is there").module).contains("load i32, ptr @own"));

    let done = program.redefine(&redefinition).expect("it is redefined");
    assert_eq!(done.changed, [Arc::from("f")]);
    assert_eq!(
        done.dropped, None,
        "the first body is of a module that stays"
    );
    assert!(unit(&program, "g").contains("load i32, ptr @own"));
    assert!(baseline(&program, "f").contains("load i32, ptr @own"));

    let module = parse(&["define i32 @f() { ret i32 3 }"]);
    let module = module.into_iter().next().expect("there is one");
    let (again, _) = program
        .prepare_redefinition("f", module)
        .expect("it can be redefined");
    let done = program.redefine(&again).expect("it is redefined");
    assert_eq!(done.dropped, Some(redefinition.module()));
}

/// Two modules that call `@f`, which promises much, and one that has it.
const PROMISING: [&str; 3] = [
    "define noundef i32 @f(ptr noundef nonnull readonly captures(none) %p) nounwind willreturn memory(read) { ret i32 1 }
     define i32 @near(ptr %p) nounwind memory(read) { %r = call i32 @f(ptr nonnull %p)\n ret i32 %r }
     define i32 @apart() nounwind { ret i32 2 }",
    "declare i32 @f(ptr readonly) nounwind
     define i32 @far(ptr %p) nounwind mustprogress { %r = call i32 @f(ptr %p) willreturn\n ret i32 %r }
     define i32 @alone(ptr %p) { ret i32 2 }",
    "declare i32 @far(ptr) nounwind
     define i32 @further(ptr %p) nounwind { %r = call i32 @far(ptr %p) nounwind\n ret i32 %r }",
];

#[test]
fn what_the_new_body_does_not_promise_nobody_relies_on() {
    let (mut program, _) = link(&PROMISING);
    let new = "define noundef i32 @f(ptr noundef %p) willreturn { ret i32 2 }";
    let changed = redefine(&mut program, "f", new);
    assert_eq!(changed, ["f", "far", "further", "near"]);
    let near = baseline(&program, "near");
    assert_eq!(
        line(&near, "f"),
        "declare noundef i32 @f(ptr noundef) #0",
        "{near}"
    );
    assert!(near.contains("call i32 @f(ptr %p)"), "{near}");
    assert!(near.contains("attributes #0 = { willreturn }"), "{near}");
    let far = baseline(&program, "far");
    assert_eq!(line(&far, "f"), "declare i32 @f(ptr)", "{far}");
    assert!(!far.contains("nounwind"), "{far}");
    assert!(far.contains("mustprogress"), "{far}");
    assert!(far.contains("willreturn"), "{far}");
    let further = baseline(&program, "further");
    assert!(!further.contains("nounwind"), "{further}");
    assert!(baseline(&program, "apart").contains("nounwind"));
}

#[test]
fn promises_that_are_kept_change_nothing() {
    let (mut program, _) = link(&PROMISING);
    let same = PROMISING[0].lines().next().expect("a line");
    assert_eq!(redefine(&mut program, "f", same), ["f"]);
    assert!(baseline(&program, "near").contains("nounwind"));
}

#[test]
fn promises_other_than_unwinding_leave_callers_that() {
    let (mut program, _) = link(&PROMISING);
    let new = "define noundef i32 @f(ptr noundef nonnull readonly captures(none) %p) nounwind willreturn { ret i32 2 }";
    assert_eq!(redefine(&mut program, "f", new), ["f", "near"]);
    let near = baseline(&program, "near");
    assert!(near.contains("nounwind"), "{near}");
    assert!(!near.contains("memory(read)"), "{near}");
}

#[test]
fn a_new_body_may_be_its_own_callers_caller() {
    let (mut program, _) = link(&["define void @f() nounwind { ret void }
         define void @g() nounwind { call void @f()\n ret void }"]);
    let new = "declare void @g() nounwind\ndefine void @f() { call void @g()\n ret void }";
    let done = try_redefine(&mut program, "f", new).expect("it is redefined");
    assert_eq!(done.changed, [Arc::from("f"), Arc::from("g")]);
    assert!(done.is_body_stale);
    assert!(!baseline(&program, "f").contains("nounwind"));
}

#[test]
fn other_names_and_tables_promise_no_more() {
    let (mut program, _) = link(&[
        "define void @f() nounwind { ret void }\n@other = alias void (), ptr @f\n\
         @table = constant [1 x ptr] [ptr @f]\n\
         define void @g() { call void @other() nounwind\n ret void }",
        "@table = external constant [1 x ptr]\n\
         define ptr @h() { %f = load ptr, ptr @table\n ret ptr %f }",
    ]);
    let slice = program.unit("h", "body", &ImportBudget::default());
    assert_eq!(slice.expect("it is there").bodies, [Arc::from("table")]);
    let changed = redefine(&mut program, "f", "define void @f() { ret void }");
    assert_eq!(changed, ["f", "g", "other", "table"]);
    assert!(!baseline(&program, "g").contains("nounwind"));
}

#[test]
fn later_modules_are_promised_no_more() {
    let (mut program, _) = link(&PROMISING);
    redefine(&mut program, "f", "define i32 @f(ptr %p) { ret i32 2 }");
    program
        .link(parse(&[
            "declare i32 @f(ptr readonly) nounwind\ndeclare i32 @far(ptr) nounwind memory(none)\n\
             define i32 @late(ptr %p) nounwind { %r = call i32 @f(ptr %p)\n ret i32 %r }\n\
             define i32 @later(ptr %p) nounwind { %r = call i32 @far(ptr %p)\n ret i32 %r }",
        ]))
        .expect("it links");
    for name in ["late", "later"] {
        let slice = baseline(&program, name);
        assert!(!slice.contains('#'), "{slice}");
    }
}

#[test]
fn who_ends_in_a_call_can_not_go_on_behind_it() {
    let (mut program, _) = link(&[
        "define void @f() noreturn { unreachable }\n\
         define void @g() { call void @f()\n unreachable }",
        "define void @soft() noreturn { unreachable }\n\
         define void @h() { call void @soft()\n ret void }",
        "define i32 @once() { ret i32 0 }",
    ]);
    let returns = "define void @f() { ret void }";
    let refused = try_redefine(&mut program, "f", returns);
    assert_eq!(refusal(refused), Unredefinable::Returns);
    redefine(
        &mut program,
        "f",
        "define void @f() noreturn { call void @f()\n unreachable }",
    );
    let changed = redefine(&mut program, "soft", "define void @soft() { ret void }");
    assert_eq!(changed, ["h", "soft"]);
    let twice = "define i32 @once() returns_twice { ret i32 0 }";
    let refused = try_redefine(&mut program, "once", twice);
    assert_eq!(refusal(refused), Unredefinable::ReturnsTwice);
}
