//! Modules from inkwell and to inkwell.

use inkwell::context::Context;
use tjit_orc::{ErrorKind, ThreadSafeModule, verified_bitcode};

use crate::support::{dylib, machine, parse, run};

#[test]
fn a_module_built_with_inkwell_runs() {
    let context = Context::create();
    let module = context.create_module("built");
    let int = context.i32_type();
    let function = module.add_function("f", int.fn_type(&[], false), None);
    let builder = context.create_builder();
    builder.position_at_end(context.append_basic_block(function, "entry"));
    builder
        .build_return(Some(&int.const_int(11, false)))
        .unwrap();

    let copy = ThreadSafeModule::from_inkwell(&module).unwrap();
    // The original stays with its owner.
    drop(module);
    let object = copy
        .with_module(|module| machine().emit_object(module))
        .unwrap();
    let dylib = dylib();
    let layer = dylib.session().object_layer();
    layer.add(&dylib.create_tracker(), object).unwrap();
    assert_eq!(run(dylib.lookup("f").unwrap()), 11);
}

#[test]
fn broken_modules_stay_out() {
    let context = Context::create();
    let module = context.create_module("broken");
    let function = module.add_function("f", context.void_type().fn_type(&[], false), None);
    context.append_basic_block(function, "no terminator");
    for error in [
        ThreadSafeModule::from_inkwell(&module)
            .map(drop)
            .unwrap_err(),
        verified_bitcode(&module).map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Verify);
        assert_eq!(error.operation(), "verifying `broken`");
    }
}

#[test]
fn a_copy_for_inkwell_is_a_copy() {
    let module = parse("define i32 @f() { ret i32 1 }");
    let context = Context::create();
    let copy = module.to_inkwell(&context).unwrap();
    assert_eq!(copy.get_name().to_str(), Ok("test.ll"));
    copy.get_function("f")
        .unwrap()
        .as_global_value()
        .set_name("g");
    assert!(copy.get_function("g").is_some());
    assert!(module.with_module(|module| module.get_function("f").is_some()));
}

#[test]
fn inkwell_works_on_a_locked_module() {
    let module = parse("define i32 @f() { ret i32 1 }");
    let count = module.with_module(|module| {
        let context = module.get_context();
        let int = context.i32_type();
        module.add_function("g", int.fn_type(&[], false), None);
        module.get_functions().count()
    });
    assert_eq!(count, 2);
    module.verify().unwrap();
}

#[test]
fn a_copy_in_a_new_context_is_worked_on_at_the_same_time() {
    let module = parse("define i32 @f() { ret i32 1 }");
    let copy = module.clone_to_new_context().unwrap();
    assert!(!copy.context().is(module.context()));
    // Neither waits for the other.
    module.with_module(|_| {
        std::thread::scope(|scope| scope.spawn(|| copy.verify()).join().unwrap().unwrap())
    });
}
