//! Taking files apart and putting them together.

use serde::Deserialize;

use super::TestFile;
use crate::Error;

const TEXT: &str = "\
;! test = \"x\"
;! count = 3
; about
define void @f() {
  ret void
}

;; one
;;
;;  two
";

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Options {
    count: u32,
}

#[test]
fn takes_apart() {
    let file = TestFile::parse("f", TEXT).unwrap();
    assert_eq!(file.test, "x");
    assert_eq!(file.expected, "one\n\n two\n");
    assert!(file.input.ends_with("}\n"));
    assert_eq!(file.options::<Options>().unwrap(), Options { count: 3 });
}

#[test]
fn blessing_the_expected_result_changes_nothing() {
    let file = TestFile::parse("f", TEXT).unwrap();
    assert_eq!(file.with_expected(&file.expected), TEXT);
}

#[test]
fn an_old_result_is_replaced() {
    let file = TestFile::parse("f", TEXT).unwrap();
    let again = TestFile::parse("f", &file.with_expected("new\n")).unwrap();
    assert_eq!(
        (again.expected.as_str(), again.input.as_str()),
        ("new\n", file.input.as_str())
    );
}

#[test]
fn a_comment_in_the_input_is_no_result() {
    let file = TestFile::parse("f", ";! test = \"x\"\n;; not yet\ndeclare void @f()\n").unwrap();
    assert_eq!(file.expected, "");
}

#[test]
fn bad_headers_are_errors() {
    assert!(matches!(
        TestFile::parse("f", "define void @f()"),
        Err(Error::NoSubTest)
    ));
    assert!(matches!(
        TestFile::parse("f", ";! test = 1"),
        Err(Error::NoSubTest)
    ));
    assert!(matches!(
        TestFile::parse("f", ";! test ="),
        Err(Error::Header(_))
    ));
    let file = TestFile::parse("f", ";! test = \"x\"\n;! coutn = 3").unwrap();
    assert!(matches!(file.options::<Options>(), Err(Error::Header(_))));
}
