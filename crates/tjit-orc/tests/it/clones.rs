//! Copies of functions within their module, and constants of bits.

use inkwell::values::AnyValue;
use tjit_orc::{clone_function, constant_of_bits, dispatch, replace_argument, stand_in};

use crate::support::parse;

const FUNCTIONS: &str = "
    define weak_odr i32 @f(i32 %x) comdat personality ptr @p {
      %y = call i32 @g(i32 %x)
      ret i32 %y
    }
    define i32 @g(i32 %x) {
      %y = call i32 @f(i32 %x)
      ret i32 %y
    }
    declare i32 @p(...)
    declare i32 @h(i64)
    $f = comdat any";

#[test]
fn a_function_is_put_in_front_of_another() {
    let module = parse(FUNCTIONS);
    module.with_module(|module| {
        let function = module.get_function("f").expect("it is there");
        let entry = stand_in(function, "f.general").expect("it has a body");
        let special = clone_function(function, "f.special").expect("it has a body");
        let ten = constant_of_bits(function.get_type().get_return_type().expect("i32"), 10);
        let ten = ten.expect("an integer");
        replace_argument(special, 0, ten).expect("it has that argument");
        dispatch(entry, &[(0, ten)], special, function).expect("the types agree");
    });
    module.verify().expect("a sound module");
    let text = module.with_module(|module| module.print_to_string().to_string());
    for expected in [
        "define weak_odr i32 @f(i32 %x) comdat {",
        "define internal i32 @f.general(i32 %x) personality ptr @p {",
        "%y = call i32 @g(i32 10)",
        "musttail call i32 @f.special(i32 %x)",
        "%y = call i32 @f(i32 %x)",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let module = parse(FUNCTIONS);
    module.with_module(|module| {
        let function = |name| module.get_function(name).expect("it is there");
        assert!(clone_function(function("h"), "copy").is_err());
        assert!(stand_in(function("h"), "copy").is_err());
        let wide = module.get_context().i64_type().const_zero().into();
        assert!(replace_argument(function("f"), 0, wide).is_err());
        assert!(replace_argument(function("f"), 1, wide).is_err());
        let (f, g, h) = (function("f"), function("g"), function("h"));
        assert!(dispatch(f, &[], g, g).is_err(), "it has a body");
        assert!(dispatch(h, &[], f, g).is_err(), "types differ");
    });
}

#[test]
fn constants_have_the_bits_they_were_made_of() {
    let module = parse("; nothing");
    module.with_module(|module| {
        let context = module.get_context();
        let text = |of, bits| {
            let constant = constant_of_bits(of, bits).expect("a constant");
            constant.print_to_string().to_string()
        };
        assert_eq!(text(context.bool_type().into(), 1), "i1 true");
        assert_eq!(text(context.i8_type().into(), 0x1ff), "i8 -1");
        assert_eq!(
            text(context.i128_type().into(), 1 << 100),
            format!("i128 {}", 1_u128 << 100)
        );
        assert_eq!(
            text(context.f64_type().into(), u128::from(1.5_f64.to_bits())),
            "double 1.500000e+00"
        );
        assert_eq!(
            text(context.f32_type().into(), 0x7fa0_0000),
            "float 0x7FF4000000000000"
        );
        let structure = context.struct_type(&[], false).into();
        assert_eq!(constant_of_bits(structure, 0), None);
    });
}
