//! Adding, looking up, running.

use tjit_compile_layer::ModuleOptions;
use tjit_mangle::Tier;

use crate::support::{Jit, baseline, call, optimized, parse};

const SUM: &str = "
define i32 @NAME(ptr %p, i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %more, %loop ]
  %q = getelementptr i32, ptr %p, i32 %i
  %v = load i32, ptr %q
  %more = add i32 %sum, %v
  %next = add i32 %i, 1
  %done = icmp eq i32 %next, %n
  br i1 %done, label %exit, label %loop
exit:
  ret i32 %more
}";

#[test]
fn each_tier_gets_its_own_code() {
    let jit = Jit::new();
    for name in [baseline("sum"), optimized("sum")] {
        jit.add(&SUM.replace("NAME", &name)).unwrap();
        let address = jit.dylib.lookup(&name).unwrap();
        let numbers: Vec<i32> = (1..=1000).collect();
        let sum = call!(address, fn(*const i32, i32) -> i32, numbers.as_ptr(), 1000);
        assert_eq!(sum, 500_500, "{name}");
    }
    let reports = jit.reports();
    assert_eq!(reports[0].tier, Tier::Baseline);
    assert_eq!(reports[1].tier, Tier::Optimized);
    assert!(
        reports[1].code_bytes > 2 * reports[0].code_bytes,
        "{reports:#?}"
    );
}

/// A lone `linkonce_odr` function has no user that keeps it, apart from the lookup.
#[test]
fn a_promised_linkonce_body_survives_optimisation() {
    let jit = Jit::new();
    let name = optimized("once");
    jit.add(&format!(
        "define linkonce_odr i32 @\"{name}\"() {{ ret i32 9 }}"
    ))
    .unwrap();
    let address = jit.dylib.lookup(&name).unwrap();
    assert_eq!(call!(address, fn() -> i32,), 9);
}

/// Failure may indicate that a symbol left to another module was compiled all the same.
#[test]
fn weak_definitions_give_way() {
    let jit = Jit::new();
    jit.add(
        "$f = comdat any
        @v = weak global i32 1
        @a = weak alias i32, ptr @own
        @own = global i32 1
        define linkonce_odr i32 @f() comdat { ret i32 1 }
        define i32 @first() {
          %f = call i32 @f()
          %v = load i32, ptr @v
          %a = load i32, ptr @a
          %x = add i32 %f, %v
          %y = add i32 %x, %a
          ret i32 %y
        }",
    )
    .unwrap();
    jit.add("@v = global i32 20\n@a = global i32 300\ndefine i32 @f() { ret i32 4000 }")
        .unwrap();
    let address = jit.dylib.lookup("first").unwrap();
    assert_eq!(call!(address, fn() -> i32,), 4320);
}

#[test]
fn every_kind_of_symbol_is_found() {
    let jit = Jit::new();
    jit.add(
        "@common = common global i32 0
        @constant = constant i32 5
        @\"\\01plain\" = hidden global i32 6
        @alias = alias i32 (), ptr @f
        define i32 @f() { ret i32 7 }",
    )
    .unwrap();
    let names = ["common", "constant", "plain", "alias", "f"];
    let found = jit.dylib.lookup_all(&names).unwrap();
    assert_eq!(found["alias"], found["f"]);
    assert_eq!(found.len(), names.len());
}

/// Only the assembler knows what module-level assembly defines.
#[test]
fn symbols_of_inline_assembly_are_found() {
    let jit = Jit::new();
    jit.add(
        "module asm \".globl from_asm\"
        module asm \"from_asm: movl $42, %eax\"
        module asm \"ret\"
        declare i32 @from_asm()
        define i32 @f() { %r = call i32 @from_asm() ret i32 %r }",
    )
    .unwrap();
    let address = jit.dylib.lookup("f").unwrap();
    assert_eq!(call!(address, fn() -> i32,), 42);
    assert_ne!(jit.dylib.lookup("from_asm").unwrap(), 0);
}

#[test]
fn a_removed_module_can_be_added_again() {
    let jit = Jit::new();
    for value in [1, 2] {
        let tracker = jit.dylib.create_tracker();
        let module = parse(&format!("define i32 @f() {{ ret i32 {value} }}"));
        jit.layer
            .add(&tracker, module, ModuleOptions::default())
            .unwrap();
        let address = jit.dylib.lookup("f").unwrap();
        assert_eq!(call!(address, fn() -> i32,), value);
        // SAFETY: the call above has returned, and nothing else knows the address.
        unsafe { tracker.remove() }.unwrap();
    }
    // Never materialized.
    let tracker = jit.dylib.create_tracker();
    let module = parse("define i32 @f() { ret i32 3 }");
    jit.layer
        .add(&tracker, module, ModuleOptions::default())
        .unwrap();
    // SAFETY: there is no code yet.
    unsafe { tracker.remove() }.unwrap();
    assert!(jit.dylib.lookup("f").is_err());
}

#[test]
fn a_module_may_have_a_pipeline_of_its_own() {
    let jit = Jit::new();
    let ir = format!(
        "define internal i32 @callee() alwaysinline {{ ret i32 1 }}
        define i32 @\"{}\"() {{ %r = call i32 @callee() ret i32 %r }}",
        optimized("f")
    );
    let code_bytes = |pipeline: Option<&str>| {
        let options = ModuleOptions {
            pipeline: pipeline.map(str::to_owned),
            ..ModuleOptions::default()
        };
        parse(&ir).with_module(|module| jit.layer.compile(module, &options).unwrap().code_bytes)
    };
    assert!(code_bytes(Some("no-op-module")) > code_bytes(None));
}

#[test]
fn compiling_at_once_reports_what_it_did() {
    let jit = Jit::new();
    let tracker = jit.dylib.create_tracker();
    let name = optimized("f");
    let ir = format!(
        "define i32 @\"{name}\"() {{ ret i32 1 }}\ndefine internal void @g() {{ ret void }}"
    );
    let report = jit
        .layer
        .add_now(&tracker, parse(&ir), &ModuleOptions::default())
        .unwrap();
    assert_eq!(report.bodies, std::slice::from_ref(&name));
    assert_eq!(report.module, "test.ll");
    assert!(report.code_bytes > 0 && report.object_bytes > report.code_bytes);
    assert!(report.total() > report.times.codegen);
    assert_eq!(jit.reports(), [report]);
    assert_ne!(jit.dylib.lookup(&name).unwrap(), 0);
    assert_eq!(jit.reports().len(), 1, "it was compiled again");
}

/// A unit that waits in a session must not keep that session alive.
#[test]
fn a_session_ends_with_its_last_handle() {
    let jit = Jit::new();
    jit.add("define void @never_looked_up() { ret void }")
        .unwrap();
    let reports = std::sync::Arc::downgrade(&jit.reports);
    drop(jit);
    assert_eq!(reports.strong_count(), 0);
}

/// LLVM's loop vectoriser takes the address of an `alloca` in a loop for the same in every iteration.
#[test]
fn each_iteration_has_its_own_alloca() {
    let ir = |name: &str, work: &str| {
        format!(
            "define void @\"{name}\"(ptr %out, i64 %n) {{
            entry:
              br label %loop
            loop:
              %i = phi i64 [ 0, %entry ], [ %next, %loop ]
              %p = alloca i32
              {work}
              %q = getelementptr ptr, ptr %out, i64 %i
              store ptr %p, ptr %q
              %next = add i64 %i, 1
              %done = icmp eq i64 %next, %n
              br i1 %done, label %exit, label %loop
            exit:
              ret void
            }}"
        )
    };
    let written = "%t = trunc i64 %i to i32\nstore i32 %t, ptr %p";
    for work in ["", written] {
        for host_cpu in [false, true] {
            let jit = Jit::with_config(tjit_compile_layer::Config {
                host_cpu,
                ..Default::default()
            });
            let name = optimized("f");
            jit.add(&ir(&name, work)).unwrap();
            let address = jit.dylib.lookup(&name).unwrap();
            const COUNT: usize = 64;
            let mut addresses = [0_usize; COUNT];
            call!(
                address,
                fn(*mut usize, usize) -> (),
                addresses.as_mut_ptr(),
                COUNT
            );
            let distinct: std::collections::HashSet<_> = addresses.into_iter().collect();
            assert_eq!(distinct.len(), COUNT, "{work} {host_cpu}");
        }
    }
}

#[test]
fn a_level_is_a_pipeline_and_an_effort() {
    let jit = Jit::new();
    let ir = SUM.replace("NAME", &optimized("f"));
    let code_bytes = |level| {
        let options = ModuleOptions {
            level,
            ..ModuleOptions::default()
        };
        let compiled =
            parse(&ir).with_module(|module| jit.layer.compile(module, &options).unwrap());
        compiled.code_bytes
    };
    use tjit_compile_layer::OptLevel as O;
    assert_eq!(code_bytes(Some(O::O3)), code_bytes(None));
    // The others don't unroll the loop.
    for level in [O::O0, O::O1, O::Os, O::Oz] {
        assert!(code_bytes(Some(level)) < code_bytes(None), "{level}");
    }
    assert!(code_bytes(Some(O::Oz)) < code_bytes(Some(O::O0)));
}

#[test]
fn what_nobody_wants_any_more_is_not_compiled() {
    let jit = Jit::new();
    let ir = SUM.replace("NAME", &optimized("f"));
    let options = ModuleOptions {
        stop: tjit_orc::Stop::new(|| true),
        ..ModuleOptions::default()
    };
    let error = parse(&ir)
        .with_module(|module| jit.layer.compile(module, &options))
        .unwrap_err();
    let stopped = tjit_compile_layer::ErrorKind::Llvm(tjit_orc::ErrorKind::Stopped);
    assert_eq!(error.kind(), stopped, "{error}");
}
