//! Telling a blanket `optnone` from a wish.

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::context::Context;
use inkwell::module::Module;

use super::optnone_everywhere;

/// A module with a function per list of attributes.
fn module_with<'ctx>(context: &'ctx Context, functions: &[&[&str]]) -> Module<'ctx> {
    let module = context.create_module("m");
    let builder = context.create_builder();
    for (index, attributes) in functions.iter().enumerate() {
        let function = module.add_function(
            &format!("f{index}"),
            context.void_type().fn_type(&[], false),
            None,
        );
        builder.position_at_end(context.append_basic_block(function, "entry"));
        builder.build_return(None).unwrap();
        for name in *attributes {
            let kind = Attribute::get_named_enum_kind_id(name);
            function.add_attribute(
                AttributeLoc::Function,
                context.create_enum_attribute(kind, 0),
            );
        }
    }
    module
}

#[test]
fn blanket_optnone_is_recognised() {
    const OPTNONE: &[&str] = &["optnone", "noinline"];
    let cases: &[(&[&[&str]], bool)] = &[
        (&[], false),
        (&[&[]], false),
        (&[OPTNONE], true),
        (&[OPTNONE, OPTNONE], true),
        (&[OPTNONE, &["alwaysinline"], &["naked"]], true),
        (&[OPTNONE, &[]], false),
        (&[&["alwaysinline"]], false),
    ];
    for (functions, expected) in cases {
        let context = Context::create();
        assert_eq!(
            optnone_everywhere(&module_with(&context, functions)),
            *expected,
            "{functions:?}"
        );
    }
}

#[test]
fn declarations_do_not_count() {
    let context = Context::create();
    let module = module_with(&context, &[&["optnone", "noinline"]]);
    module.add_function("declared", context.void_type().fn_type(&[], false), None);
    assert!(optnone_everywhere(&module));
}
