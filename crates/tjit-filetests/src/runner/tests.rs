//! Comparing, blessing and the ways a file can be wrong.

use std::fs;

use super::{Mode, check, files};
use crate::Error;

const INPUT: &str = ";! test = \"instrument\"\n\ndefine void @f() {\n  ret void\n}\n";

fn on_file(text: &str, test: impl FnOnce(&std::path::Path)) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("f.ll");
    fs::write(&path, text).unwrap();
    test(&path);
}

#[test]
fn a_blessed_file_passes() {
    on_file(INPUT, |path| {
        assert!(matches!(check(path, Mode::Compare), Err(Error::Differs(_))));
        check(path, Mode::Bless).unwrap();
        check(path, Mode::Compare).unwrap();
        let blessed = fs::read_to_string(path).unwrap();
        check(path, Mode::Bless).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), blessed);
    });
}

#[test]
fn a_difference_names_the_way_out() {
    on_file(&format!("{INPUT}\n;; something else\n"), |path| {
        let message = check(path, Mode::Compare).unwrap_err().to_string();
        assert!(
            message.contains("TJIT_BLESS=1") && message.contains("-something else"),
            "{message}"
        );
    });
}

#[test]
fn a_file_that_cannot_run_is_not_blessed() {
    let texts = [
        INPUT.replace("ret void", "ret i32"),
        INPUT.replace("instrument", "instrumnet"),
        INPUT.replace("\n\n", "\n;! treshold = 1\n\n"),
        INPUT.replace("\"instrument\"", "\"instrument"),
    ];
    for text in texts {
        on_file(&text, |path| {
            check(path, Mode::Bless).unwrap_err();
            assert_eq!(fs::read_to_string(path).unwrap(), text);
        });
    }
}

#[test]
fn files_are_found_below_and_sorted() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("sub")).unwrap();
    for name in ["b.ll", "a.ll", "sub/c.ll", "d.txt"] {
        fs::write(path(name), "").unwrap();
    }
    assert_eq!(
        files(directory.path()).unwrap(),
        [path("a.ll"), path("b.ll"), path("sub/c.ll")]
    );
}
