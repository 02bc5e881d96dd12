//! Signatures of functions in text.

use tjit_orc::ThreadSafeContext;

use super::signature;

#[track_caller]
fn of(ir: &str) -> String {
    let module = ThreadSafeContext::new()
        .parse("signature.ll", ir.as_bytes())
        .expect("it parses");
    module.with_module(|module| {
        let function = module.get_function("f").expect("it is there");
        signature(function)
    })
}

#[test]
fn types_and_conventions_are_told() {
    assert_eq!(of("declare i64 @f(i64, ptr)"), "i64 (i64, ptr)");
    assert_eq!(of("declare void @f(...)"), "void (...)");
    assert_eq!(of("declare i32 @f(ptr, ...)"), "i32 (ptr, ...)");
    assert_eq!(of("declare fastcc <4 x float> @f()"), "cc 8 <4 x float> ()");
}

#[test]
fn structures_are_the_same_under_any_name() {
    let named = "%struct.Point = type { double, [2 x %struct.Inner] }\n%struct.Inner = type <{ i8, i32 }>\n\
         declare %struct.Point @f(ptr byval(%struct.Inner) noundef, i8 zeroext)";
    let literal =
        "declare { double, [2 x <{ i8, i32 }>] } @f(ptr byval(<{ i8, i32 }>), i8 zeroext)";
    assert_eq!(of(named), of(literal));
    assert_eq!(
        of(named),
        "{ double, [2 x <{ i8, i32 }>] } (ptr byval(<{ i8, i32 }>), i8 zeroext)"
    );
}

#[test]
fn the_way_of_passing_counts() {
    assert_ne!(
        of("declare void @f(ptr)"),
        of("declare void @f(ptr byval(i64))")
    );
    assert_ne!(of("declare i8 @f()"), of("declare signext i8 @f()"));
    assert_eq!(
        of("declare void @f(ptr nonnull)"),
        of("declare void @f(ptr)")
    );
}
