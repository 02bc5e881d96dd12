//! Computed goto: each version has labels of its own, or there is one version.

use tjit_link::{ImportBudget, LinkError, Linked, Program};
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

/// The text of the data module, of a link with one.
fn data(texts: &[&str]) -> (Program, Linked, String) {
    let (program, linked) = link(texts);
    assert_eq!(linked.data.len(), 1);
    let data = text(&linked.data[0].ir);
    (program, linked, data)
}

fn names(linked: &Linked) -> Vec<&str> {
    let functions = linked.functions.iter();
    functions.map(|function| &*function.symbol).collect()
}

#[test]
fn labels_of_tables_that_others_see_stay_where_they_are() {
    let global = TABLE.replace("internal constant", "constant");
    let shared = format!("{TABLE}\ndefine ptr @h() {{ ret ptr @f.labels }}");
    for (module, table) in [(&global, "@f.labels = "), (&shared, "@f.labels.")] {
        let (program, linked, data) = data(&[module]);
        assert!(data.contains(table), "{data}");
        assert!(data.contains("[ptr blockaddress(@f.fixed."), "{data}");
        assert!(data.contains("i32 @f.fixed."), "{data}");
        assert_eq!(names(&linked)[..2], ["f", "g"], "the body has no stub");
        assert!(linked.functions.iter().all(|function| !function.pinned));
        let unit = program.unit_slice("f", "body", &ImportBudget::default());
        let unit = text(&unit.expect("it slices"));
        assert!(unit.contains("musttail call i32 @f.fixed."), "{unit}");
        assert!(!unit.contains("blockaddress"), "{unit}");
        assert!(
            !program
                .callees("f")
                .iter()
                .any(|name| name.contains("fixed")),
            "there is nothing to compile in a group"
        );
    }
}

#[test]
fn labels_of_another_function_are_loaded() {
    let text_of_module = "define ptr @g() { ret ptr blockaddress(@f, %a) }
        define void @f() {\n br label %a\na:\n ret void\n}";
    let (program, linked, data) = data(&[text_of_module]);
    assert_eq!(names(&linked), ["g", "f"]);
    assert!(data.contains("blockaddress(@f.fixed."), "{data}");
    for slice in [
        program.baseline_slice(&["g"]),
        program.unit_slice("g", "body", &ImportBudget::default()),
    ] {
        let slice = text(&slice.expect("it slices"));
        assert!(slice.contains("load ptr, ptr @f.fixed."), "{slice}");
        assert!(!slice.contains("blockaddress"), "{slice}");
    }
}

#[test]
fn a_module_with_a_body_that_stays_can_be_unloaded() {
    let global = TABLE.replace("internal constant", "constant");
    let (mut program, linked, _) = data(&[&global]);
    let unloaded = program.unload(&linked.modules).expect("nobody uses it");
    let functions: Vec<&str> = unloaded.functions.iter().map(|name| &**name).collect();
    assert_eq!(functions, ["f", "g"]);
    assert!(unloaded.others.iter().any(|name| name.contains(".fixed.")));
}

#[test]
fn labels_of_bodies_that_are_there_to_be_inlined_only_are_refused() {
    let text = "define ptr @g() { ret ptr blockaddress(@f, %a) }
        define available_externally void @f() {\n br label %a\na:\n ret void\n}";
    let (program, _) = link(&[text]);
    let error = program
        .baseline_slice(&["g"])
        .expect_err("the label is in no body that `g` could know");
    let expected = "can't link `g`: it uses addresses of labels of another function";
    assert_eq!(error.to_string(), expected);
    let table = format!("@t = constant ptr blockaddress(@f, %a)\n{text}");
    let expected =
        "can't link `t`: it holds addresses of labels of a function that can't stay where it is";
    assert_eq!(link_error(&[&table]).to_string(), expected);
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
