//! Aliases and what they stand for, where the two part ways.

use tjit_orc::{flatten_aliases, split_definition, survey};

use crate::support::parse;

#[track_caller]
fn changed(ir: &str, change: impl Fn(&inkwell::module::Module<'_>)) -> String {
    let module = parse(ir);
    module.verify().expect("it is valid before");
    let text = module.with_module(|module| {
        change(module);
        module.print_to_string().to_string()
    });
    if let Err(error) = module.verify() {
        panic!("{error}\n{text}");
    }
    text
}

#[test]
fn chains_become_short() {
    let ir = "@v = global [4 x i32] zeroinitializer
        @d = alias i32, getelementptr (i8, ptr @c, i64 4)
        @c = alias i32, ptr @b
        @b = alias i32, getelementptr (i8, ptr @v, i64 4)
        @k = alias ptr (), ptr @resolver
        @i = ifunc void (), ptr @k
        @j = alias void (), ptr @i
        define ptr @resolver() { ret ptr null }";
    let text = changed(ir, flatten_aliases);
    for line in [
        "@d = alias i32, getelementptr inbounds nuw (i8, ptr @v, i64 8)",
        "@c = alias i32, getelementptr inbounds nuw (i8, ptr @v, i64 4)",
        "@i = ifunc void (), ptr @resolver",
        "@j = alias void (), ptr @i",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
}

#[test]
fn long_chains() {
    const LENGTH: usize = 2000;
    let link = |n: usize| format!("@a{n} = alias i32, ptr @a{}\n", n + 1);
    let chain: String = (0..LENGTH).map(link).collect();
    let text = changed(
        &format!("{chain}@a{LENGTH} = global i32 0"),
        flatten_aliases,
    );
    assert!(text.contains(&format!("@a0 = alias i32, ptr @a{LENGTH}\n")));
}

#[test]
fn a_split_definition_stays_with_its_aliases() {
    let ir = "$f = comdat any
        @table = global [2 x ptr] [ptr @f, ptr @other]
        @inside = global ptr getelementptr (i8, ptr @v, i64 4)
        @v = weak hidden global [2 x i32] [i32 1, i32 2]
        @second = alias i32, getelementptr (i8, ptr @v, i64 4)
        @other = alias void (), ptr @f
        @labels = internal global ptr blockaddress(@f, %l)
        define weak void @f() comdat {
          call void @f()
          br label %l
        l:
          store ptr @other, ptr getelementptr (i8, ptr @v, i64 4)
          ret void
        }";
    let text = changed(ir, |module| {
        assert!(split_definition(module, "f", "f.own"));
        assert!(split_definition(module, "v", "v.own"));
        assert!(!split_definition(module, "other", "x") && !split_definition(module, "gone", "x"));
    });
    for line in [
        "@table = global [2 x ptr] [ptr @f, ptr @other]",
        "@inside = global ptr getelementptr (i8, ptr @v, i64 4)",
        "@v.own = internal global [2 x i32] [i32 1, i32 2]",
        "@v = external global [2 x i32]",
        "@second = alias i32, getelementptr inbounds nuw (i8, ptr @v.own, i64 4)",
        "@other = alias void (), ptr @f.own",
        "@labels = internal global ptr blockaddress(@f.own, %l)",
        "define internal void @f.own()",
        "call void @f()",
        "store ptr @other, ptr getelementptr (i8, ptr @v, i64 4)",
        "declare void @f()",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
}

#[test]
fn ifuncs_and_resolvers_split_like_others() {
    let ir = "@i = weak ifunc i32 (i32), ptr @r
        @also = alias i32 (i32), ptr @i
        define weak ptr @r() { ret ptr @i }";
    let text = changed(ir, |module| {
        assert!(split_definition(module, "i", "i.own"));
        assert!(split_definition(module, "r", "r.own"));
    });
    for line in [
        "@also = alias i32 (i32), ptr @i.own",
        "@i.own = internal ifunc i32 (i32), ptr @r.own",
        "declare i32 @i(i32)",
        "define internal ptr @r.own()",
        "ret ptr @i\n",
    ] {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
}

#[test]
fn resolvers_are_targets() {
    let module = parse(
        "@i = ifunc void (), ptr @r\n@j = ifunc void (), getelementptr (i8, ptr @r, i64 0)
        define ptr @r() { ret ptr null }",
    );
    let globals = module.with_module(survey);
    for name in ["i", "j"] {
        let global = globals.iter().find(|global| global.name == name.as_bytes());
        let target = global
            .and_then(|global| global.target.as_ref())
            .expect("it has one");
        assert_eq!((target.base.as_deref(), target.exact), (Some("r"), true));
    }
}
