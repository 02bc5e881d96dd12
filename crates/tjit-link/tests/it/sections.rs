//! Sections with bounds, over modules and links.

use tjit_link::LinkError;

use crate::support::{line, link, link_error, parse, promoted, text};

const BOUNDS: &str = "@__start_things = external hidden global [0 x i32]
    @__stop_things = external hidden global [0 x i32]
    define i64 @count() {
      ret i64 sub (i64 ptrtoint (ptr @__stop_things to i64), i64 ptrtoint (ptr @__start_things to i64))
    }";

#[test]
fn the_first_module_that_has_members_has_them_all() {
    let (_, linked) = link(&[
        BOUNDS,
        "@a = global i8 1, section \"things\"
         @other = global i8 9",
        "@b = internal global i32 2, section \"things\", align 4
         @first_byte = alias i8, ptr @b
         @weak = linkonce_odr global i32 3, section \"things\", align 4",
        "@weak = linkonce_odr global i32 3, section \"things\", align 4
         @elsewhere = global i8 7, section \"others\"",
    ]);
    let data: Vec<_> = linked.data.iter().map(|data| text(&data.ir)).collect();
    let [first, last] = &data[..] else {
        panic!("{data:?}")
    };
    let whole = "private global <{ i8, [3 x i8], i32, i32 }> <{ i8 1, [3 x i8] zeroinitializer, i32 2, i32 3 }>, section \"things\", align 4";
    assert!(first.contains(whole), "{first}");
    let at = |name: &str| line(first, name).to_owned();
    assert!(
        at("__start_things").contains("alias [0 x i8], ptr @0"),
        "{first}"
    );
    assert!(at("__stop_things").contains("i64 12"), "{first}");
    assert!(at("weak").contains("i64 8"), "{first}");
    assert!(at("first_byte").contains(&promoted(first, "b")), "{first}");
    assert!(at("other").contains("global i8 9"), "{first}");
    assert!(
        last.contains("@elsewhere") && !last.contains("@weak"),
        "{last}"
    );
}

#[test]
fn members_may_refer_to_one_another_and_to_the_bounds() {
    let (_, linked) = link(&["@a = global ptr @b, section \"things\"
        @b = global { ptr, ptr } { ptr @a, ptr @__stop_things }, section \"things\"
        @__stop_things = external global i8"]);
    let data = text(&linked.data[0].ir);
    assert!(
        data.contains("<{ ptr @b, { ptr, ptr } { ptr @a, ptr @__stop_things } }>"),
        "{data}"
    );
}

#[test]
fn each_link_has_sections_of_its_own() {
    let module =
        |value: u32| format!("@x{value} = global i32 {value}, section \"things\"\n{BOUNDS}");
    let (mut program, _) = link(&[&module(1)]);
    let second = module(2).replace("@count", "@count2");
    let linked = program
        .link(parse(&[&second]))
        .expect("it has bounds of its own");
    let data = text(&linked.data[0].ir);
    let start = promoted(&data, "__start_things");
    assert!(line(&data, &start).contains("alias"), "{data}");
    let slice = text(&program.baseline_slice(&["count2"]).expect("it slices"));
    assert!(
        slice.contains(&start) && !slice.contains("@__start_things "),
        "{slice}"
    );
}

#[test]
fn a_link_without_the_section_uses_an_earlier_one() {
    let (mut program, _) = link(&[&format!("@x = global i32 1, section \"things\"\n{BOUNDS}")]);
    let user = BOUNDS.replace("@count", "@count2");
    // Hidden declarations are for the library's own.
    let user = user.replace("hidden ", "");
    assert!(
        program
            .link(parse(&[&user]))
            .expect("it finds them")
            .data
            .is_empty()
    );
}

#[test]
fn bounds_of_no_section_are_undefined_unless_weak() {
    let error = link_error(&[BOUNDS]);
    let LinkError::Undefined { symbols } = error else {
        panic!("{error:?}")
    };
    let names: Vec<_> = symbols.iter().map(|symbol| &*symbol.symbol).collect();
    assert_eq!(names, ["__start_things", "__stop_things"]);
    link(&[&BOUNDS.replace("external hidden", "extern_weak hidden")]);
    // A section that linkers make no symbols for.
    link_error(&["@x = global i8 0, section \".things\"
        @__start_.things = external global i8
        define ptr @f() { ret ptr @__start_.things }"]);
}

#[test]
fn a_bound_that_is_defined_is_a_symbol_like_others() {
    let (_, linked) = link(&["@x = global i32 1, section \"things\"
        @__start_things = global ptr @x"]);
    assert!(text(&linked.data[0].ir).contains("@__start_things = dso_local global ptr @x"));
}
