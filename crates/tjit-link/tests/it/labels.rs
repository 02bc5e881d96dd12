//! Computed goto: each version has labels of its own, or there is one version.

use tjit_link::{ImportBudget, LinkError, Program};
use tjit_orc::ThreadSafeContext;
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::support::{link, link_error, text};

const TABLE: &str =
    "@f.labels = internal constant [2 x ptr] [ptr blockaddress(@f, %a), ptr blockaddress(@f, %b)]
    define i32 @f(i64 %x) {
      %slot = getelementptr [2 x ptr], ptr @f.labels, i64 0, i64 %x
      %label = load ptr, ptr %slot
      indirectbr ptr %label, [label %a, label %b]
    a:
      ret i32 1
    b:
      ret i32 2
    }
    define i32 @g() { %r = call i32 @f(i64 0)\n ret i32 %r }";

#[test]
fn a_label_table_goes_with_each_version() {
    let (program, linked) = link(&[TABLE]);
    assert!(linked.data.is_empty(), "a table is no data of the program");
    assert!(linked.functions.iter().all(|function| !function.pinned));
    let baseline = text(&program.baseline_slice(&["f"]).expect("it slices"));
    assert!(
        baseline.contains("= private constant [2 x ptr] [ptr blockaddress(@f_baseline, %a)"),
        "{baseline}"
    );
    let unit = text(
        &program
            .unit_slice("f", "body", &ImportBudget::default())
            .expect("it slices"),
    );
    assert!(
        unit.contains("= private constant [2 x ptr] [ptr blockaddress(@body, %a)"),
        "{unit}"
    );
    let caller = text(
        &program
            .unit_slice("g", "body", &ImportBudget::default())
            .expect("it slices"),
    );
    assert!(
        caller.contains("declare i32 @f(i64)"),
        "labels can't be inlined: {caller}"
    );
}

fn pinned(c: &str) -> bool {
    let context = ThreadSafeContext::new();
    let bitcode = compile_to_bitcode(c, Lang::C, &[]);
    let module = context
        .parse("t.bc", &bitcode)
        .expect("clang's bitcode parses");
    let mut program = Program::new(crate::support::host(&["sink"]));
    let linked = program.link(vec![module]).expect("it links");
    let pinned = linked.functions.iter().any(|function| function.pinned);
    text(
        &program
            .baseline_slice(&["f"])
            .expect("the first version is fine"),
    );
    match program.unit_slice("f", "body", &ImportBudget::default()) {
        Ok(unit) => drop(text(&unit)),
        Err(LinkError::Unsupported { symbol, .. }) => assert_eq!(symbol, "f"),
        Err(error) => panic!("{error}"),
    }
    assert_eq!(
        pinned,
        program
            .unit_slice("f", "body", &ImportBudget::NONE)
            .is_err()
    );
    pinned
}

#[test]
fn labels_that_stay_in_a_call_do_not_pin() {
    for body in [
        "static const void *const t[] = {&&a, &&b}; goto *t[x];",
        "static void *t[] = {&&a, &&b}; goto *t[x];",
        "void *t[] = {&&a, &&b}; goto *t[x];",
        "static const int t[] = {&&a - &&a, &&b - &&a}; goto *(&&a + t[x]);",
        "void *l = x ? &&a : &&b; goto *l;",
    ] {
        assert!(
            !pinned(&format!(
                "int f(long x) {{ {body} a: return 1; b: return 2; }}"
            )),
            "{body}"
        );
    }
}

#[test]
fn labels_that_outlive_a_call_pin() {
    for body in [
        "static void *l; if (!l) l = &&a; goto *l;",
        "static void *t[] = {&&a, &&b}; t[0] = t[1]; goto *t[x];",
        "extern void sink(void *); sink(&&a); void *l = &&b; goto *l;",
        "static void *l; l = x ? &&a : &&b; goto *l;",
    ] {
        assert!(
            pinned(&format!(
                "int f(long x) {{ {body} a: return 1; b: return 2; }}"
            )),
            "{body}"
        );
    }
}

#[test]
fn tables_that_others_see_are_refused() {
    let global = TABLE.replace("internal constant", "constant");
    let error = link_error(&[&global]);
    let expected = "can't link `f.labels`: it holds addresses of labels and is seen outside the function that they are in";
    assert_eq!(error.to_string(), expected);
    let shared = format!("{TABLE}\ndefine ptr @h() {{ ret ptr @f.labels }}");
    assert!(matches!(
        link_error(&[&shared]),
        LinkError::Unsupported { .. }
    ));
}

#[test]
fn labels_of_another_function_are_refused() {
    let text = "define ptr @g() { ret ptr blockaddress(@f, %a) }\ndefine void @f() {\n br label %a\na:\n ret void\n}";
    let (program, _) = link(&[text]);
    let error = program
        .baseline_slice(&["g"])
        .expect_err("the label is in no version that `g` could know");
    assert_eq!(
        error.to_string(),
        "can't link `g`: it uses addresses of labels of another function"
    );
    assert!(
        program
            .unit_slice("g", "body", &ImportBudget::NONE)
            .is_err()
    );
}

#[test]
fn inline_functions_of_several_modules_have_tables_too() {
    let source = "inline int f(unsigned i) {
          static const void *const labels[] = {&&a, &&b};
          goto *labels[i & 1];
        a: return 1;
        b: return 2;
        }\n";
    let module = |user: &str| {
        let bitcode = compile_to_bitcode(format!("{source}{user}").as_str(), Lang::Cxx, &[]);
        ThreadSafeContext::new()
            .parse("t.bc", &bitcode)
            .expect("clang's bitcode parses")
    };
    let mut program = Program::new(crate::support::host(&[]));
    let linked = program
        .link(vec![
            module("int g() { return f(1); }"),
            module("int h() { return f(0); }"),
        ])
        .expect("it links");
    assert!(linked.functions.iter().all(|function| !function.pinned));
    assert!(linked.data.is_empty());
    let baseline = text(&program.baseline_slice(&["_Z1fj"]).expect("it slices"));
    assert!(
        baseline.contains("= private constant [2 x ptr] [ptr blockaddress(@_Z1fj_baseline,"),
        "{baseline}"
    );
}
