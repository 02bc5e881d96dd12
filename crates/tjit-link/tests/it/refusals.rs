//! What can't be linked yet: an error that names the symbol.

use tjit_link::LinkError;

use crate::support::link_error;

#[track_caller]
fn check(text: &str, message: &str) {
    let error = link_error(&[text]);
    assert!(matches!(error, LinkError::Unsupported { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("can't link {message}"));
}

#[test]
fn addresses_of_thread_locals_in_values_of_variables() {
    check(
        "@_ZN1n1xE = thread_local global i32 0\n@p = global ptr @_ZN1n1xE",
        "`n::x` (`_ZN1n1xE`): its address, which each thread has another of, is in the value of a variable",
    );
    check(
        "@x = thread_local global [2 x i32] zeroinitializer
        @a = alias i32, getelementptr (i8, ptr @x, i64 4)
        define ptr @f() { ret ptr @a }",
        "`x`: its address, which each thread has another of, is in the value of a variable",
    );
}

#[test]
fn called_sections_with_other_than_functions() {
    let what =
        "it is in a section that the system calls and does not consist of addresses of functions";
    for value in ["i64 1", "ptr null", "ptr getelementptr (i8, ptr @f, i64 1)"] {
        check(
            &format!(
                "@list = global {value}, section \".init_array\"\ndefine void @f() {{ ret void }}"
            ),
            &format!("`list`: {what}"),
        );
    }
    check(
        "@list = global ptr @f, section \".init_array.early\"\ndefine void @f() { ret void }",
        "`list`: its section's name does not end with a priority from 0 to 65535",
    );
}

#[test]
fn called_functions_of_the_host() {
    let text = "@list = global ptr @f, section \".init_array\"\ndeclare void @f()";
    let error = crate::support::try_link(crate::support::host(&["f"]), &[text])
        .expect_err("it has no stub");
    assert_eq!(
        error.to_string(),
        "can't link `f`: it is called when the program starts or ends, and is not the program's own"
    );
}

#[test]
fn code_of_called_sections() {
    check(
        "define void @f() section \".fini\" { ret void }",
        "`f`: it is part of a function that the linker puts together of all files' sections",
    );
}

#[test]
fn bounds_of_sections_of_other_than_data() {
    let bound =
        "@__start_things = external global i8\ndefine ptr @get() { ret ptr @__start_things }";
    let what = "in the section `things`, whose bounds are used";
    check(
        &format!("{bound}\ndefine void @f() section \"things\" {{ ret void }}"),
        &format!("`f`: it is a function {what}"),
    );
    check(
        &format!("{bound}\n@x = thread_local global i32 0, section \"things\""),
        &format!("`x`: it is a thread-local variable {what}"),
    );
    check(
        "@x = global i32 0, section \"things\"
        declare void @__stop_things()
        define ptr @get() { ret ptr @__stop_things }",
        "`__stop_things`: it is a bound of a section, and not a function",
    );
}

#[test]
fn aliases_into_functions() {
    check(
        "@a = alias i8, getelementptr (i8, ptr @f, i64 1)\ndefine void @f() { ret void }",
        "`a`: it is an alias of an address inside a function",
    );
}

#[test]
fn comdats_that_only_coff_has() {
    for kind in ["largest", "samesize", "exactmatch"] {
        check(
            &format!("$x = comdat {kind}\n@x = global i32 0, comdat"),
            "`x`: its COMDAT is chosen by size or contents",
        );
    }
}

#[test]
fn appending_linkage() {
    check(
        "@x = appending global [1 x i32] [i32 1]",
        "`x`: it has appending linkage",
    );
}

#[test]
fn names_of_counters() {
    check(
        "@f.tjit.calls = global i64 0",
        "`f.tjit.calls`: its name is that of a counter",
    );
}

#[test]
fn symbols_bound_to_the_host_already() {
    let user = "declare void @f()\ndefine void @g() { call void @f()\n ret void }";
    let (mut program, _) =
        crate::support::try_link(crate::support::host(&["f"]), &[user]).expect("the host has it");
    let error = program
        .link(crate::support::parse(&["define void @f() { ret void }"]))
        .expect_err("too late");
    assert_eq!(
        error.to_string(),
        "can't link `f`: the program is bound to the host's already"
    );
}

#[test]
fn tentative_definitions_that_grow_too_late() {
    let (mut program, _) = crate::support::link(&["@x = common global i32 0"]);
    let error = program
        .link(crate::support::parse(&["@x = common global i64 0"]))
        .expect_err("too late");
    assert_eq!(
        error.to_string(),
        "can't link `x`: `0.ll` defines it too small for another module"
    );
}

#[test]
fn functions_that_the_program_does_not_define() {
    let user = "declare void @f()\ndefine void @g() { call void @f()\n ret void }";
    let (program, _) =
        crate::support::try_link(crate::support::host(&["f"]), &[user]).expect("the host has it");
    let error = program
        .baseline_slice(&["f"])
        .expect_err("the host's code can't be sliced");
    assert!(matches!(error, LinkError::Unknown { .. }), "{error:?}");
}
