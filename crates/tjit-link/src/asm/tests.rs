//! What may be left out.

use super::first_effect;

#[test]
fn declarations_and_comments_may_be_left_out() {
    for assembly in [
        "",
        ".globl _ZSt21ios_base_library_initv\n",
        "# nothing\n\n  .ident \"clang\" ; .extern x // c\n",
    ] {
        assert_eq!(first_effect(assembly), None, "{assembly:?}");
    }
}

#[test]
fn definitions_are_named_by_their_symbol() {
    assert_eq!(first_effect(".globl f\nf: ret\n").as_deref(), Some("f"));
    assert_eq!(first_effect(".globl f; f:\nret").as_deref(), Some("f"));
    assert_eq!(
        first_effect(".symver f, f@V1").as_deref(),
        Some(".symver f, f@V1")
    );
    assert_eq!(first_effect(".set a, b").as_deref(), Some(".set a, b"));
}
