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

#[test]
fn variables_by_every_spelling() {
    let source = "
        namespace app { int rate = 3; static int rate_seen; const int limit = 9; }
        namespace { long hidden = 1; }
        thread_local int mine;
        long make();
        extern \"C\" long get() { static long value = make(); return value + app::rate + app::rate_seen++ + hidden++ + mine; }
        long next() { static int count; return ++count; }
        extern \"C\" int environ_is_set() { extern char **environ; return environ != nullptr; }
        const int *limit() { return &app::limit; }
        long make() { return 4; }
    ";
    let bitcode = compile_to_bitcode(source, Lang::Cxx, &[]);
    let module = ThreadSafeContext::new()
        .parse("variables.bc", &bitcode)
        .expect("clang's bitcode parses");
    let mut program = Program::new(std::sync::Arc::new(Environ));
    program.link(vec![module]).expect("it links");

    let rate = program.resolve_variable("app::rate").expect("it exists");
    assert_eq!(&*rate.symbol, "_ZN3app4rateE");
    assert!(rate.is_defined && !rate.is_constant && !rate.is_thread_local);
    assert_eq!((rate.size, rate.guard.as_deref()), (4, None));
    assert_eq!(program.resolve_variable("_ZN3app4rateE"), Ok(rate));

    let value = program.resolve_variable("get::value").expect("it exists");
    assert_eq!(
        value.guard.as_deref().map(tjit_link::demangle).as_deref(),
        Some("guard variable for get::value")
    );
    assert_eq!(
        program.resolve_variable("next::count"),
        program.resolve_variable("next()::count")
    );
    let count = program
        .resolve_variable("next()::count")
        .expect("it exists");
    assert_eq!((count.size, count.guard), (4, None));
    assert!(
        program
            .resolve_variable("mine")
            .expect("it exists")
            .is_thread_local
    );
    assert!(
        program
            .resolve_variable("app::limit")
            .expect("it exists")
            .is_constant
    );
    let hidden = program.resolve_variable("(anonymous namespace)::hidden");
    assert_eq!(hidden.map(|hidden| hidden.size), Ok(8));
    assert!(
        !program
            .resolve_variable("environ")
            .expect("it is used")
            .is_defined
    );

    let Err(LinkError::UnknownVariable { nearest, .. }) = program.resolve_variable("app::rat")
    else {
        panic!("there is no such variable")
    };
    assert_eq!(nearest[0], "app::rate");
    assert!(
        program.resolve_variable("next").is_err(),
        "it is a function"
    );
}

/// A host with one variable.
struct Environ;

impl tjit_link::HostSymbols for Environ {
    fn find(&self, linker_name: &str) -> Option<u64> {
        (linker_name == "environ").then_some(0x1000)
    }
}

#[test]
fn what_is_linked_later_is_found_too() {
    let text = |n: u32| {
        format!(
            "@_ZN1n1xE = linkonce_odr global i32 0
            @_ZN1n2y{n}E = internal global i32 0
            define ptr @_ZN1n2f{n}Ev() {{ store i32 1, ptr @_ZN1n2y{n}E\n ret ptr @_ZN1n1xE }}"
        )
    };
    let (mut program, _) = crate::support::link(&[&text(1)]);
    assert_eq!(program.resolve_name("n::f1"), Ok("_ZN1n2f1Ev"));
    assert!(program.resolve_variable("n::x").is_ok());
    program
        .link(crate::support::parse(&[&text(2)]))
        .expect("it links");
    assert_eq!(program.resolve_name("n::f2"), Ok("_ZN1n2f2Ev"));
    assert_eq!(program.resolve_name("n::f1()"), Ok("_ZN1n2f1Ev"));
    assert!(program.resolve_variable("n::y2").is_ok());
    // It is in both modules, and one variable.
    assert!(program.resolve_variable("n::x").is_ok());
}
