//! What `tjit` is started with, and where it is.

use std::path::PathBuf;

use super::{executable_in, is_finished, tjit_run};
use crate::sh::show;

fn shown(args: &[&str]) -> String {
    let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
    show(tjit_run(PathBuf::from("tjit"), &args).args(&args))
}

#[test]
fn a_report_is_asked_for_unless_the_user_asks_for_one() {
    assert_eq!(shown(&["a.cpp"]), "tjit run --stats=text a.cpp");
    assert_eq!(
        shown(&["--stats=json", "a.cpp"]),
        "tjit run --stats=json a.cpp"
    );
    assert_eq!(
        shown(&["--stats", "json", "a.cpp"]),
        "tjit run --stats json a.cpp"
    );
    assert_eq!(
        shown(&["a.cpp", "--", "--stats=x"]),
        "tjit run --stats=text a.cpp -- --stats=x"
    );
}

#[test]
fn the_executable_is_taken_from_what_cargo_says() {
    let message = |kind: &str, test: bool| {
        format!(
            r#"{{"reason":"compiler-artifact","target":{{"kind":["{kind}"],"name":"tjit"}},
               "profile":{{"test":{test}}},"executable":"target/release/tjit"}}"#
        )
        .into_bytes()
    };
    assert_eq!(
        executable_in(&message("bin", false), "bin", "tjit"),
        Some("target/release/tjit".into())
    );
    assert_eq!(executable_in(&message("bin", false), "bin", "other"), None);
    assert_eq!(executable_in(&message("bin", true), "bin", "tjit"), None);
    assert_eq!(
        executable_in(&message("example", false), "bin", "tjit"),
        None
    );
    assert_eq!(
        executable_in(
            br#"{"reason":"build-finished","success":true}"#,
            "bin",
            "tjit"
        ),
        None
    );
    assert_eq!(executable_in(b"not json", "bin", "tjit"), None);
}

#[test]
fn cargo_is_quiet_when_fresh() {
    assert!(is_finished(
        b"    Finished `release` profile [optimized] target(s) in 0.05s\n"
    ));
    assert!(!is_finished(b"   Compiling tjit-cli v0.1.0\n"));
}
