//! Thread-local variables: who has them, and what is left of them in data modules and slices.

use std::sync::Arc;

use tjit_link::{HostSymbols, LinkError, ThreadLocalIndex};

use crate::support::{line, link, link_error, parse, promoted, text, try_link};

/// A host with one thread-local.
struct Host;

impl HostSymbols for Host {
    fn find(&self, linker_name: &str) -> Option<u64> {
        (linker_name == "plain").then_some(0x1000)
    }

    fn find_thread_local(&self, linker_name: &str) -> Option<ThreadLocalIndex> {
        (linker_name == "of_host").then_some(ThreadLocalIndex {
            module: 3,
            offset: 48,
        })
    }
}

const USE: &str = "@of_host = external thread_local global i32
    define i32 @NAME() {
      %address = call ptr @llvm.threadlocal.address.p0(ptr @of_host)
      %value = load i32, ptr %address
      ret i32 %value
    }
    declare ptr @llvm.threadlocal.address.p0(ptr)";

#[test]
fn the_hosts_are_described_once() {
    let (first, second) = (USE.replace("NAME", "f"), USE.replace("NAME", "g"));
    let (mut program, linked) = try_link(Arc::new(Host), &[&first, &second]).expect("it links");
    let data: Vec<_> = linked.data.iter().map(|data| text(&data.ir)).collect();
    assert_eq!(data.len(), 1, "{data:?}");
    assert_eq!(
        line(&data[0], "of_host"),
        "@of_host = dso_local constant { i64, i64 } { i64 3, i64 48 }"
    );
    let slice = text(&program.baseline_slice(&["f", "g"]).expect("both are there"));
    assert_eq!(
        line(&slice, "of_host"),
        "@of_host = external constant { i64, i64 }"
    );
    assert_eq!(
        slice
            .matches("call nonnull ptr @__tls_get_addr(ptr @of_host)")
            .count(),
        2
    );

    let third = USE.replace("NAME", "h");
    let later = program.link(parse(&[&third])).expect("it links");
    assert!(later.data.is_empty());
}

#[test]
fn a_variable_of_the_hosts_is_thread_local_for_all_modules_or_for_none() {
    let first = USE.replace("NAME", "f");
    let second = "@of_host = external global i32\ndefine ptr @g() { ret ptr @of_host }";
    let error = try_link(Arc::new(Host), &[&first, second]).expect_err("they disagree");
    assert!(
        matches!(&error, LinkError::Unsupported { symbol, .. } if symbol == "of_host"),
        "{error:?}"
    );

    let plain = USE.replace("NAME", "f").replace("of_host", "plain");
    let error = try_link(Arc::new(Host), &[&plain]).expect_err("it is not thread-local");
    assert!(matches!(error, LinkError::Undefined { .. }), "{error:?}");
}

#[test]
fn a_variable_of_the_programs_is_thread_local_for_all_modules_or_for_none() {
    let error = link_error(&[
        "@x = thread_local global i32 1",
        "@x = external global i32\ndefine ptr @g() { ret ptr @x }",
    ]);
    assert!(matches!(error, LinkError::Mismatch { .. }), "{error:?}");
}

#[test]
fn modules_agree_on_one_description() {
    let (program, linked) = link(&[
        "@x = weak thread_local global i32 1
        @y = linkonce_odr thread_local global i64 0, align 64",
        "@x = thread_local global i32 2
        @y = linkonce_odr thread_local global i64 0, align 64
        define ptr @f(i1 %which) { %p = select i1 %which, ptr @x, ptr @y ret ptr %p }",
        "@x = external thread_local global i32
        define ptr @g() { ret ptr @x }",
    ]);
    let data: Vec<_> = linked.data.iter().map(|data| text(&data.ir)).collect();
    assert_eq!(data.len(), 2);
    assert_eq!(
        line(&data[0], "y"),
        "@y = dso_local global { i64, i64, ptr, ptr } { i64 8, i64 64, ptr null, ptr null }"
    );
    assert!(!data[0].contains("@x"), "{}", data[0]);
    assert_eq!(
        line(&data[1], "x"),
        "@x = dso_local global { i64, i64, ptr, ptr } { i64 4, i64 4, ptr null, ptr @__emutls_t.x }"
    );
    assert_eq!(
        line(&data[1], "__emutls_t.x"),
        "@__emutls_t.x = dso_local constant i32 2, align 4"
    );
    let slice = text(&program.baseline_slice(&["g"]).expect("it is there"));
    assert_eq!(
        line(&slice, "x"),
        "@x = external global { i64, i64, ptr, ptr }"
    );
}

#[test]
fn locals_of_one_name_are_two() {
    let module = |value: u32| {
        format!(
            "@x = internal thread_local global i32 {value}
            define ptr @f{value}() {{ ret ptr @x }}"
        )
    };
    let (_, linked) = link(&[&module(1), &module(2)]);
    let names: Vec<_> = linked
        .data
        .iter()
        .map(|data| promoted(&text(&data.ir), "x"))
        .collect();
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1]);
    let first = text(&linked.data[0].ir);
    assert!(
        first.contains(&format!("ptr @__emutls_t.{}", names[0])),
        "{first}"
    );
}

#[test]
fn declarations_that_nobody_uses_are_harmless() {
    let (_, linked) =
        link(&["@x = external thread_local global i32\ndefine void @f() { ret void }"]);
    assert!(linked.data.is_empty());
}

#[test]
fn undefined_ones_are_named() {
    let error =
        link_error(&["@x = external thread_local global i32\ndefine ptr @f() { ret ptr @x }"]);
    assert!(
        matches!(&error, LinkError::Undefined { symbols } if symbols[0].symbol == "x"),
        "{error:?}"
    );
}

#[test]
fn aliases_stand_for_the_calling_threads_copy() {
    let (program, linked) = link(&[
        "@x = thread_local global i32 7
        @a = thread_local alias i32, ptr @x
        define ptr @f() { %p = call ptr @llvm.threadlocal.address.p0(ptr @a) ret ptr %p }
        declare ptr @llvm.threadlocal.address.p0(ptr)",
        "@a = external thread_local global i32
        define ptr @g() { %p = call ptr @llvm.threadlocal.address.p0(ptr @a) ret ptr %p }
        declare ptr @llvm.threadlocal.address.p0(ptr)",
    ]);
    let data = text(&linked.data[0].ir);
    assert!(line(&data, "a").ends_with("alias i32, ptr @x"), "{data}");
    let slice = text(&program.baseline_slice(&["f"]).expect("it is there"));
    assert!(slice.contains("@__emutls_get_address(ptr @x)"), "{slice}");
    let slice = text(&program.baseline_slice(&["g"]).expect("it is there"));
    assert!(slice.contains("@__emutls_get_address(ptr @a)"), "{slice}");
}
