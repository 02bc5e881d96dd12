//! Native marks of ARM64EC.

use super::*;

/// Plain name, marked name. The C++ ones are those of LLVM's own `ManglerTest.cpp`, and more kinds of names.
const NAMES: &[(&str, &str)] = &[
    ("Foo", "#Foo"),
    ("?foo@@YAHXZ", "?foo@@$$hYAHXZ"),
    (
        "?GetValue@?$Wrapper@UA@@@@QEBAHXZ",
        "?GetValue@?$Wrapper@UA@@@@$$hQEBAHXZ",
    ),
    ("??2@YAPEAX_K@Z", "??2@$$hYAPEAX_K@Z"),
    ("?f@Base@D@C@B@A@@UEAAHXZ", "?f@Base@D@C@B@A@@$$hUEAAHXZ"),
    ("??0Base@D@C@B@A@@QEAA@XZ", "??0Base@D@C@B@A@@$$hQEAA@XZ"),
    (
        "?GetValue@?$Wrapper@UA@@@@QEBAHUZ@?$WW@UA@@@@@Z",
        "?GetValue@?$Wrapper@UA@@@@$$hQEBAHUZ@?$WW@UA@@@@@Z",
    ),
    ("??$g@H@@YAXXZ", "??$g@H@@$$hYAXXZ"),
    ("??__Ex@@YAXXZ", "??__Ex@@$$hYAXXZ"),
];

#[test]
fn marks_are_set_and_dropped() {
    for &(plain, marked) in NAMES {
        assert_eq!(mangle(plain).as_deref(), Some(marked));
        assert_eq!(mangle(marked), None, "{marked}");
        assert_eq!(unmangle(marked).as_deref(), Some(plain));
        assert_eq!(unmangle(plain), None, "{plain}");
    }
}

#[test]
fn unreadable_cpp_names_are_left_alone() {
    for name in ["?", "?bad", "??0@YAXXZ", "?f@1@YAXXZ"] {
        assert_eq!(mangle(name), None, "{name}");
    }
}
