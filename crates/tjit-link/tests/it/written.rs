//! Who writes a variable, over several modules and as the program changes.

use tjit_link::Writer;

use crate::support::{link, parse};

const DATA: &str = "@limit = global i32 1
    define i32 @read() { %v = load i32, ptr @limit\n ret i32 %v }";

#[test]
fn a_later_module_may_write_what_nobody_wrote() {
    let (mut program, _) = link(&[DATA]);
    assert_eq!(program.written_by("limit"), Some(Writer::Nobody));
    let setter = "@limit = external global i32
        define void @set(i32 %v) { store i32 %v, ptr @limit\n ret void }";
    let linked = program.link(parse(&[setter])).expect("it links");
    assert_eq!(program.written_by("limit"), None);
    program.unload(&linked.modules).expect("nobody uses it");
    assert_eq!(program.written_by("limit"), Some(Writer::Nobody));
}

#[test]
fn addresses_are_followed_into_functions_of_other_modules() {
    let user = "@limit = external global i32
        declare void @helper(ptr)
        define void @use() { call void @helper(ptr @limit)\n ret void }";
    let helper = |body: &str| {
        format!(
            "@limit = external global i32
            declare void @second(ptr)
            define void @helper(ptr %p) {{ {body}\n ret void }}"
        )
    };
    let second = |body: &str| format!("define void @second(ptr %p) {{ {body}\n ret void }}");
    let by = |helper_body: &str, second_body: &str| {
        let (helper, second) = (helper(helper_body), second(second_body));
        link(&[DATA, user, &helper, &second]).0.written_by("limit")
    };
    let hand_on = "call void @second(ptr %p)";
    assert_eq!(by("%v = load i32, ptr %p", ""), Some(Writer::Nobody));
    assert_eq!(by(hand_on, "%v = load i32, ptr %p"), Some(Writer::Nobody));
    assert_eq!(by(hand_on, "store i32 1, ptr %p"), None);
    assert_eq!(by("store i32 1, ptr %p", ""), None);
}

#[test]
fn a_returned_address_is_followed_to_the_callers_in_other_modules() {
    let getter = "@limit = external global i32
        define ptr @instance() { ret ptr @limit }";
    let caller = |body: &str| {
        format!(
            "declare ptr @instance()
            define ptr @use() {{ %p = call ptr @instance()\n {body} }}"
        )
    };
    let by = |body: &str| link(&[DATA, getter, &caller(body)]).0.written_by("limit");
    assert_eq!(by("ret ptr null"), Some(Writer::Nobody));
    assert_eq!(
        by("%v = load i32, ptr %p\n ret ptr null"),
        Some(Writer::Nobody)
    );
    assert_eq!(by("store i32 1, ptr %p\n ret ptr null"), None);
    // Handed on once more: to callers that are not there.
    assert_eq!(by("ret ptr %p"), Some(Writer::Nobody));
    assert_eq!(by("ret ptr @instance"), None);
}

#[test]
fn other_names_of_a_variable_count() {
    let alias = "@limit = global i32 1\n@other = alias i32, ptr @limit
        define i32 @read() { %v = load i32, ptr @other\n ret i32 %v }";
    let writer = "@other = external global i32
        define void @set() { store i32 2, ptr @other\n ret void }";
    assert_eq!(link(&[alias]).0.written_by("limit"), Some(Writer::Nobody));
    assert_eq!(link(&[alias, writer]).0.written_by("limit"), None);
}

#[test]
fn only_ordinary_variables_of_the_program_are_asked_about() {
    let (program, _) = link(&["@local = thread_local global i32 1
        @elsewhere = external global i32
        define i32 @f() { %v = load i32, ptr @local\n ret i32 %v }"]);
    for name in ["local", "elsewhere", "f", "nothing"] {
        assert_eq!(program.written_by(name), None, "{name}");
    }
}

#[test]
fn who_calls_a_getter_from_outside_may_write() {
    let getter = "@limit = global i32 1
        define ptr @instance() { ret ptr @limit }
        define i32 @read() { %v = load i32, ptr @limit\n ret i32 %v }";
    let (mut program, _) = link(&[getter]);
    assert!(!program.note_outside_calls("read"));
    assert_eq!(program.written_by("limit"), Some(Writer::Nobody));
    assert!(program.note_outside_calls("instance"));
    assert_eq!(program.written_by("limit"), None);
    assert!(!program.note_outside_calls("instance"), "it was known");
    let more = "define i32 @more() { ret i32 1 }";
    program.link(parse(&[more])).expect("it links");
    assert_eq!(program.written_by("limit"), None, "as before");
}

#[test]
fn who_calls_a_constructor_from_outside_may_write() {
    let constructor = "@limit = internal global i32 1
        @llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 1, ptr @init, ptr null }]
        define internal void @init() { call void @set()\n ret void }
        define internal void @set() { store i32 2, ptr @limit\n ret void }
        define i32 @read() { %v = load i32, ptr @limit\n ret i32 %v }";
    for name in ["init", "set"] {
        let (program, _) = link(&[constructor]);
        let written = program.functions().find(|symbol| symbol.starts_with(name));
        let symbol = written.expect("it is a function").to_owned();
        let variable = program.resolve_variable("limit").expect("it is one").symbol;
        assert!(matches!(
            program.written_by(&variable),
            Some(Writer::Constructors { .. })
        ));
        assert!(program.note_outside_calls(&symbol), "{name}");
        assert_eq!(program.written_by(&variable), None, "{name}");
    }
}
