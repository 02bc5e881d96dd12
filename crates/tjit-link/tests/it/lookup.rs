//! Functions by the names of the source.

use tjit_link::{LinkError, Program};
use tjit_orc::ThreadSafeContext;
use tjit_test_util::{Lang, compile_to_bitcode};

const SHAPES: &str = r#"
namespace ns {
struct Circle {
  double r;
  double area() const;
  void scale(double by);
  void scale(int by);
  template <class T> T as() const;
};
double Circle::area() const { return 3 * r * r; }
void Circle::scale(double by) { r *= by; }
void Circle::scale(int by) { r *= by; }
template <class T> T Circle::as() const { return T(r); }
template int Circle::as<int>() const;
}
namespace { int helper() { return 1; } }
int use() { return helper(); }
extern "C" int plain() { return 1; }
"#;

fn program() -> Program {
    let bitcode = compile_to_bitcode(SHAPES, Lang::Cxx, &[]);
    let module = ThreadSafeContext::new()
        .parse("shapes.bc", &bitcode)
        .expect("clang's bitcode parses");
    let mut program = Program::new(std::sync::Arc::new(()));
    program.link(vec![module]).expect("it links");
    program
}

#[test]
fn every_spelling_of_a_method() {
    let program = program();
    for name in [
        "_ZNK2ns6Circle4areaEv",
        "ns::Circle::area",
        "ns::Circle::area()",
        "ns::Circle::area() const",
    ] {
        assert_eq!(
            program.resolve_name(name).as_deref(),
            Ok("_ZNK2ns6Circle4areaEv"),
            "{name}"
        );
    }
    assert_eq!(program.resolve_name("plain").as_deref(), Ok("plain"));
    assert_eq!(
        program.resolve_name("ns::Circle::scale(int)").as_deref(),
        Ok("_ZN2ns6Circle5scaleEi")
    );
}

#[test]
fn locals_by_the_name_of_the_source() {
    let program = program();
    let symbol = program
        .resolve_name("(anonymous namespace)::helper")
        .expect("it is there");
    assert!(
        symbol.starts_with("_ZN12_GLOBAL__N_16helperEv."),
        "{symbol}"
    );
}

#[test]
fn overloads_are_ambiguous() {
    let error = program()
        .resolve_name("ns::Circle::scale")
        .expect_err("there are two");
    assert_eq!(
        error.to_string(),
        "`ns::Circle::scale` may be any of `ns::Circle::scale(double)`, `ns::Circle::scale(int)`"
    );
}

#[test]
fn unknown_names_get_suggestions() {
    let program = program();
    let error = program
        .resolve_name("Circle::aera")
        .expect_err("it is misspelt");
    assert_eq!(
        error.to_string(),
        "no function `Circle::aera` in the program; there is `ns::Circle::area() const`"
    );
    let error = program
        .resolve_name("Square::perimeter_of_it_all")
        .expect_err("there is none");
    let LinkError::Unknown { nearest, .. } = error else {
        panic!("{error:?}")
    };
    assert!(nearest.is_empty(), "{nearest:?}");
}
