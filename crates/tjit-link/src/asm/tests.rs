//! What may be left out, and what is assembled.

use super::{assemble, has_effect, without_versions};
use crate::LinkError;

#[test]
fn declarations_and_comments_may_be_left_out() {
    for assembly in [
        "",
        ".globl _ZSt21ios_base_library_initv\n",
        "# nothing\n\n  .ident \"clang\" ; .extern x // c\n",
        ".symver f, f@V1",
    ] {
        assert!(!has_effect(assembly), "{assembly:?}");
    }
}

#[test]
fn definitions_may_not() {
    for assembly in [".globl f\nf: ret\n", ".globl f; f:\nret", ".set a, b"] {
        assert!(has_effect(assembly), "{assembly:?}");
    }
}

#[test]
fn versions_are_left_out_beside_definitions() {
    assert_eq!(without_versions("f: ret\n  .symver f, f@V1\n"), "f: ret\n");
}

#[test]
fn definitions_become_an_object() {
    let object = assemble("m.ll", ".globl f\nf: ret\nlocal: ret\n").expect("it is right");
    let object = object.expect("it defines something");
    assert_eq!(object.name(), "m.ll (assembly)");
    assert_eq!(object.defined().collect::<Vec<_>>(), ["f"]);
}

#[test]
fn bad_assembly_is_an_error_with_llvms_message() {
    match assemble("m.ll", "f: no_such_instruction\n") {
        Err(LinkError::Assembly { module, reason }) => {
            assert_eq!(module, "m.ll");
            assert!(reason.contains("no_such_instruction"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}
