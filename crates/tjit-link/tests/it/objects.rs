//! Native objects and archives among modules; the objects are a C compiler's.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use object::{Object, ObjectSymbol};
use tjit_link::{Archive, Input, LinkError, Linked, NativeObject, Program};
use tjit_orc::ThreadSafeContext;
use tjit_test_util::{Lang, archive, bitcode_file, native_object};

use crate::support::host;

fn object_file(source: &str) -> PathBuf {
    native_object(source, Lang::C, &["-O1", "-fcommon"])
}

fn object(name: &str, source: &str) -> Input {
    let bytes = fs::read(object_file(source)).expect("it was just written");
    NativeObject::parse(name, bytes)
        .expect("the object is read")
        .into()
}

fn module(name: &str, text: &str) -> Input {
    let context = ThreadSafeContext::new();
    context
        .parse(name, text.as_bytes())
        .expect("the test's IR parses")
        .into()
}

fn archive_of(files: &[PathBuf]) -> Input {
    let bytes = fs::read(archive(files)).expect("it was just written");
    Archive::parse("libtest.a", bytes, None)
        .expect("the archive is read")
        .into()
}

fn try_link(inputs: Vec<Input>) -> Result<(Program, Linked), LinkError> {
    let mut program = Program::new(host(&["puts", "strlen"]));
    let linked = program.link(inputs)?;
    Ok((program, linked))
}

#[track_caller]
fn link(inputs: Vec<Input>) -> (Program, Linked) {
    try_link(inputs).expect("the test's program links")
}

#[track_caller]
fn error(inputs: Vec<Input>) -> String {
    try_link(inputs).expect_err("it must not link").to_string()
}

/// What the linker will find defined in an object.
fn defined(linked: &Linked, object: usize) -> Vec<String> {
    let file = object::File::parse(&*linked.objects[object].bytes).expect("it is still an object");
    let symbols = file
        .symbols()
        .filter(|symbol| symbol.is_global() && !symbol.is_undefined());
    let mut names: Vec<_> = symbols
        .map(|symbol| symbol.name().expect("a name").to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn strong_definitions_prevail_whoever_has_them() {
    let ir = "define weak i32 @a() { ret i32 1 }
        define i32 @b() { ret i32 1 }
        @c = common global i32 0
        @d = global i32 1";
    let c = "int a(void) { return 2; } __attribute__((weak)) int b(void) { return 2; }
        int c = 2; int d;";
    for inputs in [
        vec![module("m.ll", ir), object("o.o", c)],
        vec![object("o.o", c), module("m.ll", ir)],
    ] {
        let (program, linked) = link(inputs);
        assert_eq!(defined(&linked, 0), ["a", "c"]);
        assert_eq!(program.functions().collect::<Vec<_>>(), ["b"]);
        assert!(program.is_native_function("a"));
        assert!(!program.is_native_function("b"));
        assert!(!program.is_native_function("c"));
        assert_eq!(program.resolve_name("a").expect("it is there"), "a");
    }
}

#[test]
fn the_first_of_equals_prevails() {
    let ir = "define weak i32 @f() { ret i32 1 }";
    let c = "__attribute__((weak)) int f(void) { return 2; } int other;";
    let (program, linked) = link(vec![module("m.ll", ir), object("o.o", c)]);
    assert_eq!(defined(&linked, 0), ["other"]);
    assert_eq!(program.functions().count(), 1);
    let (program, linked) = link(vec![object("o.o", c), module("m.ll", ir)]);
    assert_eq!(defined(&linked, 0), ["f", "other"]);
    assert_eq!(program.functions().count(), 0);
}

#[test]
fn what_an_object_replaces_is_not_inlined() {
    let ir = "define weak i32 @f() { ret i32 1 }
        define i32 @g() { %r = call i32 @f() ret i32 %r }";
    let (program, _) = link(vec![
        module("m.ll", ir),
        object("o.o", "int f(void) { return 2; }"),
    ]);
    let unit = program
        .unit_slice("g", "g_optimized", &tjit_link::ImportBudget::default())
        .expect("it is sliced");
    let text = unit.with_module(|module| module.print_to_string().to_string());
    assert!(text.contains("declare i32 @f()"), "{text}");
}

#[test]
fn duplicates_name_both_files() {
    let c = "int f(void) { return 2; }";
    let ir = "define i32 @f() { ret i32 1 }";
    assert_eq!(
        error(vec![module("m.ll", ir), object("o.o", c)]),
        "duplicate symbol `f`: defined in `m.ll` and in `o.o`"
    );
    assert_eq!(
        error(vec![object("o.o", c), object("p.o", "int f;")]),
        "symbol `f` is a function in `o.o` and a variable in `p.o`"
    );
}

#[test]
fn undefined_symbols_name_the_object() {
    let text = error(vec![object(
        "o.o",
        "extern int x; int f(void) { return x; }",
    )]);
    assert!(text.starts_with("undefined symbol: `x`"), "{text}");
    assert!(text.contains("`o.o`"), "{text}");
}

#[test]
fn constructors_run_in_one_order() {
    let ir = "@llvm.global_ctors = appending global [2 x { i32, ptr, ptr }] [
          { i32, ptr, ptr } { i32 200, ptr @m200, ptr null },
          { i32, ptr, ptr } { i32 65535, ptr @m, ptr null }]
        define void @m200() { ret void }
        define void @m() { ret void }";
    let c = "int n;
        __attribute__((constructor(150))) void o150(void) { n++; }
        __attribute__((constructor(250))) void o250(void) { n++; }
        __attribute__((constructor)) static void o(void) { n++; }
        __attribute__((destructor(101))) void d101(void) { n++; }
        __attribute__((destructor)) void d(void) { n++; }";
    let (_, linked) = link(vec![object("o.o", c), module("m.ll", ir)]);
    let names: Vec<_> = linked
        .constructors
        .iter()
        .map(|constructor| constructor.symbol.as_str())
        .collect();
    assert_eq!(names[..3], ["o150", "m200", "o250"]);
    assert!(names[3].starts_with("initializer."), "{names:?}");
    assert_eq!(names[4..], ["m"]);
    assert!(
        defined(&linked, 0).iter().any(|name| name == names[3]),
        "the local function has a name"
    );
    let names = linked
        .destructors
        .iter()
        .map(|destructor| &*destructor.symbol);
    assert_eq!(names.collect::<Vec<_>>(), ["d", "d101"]);
}

#[test]
fn members_are_linked_when_they_are_wanted() {
    let a = object_file("int b(void); int a(void) { return b(); }");
    let b = bitcode_file("int b(void) { return 1; }", Lang::C, &["-O1"]);
    let c = object_file("int c(void) { return 1; }");
    let main = "declare i32 @a()\ndefine i32 @main() { %r = call i32 @a() ret i32 %r }";
    let (program, linked) = link(vec![module("main.ll", main), archive_of(&[c, b, a])]);
    assert_eq!(linked.objects.len(), 1);
    assert_eq!(defined(&linked, 0), ["a"]);
    assert_eq!(program.functions().collect::<Vec<_>>(), ["main", "b"]);
}

#[test]
fn archives_serve_what_comes_behind_them_too() {
    let a = object_file("int a(void) { return 1; }");
    let main = "declare i32 @a()\ndefine i32 @main() { %r = call i32 @a() ret i32 %r }";
    let (_, linked) = link(vec![
        archive_of(std::slice::from_ref(&a)),
        module("main.ll", main),
    ]);
    assert_eq!(defined(&linked, 0), ["a"]);
    // As with GNU ld, a definition behind the archive comes before the second look.
    let own = "define i32 @a() { ret i32 2 }";
    let (_, linked) = link(vec![
        archive_of(&[a]),
        module("main.ll", main),
        module("own.ll", own),
    ]);
    assert!(linked.objects.is_empty());
}

#[test]
fn weak_references_want_nothing_and_tentative_definitions_want_strong_ones() {
    let a = object_file("int a = 7;");
    let weak = "@a = extern_weak global i32\ndefine ptr @f() { ret ptr @a }";
    let (_, linked) = link(vec![
        module("m.ll", weak),
        archive_of(std::slice::from_ref(&a)),
    ]);
    assert!(linked.objects.is_empty());
    let common = "@a = common global i32 0\ndefine ptr @f() { ret ptr @a }";
    let (_, linked) = link(vec![module("m.ll", common), archive_of(&[a])]);
    assert_eq!(defined(&linked, 0), ["a"]);
}

#[test]
fn libraries_before_an_archive_are_asked_first() {
    let a = object_file("int puts(const char *s) { return 1; }");
    let main =
        "declare i32 @puts(ptr)\ndefine i32 @main() { %r = call i32 @puts(ptr null) ret i32 %r }";
    let inputs = |library: bool| {
        let mut inputs = vec![module("main.ll", main)];
        if library {
            inputs.push(Input::Library(host(&["puts"])));
        }
        inputs.push(archive_of(std::slice::from_ref(&a)));
        inputs
    };
    assert!(link(inputs(true)).1.objects.is_empty());
    assert_eq!(link(inputs(false)).1.objects.len(), 1);
}

#[test]
fn members_that_do_not_match_are_errors_when_they_are_wanted() {
    let mut foreign = fs::read(object_file("int a(void) { return 1; }")).expect("readable");
    // The machine of the ELF header: 40 is 32-bit ARM.
    foreign[18] = 40;
    let directory = tjit_test_util::temp_dir();
    let path = directory.path().join("foreign.o");
    fs::write(&path, foreign).expect("writable");
    let unrelated = "define void @f() { ret void }";
    link(vec![
        module("m.ll", unrelated),
        archive_of(std::slice::from_ref(&path)),
    ]);
    let main = "declare i32 @a()\ndefine i32 @main() { %r = call i32 @a() ret i32 %r }";
    let text = error(vec![module("m.ll", main), archive_of(&[path])]);
    assert!(
        text.starts_with("linking `libtest.a(foreign.o)`: it was compiled for another machine"),
        "{text}"
    );
}

#[test]
fn what_is_no_object_is_refused() {
    let good = fs::read(object_file("int a(void) { return 1; }")).expect("readable");
    let refused = |bytes: &[u8]| match NativeObject::parse("x.o", bytes) {
        Err(LinkError::Object { object, reason }) => {
            assert_eq!(object, "x.o");
            reason
        }
        other => panic!("{other:?}"),
    };
    assert!(refused(b"").contains("not an ELF object"));
    assert!(refused(b"garbage").contains("not an ELF object"));
    let mut shared = good.clone();
    shared[16] = 3;
    assert!(refused(&shared).contains("shared library"));
    // Wherever a file is cut off, reading it ends with an error or a smaller object, and never otherwise.
    for length in 0..good.len() {
        let _read = NativeObject::parse("x.o", &good[..length]);
    }
    assert!(refused(&good[..good.len() / 2]).starts_with("it is "));
}

#[test]
fn thread_locals_of_objects_are_refused() {
    let text = error(vec![object(
        "o.o",
        "__thread int x; int f(void) { return x; }",
    )]);
    assert!(
        text.starts_with("can't link `x`: `o.o` has or uses thread-local storage"),
        "{text}"
    );
}

#[test]
fn symbols_that_are_numbers_are_refused() {
    let text = "module asm \".globl limit\\0Alimit = 42\"\n@limit = external global i8";
    let message = error(vec![module("m.ll", text)]);
    let expected =
        "can't link `limit`: `m.ll (assembly)` defines it as a number instead of a place";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn malformed_archives_are_refused() {
    let error = Archive::parse("x.a", &b"!<arch>\nnonsense"[..], None).expect_err("it is broken");
    assert!(
        error
            .to_string()
            .starts_with("linking `x.a`: it is a malformed archive"),
        "{error}"
    );
}

#[test]
fn assembly_and_ir_of_a_module_see_each_others_locals() {
    let text = |value: u32| {
        format!(
            "module asm \".text\\0Aasm_local: movl ${value}, %eax\\0A ret\"
            module asm \".globl asm_global\\0Aasm_global: jmp ir_local\"
            declare i32 @asm_local()
            declare i32 @asm_global()
            define internal i32 @ir_local() {{ ret i32 {value} }}
            @llvm.used = appending global [1 x ptr] [ptr @ir_local]
            define i32 @call{value}() {{
              %r = call i32 @asm_local()
              ret i32 %r
            }}"
        )
    };
    // Labels of one name in two modules are two.
    let second = text(2).replace("asm_global", "asm_global2");
    let (program, linked) = link(vec![module("1.ll", &text(1)), module("2.ll", &second)]);
    assert_eq!(linked.objects.len(), 2);
    let promoted: Vec<_> = (0..2)
        .map(|object| {
            let names = defined(&linked, object);
            let local = names.iter().find(|name| name.starts_with("asm_local."));
            local.expect("the label is exported").clone()
        })
        .collect();
    assert_ne!(promoted[0], promoted[1]);
    let slice = program.baseline_slice(&["call1"]).expect("it is sliced");
    let slice = slice.with_module(|module| module.print_to_string().to_string());
    assert!(slice.contains(&promoted[0]), "{slice}");
    let bytes = String::from_utf8_lossy(&linked.objects[0].bytes).into_owned();
    assert!(
        bytes.contains("ir_local."),
        "the assembly refers to the promoted function"
    );
}

#[test]
fn a_program_of_objects_only_needs_no_module() {
    let (program, linked) = link(vec![object("o.o", "int main(void) { return 0; }")]);
    assert!(program.is_native_function("main"));
    assert_eq!(linked.objects[0].symbols, ["main"]);
    let nothing: Vec<Input> = Vec::new();
    let mut program = Program::new(Arc::new(()));
    assert!(program.link(nothing).is_ok());
}

#[test]
fn bounds_of_sections_of_objects_are_refused() {
    let part = "__attribute__((section(\"things\"), used)) static int one = 1;";
    let ir = "@two = global i32 2, section \"things\"
        @__start_things = external global i32
        define ptr @start() { ret ptr @__start_things }";
    assert_eq!(
        error(vec![object("o.o", part), module("m.ll", ir)]),
        "can't link `__start_things`: the section is in part of modules and in part of the native object `o.o`; give that as bitcode"
    );
    let bounded = "extern int __start_things; int *start(void) { return &__start_things; }";
    let text = error(vec![object("o.o", &format!("{part}{bounded}"))]);
    assert!(
        text.starts_with("undefined symbol: `__start_things`"),
        "{text}"
    );
}
