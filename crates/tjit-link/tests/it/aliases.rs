//! Aliases and ifuncs whose own module's definitions give way to others.

use tjit_link::{FunctionKind, ImportBudget, Linked, Program};

use crate::support::{host, line, link, link_error, parse, promoted, text, try_link};

fn data(linked: &Linked, module: usize) -> String {
    text(&linked.data[module].ir)
}

fn aliases(linked: &Linked) -> Vec<(&str, &str)> {
    let aliases = linked.function_aliases.iter();
    aliases
        .map(|(a, b)| (a.as_str(), without_hash(b)))
        .collect()
}

fn kinds(linked: &Linked) -> Vec<(&str, FunctionKind)> {
    let kind = |kind: &FunctionKind| match kind {
        FunctionKind::IFunc { resolver } => FunctionKind::IFunc {
            resolver: without_hash(resolver).to_owned(),
        },
        other => other.clone(),
    };
    let functions = linked.functions.iter();
    functions
        .map(|function| (without_hash(&function.symbol), kind(&function.kind)))
        .collect()
}

/// The name of a promoted local with its suffix cut to the dot.
fn without_hash(symbol: &str) -> &str {
    match symbol.split_once('.') {
        Some((name, hash)) if hash.len() == 32 => &symbol[..=name.len()],
        _ => symbol,
    }
}

fn ifunc(resolver: &str) -> FunctionKind {
    FunctionKind::IFunc {
        resolver: resolver.to_owned(),
    }
}

#[track_caller]
fn slice(program: &Program, symbol: &str) -> String {
    text(&program.baseline_slice(&[symbol]).expect("it slices"))
}

#[test]
fn an_alias_keeps_its_own_modules_function() {
    let weak = "@a = alias i32 (), ptr @f\n@w = weak alias i32 (), ptr @f
        define weak i32 @f() { %r = call i32 @f()\n ret i32 %r }
        define i32 @g() { %x = call i32 @a()\n %y = call i32 @f()\n %z = call i32 @w()\n ret i32 %y }";
    let strong = "define i32 @f() { ret i32 2 }";
    for texts in [[weak, strong], [strong, weak]] {
        let (program, linked) = link(&texts);
        assert_eq!(aliases(&linked), [("a", "f."), ("w", "f.")]);
        let own = &linked.function_aliases[0].1;
        assert!(
            slice(&program, own).contains("call i32 @f()"),
            "it calls the prevailing one"
        );
        let user = slice(&program, "g");
        assert_eq!(
            user.matches(&format!("call i32 @{own}()")).count(),
            2,
            "{user}"
        );
        assert_eq!(user.matches("call i32 @f()").count(), 1, "{user}");
        assert!(slice(&program, "f").contains("ret i32 2"));
        let unit = program
            .unit_slice("g", "g_optimized", &ImportBudget::default())
            .expect("it slices");
        assert!(text(&unit).contains("define available_externally i32 @f()"));
    }
}

#[test]
fn an_alias_keeps_its_own_modules_data() {
    let weak = "@a = alias i32, ptr @v\n@b = alias i32, getelementptr (i8, ptr @a, i64 4)
        @v = weak global [2 x i32] [i32 1, i32 2]\n@p = global [2 x ptr] [ptr @v, ptr @a]
        define ptr @g() { store i32 3, ptr getelementptr (i8, ptr @v, i64 4)\n ret ptr @b }";
    let (program, linked) = link(&[weak, "@v = global [2 x i32] [i32 3, i32 4]"]);
    let first = data(&linked, 0);
    let own = promoted(&first, "v");
    assert!(line(&first, &own).ends_with("global [2 x i32] [i32 1, i32 2]"));
    assert!(line(&first, "a").ends_with(&format!("alias i32, ptr @{own}")));
    assert!(line(&first, "b").ends_with(&format!("(i8, ptr @{own}, i64 4)")));
    assert!(line(&first, "p").ends_with(&format!("[ptr @v, ptr @{own}]")));
    let user = slice(&program, "g");
    assert!(
        user.contains("store i32 3, ptr getelementptr (i8, ptr @v, i64 4)"),
        "{user}"
    );
}

#[test]
fn an_alias_keeps_its_own_modules_thread_local() {
    let weak = "@a = thread_local alias i32, ptr @v\n@v = weak thread_local global i32 1
        define ptr @g() { ret ptr @v }\ndefine ptr @h() { ret ptr @a }";
    let (program, linked) = link(&[weak, "@v = thread_local global i32 2"]);
    let first = data(&linked, 0);
    let own = promoted(&first, "v");
    assert!(first.contains(&format!("@__emutls_t.{own}")), "{first}");
    assert!(slice(&program, "g").contains("__emutls_get_address(ptr @v)"));
    assert!(slice(&program, "h").contains(&format!("__emutls_get_address(ptr @{own})")));
}

#[test]
fn an_alias_of_a_discarded_comdat_is_of_the_one_that_stays() {
    let group = "$f = comdat any\ndefine weak void @f() comdat { ret void }\n";
    let (_, linked) = link(&[group, &format!("{group}@a = alias void (), ptr @f")]);
    assert_eq!(aliases(&linked), [("a", "f")]);
    let odr = "define linkonce_odr void @f() { ret void }\n";
    let keep = "@p = global ptr @f\n";
    let (_, linked) = link(&[
        &format!("{odr}{keep}"),
        &format!("{odr}@a = alias void (), ptr @f"),
    ]);
    assert_eq!(aliases(&linked), [("a", "f")]);
    let group = "$v = comdat any\n@v = weak global i32 0, comdat\n";
    let error = link_error(&[group, &format!("{group}@a = alias i32, ptr @v")]);
    assert_eq!(
        error.to_string(),
        "can't link `a`: it is an alias of `v`, whose COMDAT gave way to that of another module, which has no such alias"
    );
    let both = format!("{group}@a = weak alias i32, ptr @v");
    link(&[&both, &both]);
}

#[test]
fn an_aliased_definition_is_the_hosts_only_together_with_its_aliases() {
    let odr = "@v = linkonce_odr global i32 0\n@a = weak_odr alias i32, ptr @v
        define ptr @f() { ret ptr @v }\ndefine ptr @g() { ret ptr @a }";
    let defined = |names| {
        let (program, _) = try_link(host(names), &[odr]).expect("it links");
        ["v", "a"].map(|name| program.defines(name))
    };
    assert_eq!(defined(&["v", "a"]), [false, false]);
    assert_eq!(defined(&["v"]), [true, true]);
    assert_eq!(defined(&["a"]), [true, true]);
}

#[test]
fn an_alias_of_what_the_program_took_from_the_host_keeps_its_own() {
    let odr = "@v = linkonce_odr global i32 0\ndefine ptr @f() { ret ptr @v }";
    let (mut program, _) = try_link(host(&["v"]), &[odr]).expect("it links");
    let linked = program
        .link(parse(&[
            "@v = linkonce_odr global i32 0\n@a = alias i32, ptr @v",
        ]))
        .expect("it links");
    let text = data(&linked, 0);
    let own = promoted(&text, "v");
    assert!(
        line(&text, "a").ends_with(&format!("alias i32, ptr @{own}")),
        "{text}"
    );
}

#[test]
fn a_function_with_labels_keeps_them_when_it_gives_way() {
    let weak = "@a = alias void (i32), ptr @f
        @table = internal constant [2 x ptr] [ptr blockaddress(@f, %x), ptr blockaddress(@f, %y)]
        define weak void @f(i32 %i) {
          %p = getelementptr [2 x ptr], ptr @table, i32 0, i32 %i
          %l = load ptr, ptr %p
          indirectbr ptr %l, [label %x, label %y]
        x:
          ret void
        y:
          call void @f(i32 0)
          ret void
        }";
    let (program, linked) = link(&[weak, "define void @f(i32 %i) { ret void }"]);
    let own = &linked.function_aliases[0].1;
    let text = slice(&program, own);
    assert!(
        text.contains(&format!("blockaddress(@{own}_baseline, %x)")),
        "{text}"
    );
    assert!(text.contains("call void @f(i32 0)"), "{text}");
}

#[test]
fn resolvers_may_be_local_in_modules_without_aliases() {
    let (_, linked) = link(&["@chosen = ifunc i32 (i32), ptr @resolver
         define internal ptr @resolver() { ret ptr null }"]);
    let kinds: Vec<_> = linked
        .functions
        .iter()
        .map(|function| function.kind.clone())
        .collect();
    let is_chosen = |kind: &FunctionKind| matches!(kind, FunctionKind::IFunc { resolver } if resolver.starts_with("resolver."));
    assert!(kinds.iter().any(is_chosen), "{kinds:?}");
}

#[test]
fn ifuncs_have_stubs_and_resolvers_but_no_bodies() {
    let (program, linked) = link(&[
        "@chosen = ifunc i32 (i32), ptr @resolver
         @inside = internal ifunc i32 (i32), ptr @other_name
         @also = alias i32 (i32), ptr @chosen
         @other_name = internal alias ptr (), ptr @resolver
         @table = global [3 x ptr] [ptr @chosen, ptr @inside, ptr @also]
         define internal ptr @resolver() { ret ptr null }
         define i32 @f(i32 %x) { %y = call i32 @chosen(i32 %x)\n %z = call i32 @inside(i32 %y)\n %a = call i32 @also(i32 %z)\n ret i32 %a }",
        "declare i32 @chosen(i32)\ndefine i32 @g(i32 %x) { %y = call i32 @chosen(i32 %x)\n ret i32 %y }",
    ]);
    assert_eq!(
        kinds(&linked),
        [
            ("resolver.", FunctionKind::Body),
            ("f", FunctionKind::Body),
            ("chosen", ifunc("resolver.")),
            ("inside.", ifunc("resolver.")),
            ("g", FunctionKind::Body)
        ]
    );
    assert_eq!(
        aliases(&linked),
        [
            ("also", "chosen"),
            (&*linked.function_aliases[1].0, "resolver.")
        ]
    );
    let table = data(&linked, 0);
    assert!(
        line(&table, "chosen").starts_with("declare i32 @chosen(i32)"),
        "{table}"
    );
    let unit = program
        .unit_slice("f", "f_optimized", &ImportBudget::default())
        .expect("it slices");
    let unit = text(&unit);
    assert_eq!(unit.matches("call i32 @chosen(").count(), 2, "{unit}");
    assert!(
        line(&unit, "chosen").starts_with("declare i32 @chosen(i32)"),
        "{unit}"
    );
    assert_eq!(program.callees("f").len(), 0);
    assert_eq!(program.resolve_name("also"), Ok("chosen"));
    let error = program
        .baseline_slice(&["chosen"])
        .expect_err("there is none");
    assert!(
        error
            .to_string()
            .starts_with("can't link `chosen`: it is an ifunc, which has no body: `resolver.")
    );
}

#[test]
fn ifuncs_compete_like_functions() {
    let weak = "@f = weak ifunc void (), ptr @r\n@a = alias void (), ptr @f\ndefine weak ptr @r() { ret ptr null }";
    let strong = "define void @f() { ret void }\ndefine ptr @r() { ret ptr @f }";
    let (_, linked) = link(&[weak, strong]);
    assert_eq!(aliases(&linked), [("a", "f.")]);
    let expected = [
        ("f.", ifunc("r.")),
        ("r.", FunctionKind::Body),
        ("f", FunctionKind::Body),
        ("r", FunctionKind::Body),
    ];
    let mut found = kinds(&linked);
    found.sort_by_key(|(name, _)| expected.iter().position(|(n, _)| n == name));
    assert_eq!(found, expected);

    let odr = "$r = comdat any\n@f = weak_odr ifunc void (), ptr @r\ndefine weak_odr ptr @r() comdat { ret ptr null }";
    let (_, linked) = link(&[odr, odr]);
    assert_eq!(
        kinds(&linked),
        [("r", FunctionKind::Body), ("f", ifunc("r"))]
    );
    let (_, linked) = try_link(host(&["r", "f"]), &[odr]).expect("it links");
    assert_eq!(kinds(&linked), []);
}

#[test]
fn an_undefined_function_may_become_an_ifunc() {
    let (mut program, _) =
        link(&["declare void @f()\ndefine void @g() { call void @f()\n ret void }"]);
    let linked = program
        .link(parse(&[
            "@f = ifunc void (), ptr @r\ndefine ptr @r() { ret ptr null }",
        ]))
        .expect("it links");
    assert_eq!(
        kinds(&linked),
        [("r", FunctionKind::Body), ("f", ifunc("r"))]
    );
    assert!(linked.functions[1].was_undefined);
}

#[test]
fn ifuncs_and_local_copies_go_with_their_module() {
    let (mut program, first) = link(&["define void @f() { ret void }"]);
    let text = "@i = ifunc void (), ptr @r\n@a = alias void (), ptr @f\n@p = global ptr @a
        define weak void @f() { ret void }\ndefine ptr @r() { ret ptr @f }";
    let linked = program.link(parse(&[text])).expect("it links");
    assert_eq!(aliases(&linked), [("a", "f.")]);
    let unloaded = program.unload(&linked.modules).expect("nobody uses it");
    let mut gone: Vec<_> = unloaded
        .functions
        .iter()
        .map(|name| without_hash(name))
        .collect();
    gone.sort_unstable();
    assert_eq!(gone, ["f.", "i", "r"]);
    assert!(unloaded.handed_over.is_empty() && program.defines("f") && !program.defines("i"));
    assert!(program.resolve_name("i").is_err());
    program.link(parse(&[text])).expect("it may come back");
    assert_eq!(program.module_of("f"), Some(first.modules[0]));
}
