//! Modules that can't be added, and what the program is like afterwards.

use tiered_jit::inkwell::context::Context;
use tiered_jit::{Error, LinkError, ModuleSource};

use tjit_test_util::{Lang, native_object};

use crate::support::{Nullary, TALLY, add, load, nullary, quiet, unary, with_threshold};

#[track_caller]
fn refused(ir: &str, words: &[&str]) {
    let jit = quiet(TALLY);
    let error = add(&jit, ir)
        .expect_err("the module is refused")
        .to_string();
    for word in words {
        assert!(error.contains(word), "`{error}` lacks `{word}`");
    }
    assert!(!error.contains('\n'), "{error}");
    // Nothing has changed.
    assert_eq!(nullary(&jit, "tally"), 1);
    add(&jit, "define i64 @later() {\n  ret i64 7\n}\n").expect("a good module can still be added");
    assert_eq!(nullary(&jit, "later"), 7);
}

#[test]
fn syntax_errors_have_a_place() {
    refused("define i64 @f() {\n  ret i65537000 1\n}\n", &["test.ll:2:"]);
}

#[test]
fn empty_input() {
    refused("", &["empty"]);
}

#[test]
fn not_ir_at_all() {
    let jit = quiet(TALLY);
    // SAFETY: it does not get far.
    let result = unsafe {
        jit.add_module(ModuleSource::bytes(
            "noise",
            &b"BC\xC0\xDE\x01\x02\x03\x04junk"[..],
        ))
    };
    assert!(matches!(result, Err(Error::Llvm(_))), "{result:?}");
}

#[test]
fn foreign_targets() {
    refused(
        "target triple = \"aarch64-apple-darwin\"\n",
        &["aarch64-apple-darwin", "x86_64"],
    );
    refused("target datalayout = \"E-p:16:16\"\n", &["layout"]);
}

#[test]
fn broken_modules() {
    refused(
        "define i64 @f() {\n  %a = add i64 %b, 1\n  %b = add i64 %a, 1\n  ret i64 %b\n}\n",
        &["ominate"],
    );
}

#[test]
fn undefined_symbols_are_all_listed() {
    refused(
        "@_ZN1n7missingE = external global i64\n@also_missing = external thread_local global i64\n\
         define i64 @f() {\n  %a = load i64, ptr @_ZN1n7missingE\n  %b = load i64, ptr @also_missing\n  ret i64 %b\n}\n",
        &[
            "`n::missing` (a variable, used by `f` in `test.ll`)",
            "`also_missing` (a thread-local variable,",
        ],
    );
}

const USER: &str = "declare i64 @later(i64)\n@table = global ptr @later\n\
    define i64 @uses(i64 %x) {\n  %wanted = icmp ne i64 %x, 0\n  br i1 %wanted, label %call, label %skip\n\
    call:\n  %y = call i64 @later(i64 %x)\n  ret i64 %y\nskip:\n  ret i64 -1\n}\n\
    define i64 @indirect(i64 %x) {\n  %f = load ptr, ptr @table\n  %y = call i64 %f(i64 %x)\n  ret i64 %y\n}\n\
    define i64 @is_same() {\n  %f = load ptr, ptr @table\n  %same = icmp eq ptr %f, @later\n  \
    %result = zext i1 %same to i64\n  ret i64 %result\n}\n";

#[test]
fn functions_may_be_undefined_until_they_are_called() {
    let jit = quiet(USER);
    assert_eq!(unary(&jit, "uses", 0), -1);
    let error = jit.reoptimize("later").expect_err("it has no body");
    assert!(error.to_string().contains("no function `later`"), "{error}");
    add(
        &jit,
        "define i64 @later(i64 %x) {\n  %y = add i64 %x, 1\n  ret i64 %y\n}\n",
    )
    .expect("it may come later");
    assert_eq!(unary(&jit, "uses", 4), 5);
    assert_eq!(unary(&jit, "indirect", 5), 6);
    assert_eq!(unary(&jit, "later", 6), 7);
    assert_eq!(nullary(&jit, "is_same"), 1);
    jit.reoptimize("later")
        .expect("it has one")
        .wait()
        .expect("and it compiles");
    assert_eq!(unary(&jit, "indirect", 6), 7);
}

#[test]
fn an_undefined_function_may_become_an_alias() {
    let jit = quiet(USER);
    assert_eq!(unary(&jit, "uses", 0), -1);
    add(
        &jit,
        "@later = alias i64 (i64), ptr @other\ndefine i64 @other(i64 %x) {\n  %y = mul i64 %x, 3\n  ret i64 %y\n}\n",
    )
    .expect("it links");
    assert_eq!(unary(&jit, "uses", 4), 12);
    assert_eq!(unary(&jit, "indirect", 5), 15);
    assert_eq!(nullary(&jit, "is_same"), 1);
}

#[test]
fn duplicate_definitions() {
    refused(
        "define i64 @twice(i64 %x) {\n  ret i64 0\n}\n",
        &["duplicate", "twice"],
    );
}

#[test]
fn a_module_of_the_embedder_s_own_context() {
    let context = Context::create();
    let module = context.create_module("embedder");
    let i64_type = context.i64_type();
    let function = module.add_function("square", i64_type.fn_type(&[i64_type.into()], false), None);
    let builder = context.create_builder();
    builder.position_at_end(context.append_basic_block(function, "entry"));
    let x = function
        .get_first_param()
        .expect("it has one")
        .into_int_value();
    let square = builder
        .build_int_mul(x, x, "square")
        .expect("it can be built");
    builder
        .build_return(Some(&square))
        .expect("it can be built");
    let jit = quiet(TALLY);
    // SAFETY: no undefined behaviour in it.
    unsafe { jit.add_module(&module) }.expect("the module links");
    drop(builder);
    drop(module);
    assert_eq!(unary(&jit, "square", 9), 81);
}

#[test]
fn modules_refer_to_one_another_in_any_order() {
    let a = "declare i64 @from_b(i64)\ndefine i64 @from_a(i64 %x) {\n  %y = call i64 @from_b(i64 %x)\n  ret i64 %y\n}\n";
    let b = "declare i64 @twice(i64)\ndefine i64 @from_b(i64 %x) {\n  %y = call i64 @twice(i64 %x)\n  ret i64 %y\n}\n";
    let jit = quiet(TALLY);
    // SAFETY: no undefined behaviour in them.
    unsafe {
        jit.add_modules([
            ModuleSource::bytes("a.ll", a),
            ModuleSource::bytes("b.ll", b),
        ])
    }
    .expect("they link");
    assert_eq!(unary(&jit, "from_a", 5), 10);
}

#[test]
fn statics_of_the_same_name_stay_apart() {
    let module = |function: &str, start: i64| {
        format!(
            "@state = internal global i64 {start}\ndefine internal i64 @bump() {{\n  %a = load i64, ptr @state\n  \
             %b = add i64 %a, 1\n  store i64 %b, ptr @state\n  ret i64 %b\n}}\n\
             define i64 @{function}() {{\n  %a = call i64 @bump()\n  ret i64 %a\n}}\n"
        )
    };
    let jit = load(with_threshold(4), &module("one", 100));
    add(&jit, &module("two", 200)).expect("it links");
    for call in 1..=20 {
        assert_eq!(nullary(&jit, "one"), 100 + call);
        assert_eq!(nullary(&jit, "two"), 200 + call);
    }
}

extern "C" fn host_function(x: i64) -> i64 {
    x - 1
}

#[test]
fn the_embedder_defines_symbols() {
    let pointer = host_function as extern "C" fn(i64) -> i64 as *const ();
    // SAFETY: the module declares it with that type.
    let builder = unsafe { with_threshold(3).define("host_function", pointer) };
    let jit = load(
        builder,
        "declare i64 @host_function(i64)\ndefine i64 @f(i64 %x) {\n  %y = call i64 @host_function(i64 %x)\n  ret i64 %y\n}\n",
    );
    for x in 0..50 {
        assert_eq!(unary(&jit, "f", x), x - 1);
    }
}

#[test]
fn unknown_functions_are_errors() {
    let jit = quiet(TALLY);
    let result = jit.function::<unsafe extern "C" fn()>("nobody");
    assert!(
        matches!(&result, Err(Error::Link(error)) if matches!(**error, LinkError::Unknown { .. })),
        "{result:?}"
    );
}

#[test]
fn a_library_that_is_missing() {
    let result = with_threshold(1).library("no_such_library.so").build();
    assert!(matches!(result, Err(Error::Library { .. })), "{result:?}");
}

#[test]
fn declarations_of_other_types_are_calls_with_other_arguments() {
    // The callee ignores what it does not know of; the callers agree with it on what they do look at.
    let jit = load(
        with_threshold(3),
        "define i64 @callee(i64 %x) {\n  %y = add i64 %x, 1\n  ret i64 %y\n}\n\
         @other = alias i64 (i64), ptr @callee\n",
    );
    add(
        &jit,
        "declare void @callee(i64, ptr)\ndeclare i64 @other(i64, ...)\n\
         define i64 @caller(i64 %x) {\n  call void @callee(i64 %x, ptr null)\n\
         \x20 %y = call i64 (i64, ...) @other(i64 %x, i64 7)\n  ret i64 %y\n}\n",
    )
    .expect("it links");
    for x in 0..20 {
        assert_eq!(unary(&jit, "caller", x), x + 1);
    }
    let optimized = jit.reoptimize("caller").expect("it is there").wait();
    optimized.expect("and it compiles");
    assert_eq!(unary(&jit, "caller", 5), 6);
}

/// An object that is not position-independent: its 32-bit addresses don't reach where the JIT's memory is.
fn unreachable_object() -> ModuleSource {
    let source = "static int table[64];\nint next_entry(int i) { return table[i & 63]++; }\n";
    let flags = ["-fno-pic", "-mcmodel=small", "-O1"];
    ModuleSource::file(native_object(source, Lang::C, &flags))
}

#[test]
fn what_the_linker_refuses_leaves_nothing_behind() {
    let caller = "declare i64 @next_entry(i64)\ndefine i64 @entry(i64 %x) {\n  %y = call i64 @next_entry(i64 %x)\n  ret i64 %y\n}\n";
    let helper = "@calls = global i64 0\ndefine internal i64 @count() {\n  %c = load i64, ptr @calls\n  ret i64 %c\n}\n\
        define i64 @counted() {\n  %c = call i64 @count()\n  ret i64 %c\n}\n";
    let definition = "define i64 @next_entry(i64 %x) {\n  %y = add i64 %x, 1\n  ret i64 %y\n}\n";
    let jit = quiet(caller);
    for _ in 0..2 {
        let sources = [
            ModuleSource::bytes("helper.ll", helper),
            unreachable_object(),
        ];
        // SAFETY: none of the code runs.
        let refused = unsafe { jit.add_modules(sources) }.expect_err("it can't be linked");
        assert!(refused.to_string().contains("out of range"), "{refused}");
        assert_eq!(jit.modules().len(), 1);
        assert!(jit.function::<Nullary>("counted").is_err());
        // SAFETY: it ends at a function that nobody defines, in a frame without drops.
        let undefined = unsafe { jit.protect(|| unary(&jit, "entry", 1)) };
        let undefined = undefined.expect_err("nobody defines it").to_string();
        assert!(undefined.contains("next_entry"), "{undefined}");
    }
    add(&jit, helper).expect("its names are free");
    add(&jit, definition).expect("its name is free");
    assert_eq!(nullary(&jit, "counted"), 0);
    assert_eq!(unary(&jit, "entry", 1), 2);
}

#[test]
fn a_native_object_may_define_what_was_undefined() {
    let early = "declare i32 @later(i32)\ndefine i64 @entry(i64 %x) {\n  %a = trunc i64 %x to i32\n  %b = call i32 @later(i32 %a)\n\
        %c = sext i32 %b to i64\n  ret i64 %c\n}\ndefine i64 @early_address() {\n  %a = ptrtoint ptr @later to i64\n  ret i64 %a\n}\n";
    let source = "int helper(int x) { return x * 2; }\nint later(int x) { return helper(x) + 1; }\n\
        long own_address(void) { return (long)&later; }\n";
    let late = "declare i32 @later(i32)\ndefine i64 @late_address() {\n  %a = ptrtoint ptr @later to i64\n  ret i64 %a\n}\n";
    let jit = quiet(early);
    let address = nullary(&jit, "early_address");
    let object = native_object(source, Lang::C, &["-fPIC", "-O1"]);
    // SAFETY: the test's own object.
    unsafe { jit.add_module(ModuleSource::file(object)) }.expect("it links");
    add(&jit, late).expect("it links");
    assert_eq!(unary(&jit, "entry", 20), 41);
    for function in ["early_address", "own_address", "late_address"] {
        assert_eq!(nullary(&jit, function), address, "{function}");
    }
}
