//! What LLVM would print before it ends the process comes back as an error instead.

use tjit_orc::{ErrorKind, Host, TargetMachine, TargetOptions, ThreadSafeContext, verify};

use crate::support::{define, dylib, machine, parse, run};

/// Parses and verifies, but has a use that its definition does not dominate.
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

#[test]
fn broken_modules() {
    let error = parse(BROKEN).verify().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Verify);
    let text = error.to_string();
    assert!(
        text.starts_with("verifying `test.ll`: Instruction does not dominate all uses!"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
    parse("define void @f() { ret void }").verify().unwrap();
}

/// Failure, most likely the end of the process, may indicate that the diagnostic handler is gone.
#[test]
fn bad_inline_assembly() {
    let module =
        parse("define void @f() { call void asm \"no_such_instruction\", \"\"() ret void }");
    let error = module
        .with_module(|module| machine().emit_object(module))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CodeGeneration);
    assert_eq!(error.operation(), "generating code for `test.ll`");
    assert!(
        error.message().contains("invalid instruction mnemonic"),
        "{error}"
    );
}

#[test]
fn bad_constraints() {
    let module = parse(
        "define void @f(<64 x i64> %v) { call void asm sideeffect \"\", \"r\"(<64 x i64> %v) ret void }",
    );
    let error = module
        .with_module(|module| machine().emit_object(module))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CodeGeneration);
}

/// An error belongs to the operation that caused it, and to no later one of the thread or the context.
#[test]
fn errors_do_not_stick() {
    let context = ThreadSafeContext::new();
    let parse = |ir: &str| context.parse("test.ll", ir.as_bytes()).unwrap();
    let bad = parse("define void @f() { call void asm \"no_such_instruction\", \"\"() ret void }");
    let good = parse("define i32 @g() { ret i32 5 }");
    bad.with_module(|module| machine().emit_object(module))
        .unwrap_err();
    good.with_module(|module| machine().emit_object(module))
        .unwrap();
    let dylib = dylib();
    define(&dylib, "define i32 @g() { ret i32 5 }");
    assert_eq!(run(dylib.lookup("g").unwrap()), 5);
}

#[test]
fn misspelt_pipelines() {
    let module = parse("define void @f() { ret void }");
    module.with_module(|module| {
        let machine = machine();
        for pipeline in [
            "default<O9>",
            "defualt<O3>",
            "instcombine,",
            "",
            "function(globaldce)",
        ] {
            let error = machine.run_passes(module, pipeline).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Passes);
            assert_eq!(
                error.operation(),
                format!("running the pipeline `{pipeline}`")
            );
        }
        let error = machine.run_passes(module, "instcombine\0").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Name);
        machine.run_passes(module, "default<O2>").unwrap();
    });
}

/// A context that inkwell owns has LLVM's own handler, which ends the process.
#[test]
fn foreign_contexts_are_latched_too() {
    let context = inkwell::context::Context::create();
    let ir = "define void @f() { call void asm \"no_such_instruction\", \"\"() ret void }";
    let module = parse(ir).to_inkwell(&context).unwrap();
    let error = machine().emit_object(&module).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CodeGeneration);
    let module = parse(BROKEN).to_inkwell(&context);
    // Reading bitcode does not verify it.
    assert!(verify(&module.unwrap()).is_err());
}

#[test]
fn passes_and_code_generation_work_for_the_host() {
    let host = Host::get().unwrap();
    let machine = TargetMachine::host(&TargetOptions {
        level: tjit_orc::CodeGenLevel::Aggressive,
        host_cpu: true,
    })
    .unwrap();
    assert_eq!(machine.data_layout(), host.data_layout);
    let module = parse("define i32 @f(i32 %x) { %a = add i32 %x, 0\n ret i32 %a }");
    let instructions = module.with_module(|module| {
        machine.run_passes(module, "default<O3>").unwrap();
        let function = module.get_function("f").unwrap();
        let count = function
            .get_basic_block_iter()
            .flat_map(|block| block.get_instructions())
            .count();
        machine.emit_object(module).unwrap();
        count
    });
    assert_eq!(instructions, 1);
}
