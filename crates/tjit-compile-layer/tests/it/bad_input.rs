//! Whatever is wrong ends as an error of the operation that met it, and everything else goes on.

use tjit_compile_layer::{ErrorKind, ModuleOptions};
use tjit_orc::{ErrorKind as Orc, ThreadSafeModule};

use crate::support::{Jit, optimized, parse};

const BROKEN: &str = "
define i32 @f(i1 %c) {
entry:
  br i1 %c, label %a, label %b
a:
  %v = add i32 1, 2
  br label %b
b:
  ret i32 %v
}";

/// Adds a module that can't be compiled, looks it up, and checks that the session still works.
#[track_caller]
fn fails(module: ThreadSafeModule, options: ModuleOptions, kind: Orc, text: &str) {
    let jit = Jit::new();
    let tracker = jit.dylib.create_tracker();
    jit.layer.add(&tracker, module, options).unwrap();
    let error = jit.dylib.lookup("f").unwrap_err();
    assert!(error.to_string().contains(text), "{error}");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(jit.reports().is_empty());
    jit.add("define void @g() { ret void }").unwrap();
    jit.dylib.lookup("g").unwrap();
}

/// Failure may indicate that an unverified module reaches LLVM, which crashes or never ends then.
#[test]
fn broken_module() {
    let text = "verifying `test.ll`: Instruction does not dominate all uses!";
    fails(parse(BROKEN), ModuleOptions::default(), Orc::Verify, text);
}

#[test]
fn bad_inline_assembly() {
    let ir = "define void @f() { call void asm \"no_such_instruction\", \"\"() ret void }";
    fails(
        parse(ir),
        ModuleOptions::default(),
        Orc::CodeGeneration,
        "invalid instruction mnemonic",
    );
}

#[test]
fn bad_module_level_assembly() {
    let jit = Jit::new();
    let error = jit
        .add("module asm \"no_such_instruction\"\ndefine void @f() { ret void }")
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Llvm(Orc::CodeGeneration),
        "{error}"
    );
}

#[test]
fn misspelt_pipeline() {
    let options = ModuleOptions {
        pipeline: Some("default<O33>".to_owned()),
        ..ModuleOptions::default()
    };
    let module = parse("define void @f() { ret void }");
    fails(
        module,
        options,
        Orc::Passes,
        "running the pipeline `default<O33>`",
    );
}

#[test]
fn unknown_processor() {
    let module = parse("define void @f() \"target-cpu\"=\"abacus\" { ret void }");
    let text = "compiling `f`: LLVM does not know its processor `abacus`";
    fails(module, ModuleOptions::default(), Orc::Target, text);
}

#[test]
fn unknown_features_are_left_out() {
    let jit = Jit::new();
    jit.add(
        "define void @f() \"target-features\"=\"+no-such-thing,+cx8\" \"tune-cpu\"=\"abacus\" { ret void }",
    )
    .unwrap();
    jit.dylib.lookup("f").unwrap();
}

#[test]
fn foreign_triple() {
    let module =
        parse("target triple = \"riscv64-unknown-linux-gnu\"\ndefine void @f() { ret void }");
    let text = "its target triple is `riscv64-unknown-linux-gnu`";
    fails(module, ModuleOptions::default(), Orc::Target, text);
}

#[test]
fn foreign_data_layout() {
    let module = parse("target datalayout = \"E-p:32:32\"\ndefine void @f() { ret void }");
    fails(
        module,
        ModuleOptions::default(),
        Orc::Target,
        "its data layout is `E-p:32:32`",
    );
}

#[test]
fn undefined_symbol() {
    let module =
        parse("declare void @nowhere()\ndefine void @f() { call void @nowhere() ret void }");
    let jit = Jit::new();
    let tracker = jit.dylib.create_tracker();
    jit.layer
        .add(&tracker, module, ModuleOptions::default())
        .unwrap();
    let error = jit.dylib.lookup("f").unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn duplicate_definition_adds_nothing() {
    let jit = Jit::new();
    jit.add("define void @f() { ret void }").unwrap();
    let error = jit
        .add("define void @f() { ret void }\ndefine void @g() { ret void }")
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Llvm(Orc::Link));
    assert!(error.to_string().contains("`test.ll`"), "{error}");
    assert!(jit.dylib.lookup("g").is_err());
    jit.dylib.lookup("f").unwrap();
}

#[test]
fn names_that_collide_for_the_linker() {
    let jit = Jit::new();
    let error = jit
        .add("define void @f() { ret void }\ndefine void @\"\\01f\"() { ret void }")
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Name);
    assert!(
        error.to_string().contains("has the same linker name"),
        "{error}"
    );
}

#[test]
fn an_observer_that_panics_fails_the_lookup() {
    let jit = Jit::with_config(tjit_compile_layer::Config::default());
    let session = jit.dylib.session();
    let panicking = tjit_compile_layer::Config {
        on_compiled: Some(std::sync::Arc::new(|_| panic!("no more reports"))),
        ..Default::default()
    };
    let layer = tjit_compile_layer::CompileLayer::new(session, panicking).unwrap();
    let module = parse("define void @f() { ret void }");
    layer
        .add(
            &jit.dylib.create_tracker(),
            module,
            ModuleOptions::default(),
        )
        .unwrap();
    let error = jit.dylib.lookup("f").unwrap_err();
    assert_eq!(error.kind(), Orc::Panic);
    assert!(error.to_string().contains("no more reports"), "{error}");
}

/// A program may hold code for processors that this one is not, and choose at run time; as the body to be optimised,
/// such a function must have been running here.
#[cfg(target_arch = "x86_64")]
#[test]
fn an_optimised_body_for_another_processor() {
    let jit = Jit::new();
    // Only AMD made processors with it, none of which has AVX-512 or came after 2017.
    if std::arch::is_x86_feature_detected!("tbm") {
        return;
    }
    let ir = |name: &str| {
        format!("define void @\"{name}\"() \"target-features\"=\"+tbm\" {{ ret void }}")
    };
    jit.add(&ir("chosen_at_run_time")).unwrap();
    jit.dylib.lookup("chosen_at_run_time").unwrap();
    let name = optimized("f");
    jit.add(&ir(&name)).unwrap();
    let error = jit.dylib.lookup(&name).unwrap_err();
    assert_eq!(error.kind(), Orc::Target);
    assert!(
        error.to_string().contains("this processor lacks tbm"),
        "{error}"
    );
}
