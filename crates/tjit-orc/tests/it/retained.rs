//! Which addresses of a module's own may be kept.

use tjit_orc::retained;

use crate::support::parse;

#[track_caller]
fn check(ir: &str, expected: Option<&str>) {
    let module = parse(ir);
    assert_eq!(module.with_module(retained).as_deref(), expected);
}

#[test]
fn calls_and_accesses_keep_nothing() {
    check(
        "@table = private constant [2 x i64] [i64 1, i64 2]
         @state = internal global i64 0
         @text = private constant [3 x i8] c\"hi\\00\"
         declare i32 @puts(ptr nocapture readonly)
         define i64 @root(i64 %i) {
           %place = getelementptr [2 x i64], ptr @table, i64 0, i64 %i
           %value = load i64, ptr %place
           store i64 %value, ptr @state
           %said = call i32 @puts(ptr @text)
           %own = call i64 @part()
           ret i64 %own
         }
         define internal i64 @part() { ret i64 1 }",
        None,
    );
}

#[test]
fn a_stored_function_is_kept() {
    check(
        "define void @root(ptr %frame) { store ptr @resume, ptr %frame ret void }
         define internal void @resume(ptr %frame) { ret void }",
        Some("the address of its function `resume`"),
    );
}

#[test]
fn a_function_in_a_table_is_kept() {
    check(
        "@table = private constant [1 x ptr] [ptr @part]
         define ptr @root() { %part = load ptr, ptr @table ret ptr %part }
         define internal void @part() { ret void }",
        Some("the address of its function `part`"),
    );
}

#[test]
fn a_returned_variable_is_kept() {
    check(
        "@state = internal global i64 0
         define ptr @root() { ret ptr @state }",
        Some("the address of its variable `state`"),
    );
}

#[test]
fn a_variable_that_was_passed_on_is_kept() {
    check(
        "@state = internal global i64 0
         declare void @keep(ptr)
         define void @root() { call void @keep(ptr @state) ret void }",
        Some("the address of its variable `state`"),
    );
}
