//! Starting programs and reading them.

use std::ffi::OsString;
use std::process::Command;

use super::{Stream, run, run_captured, run_lines, set_by_cargo_run, show, without_cargo_dirs};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn a_command_is_shown_without_directories() {
    let mut command = Command::new("/opt/toolchain/bin/cargo");
    command.args(["build", "--release"]);
    assert_eq!(show(&command), "cargo build --release");
}

#[test]
fn lines_arrive_from_both_streams_and_the_last_needs_no_line_break() {
    let mut lines = Vec::new();
    let result = run_lines(
        &mut shell("echo one; echo two >&2; printf three"),
        |stream, line| {
            lines.push((
                stream == Stream::Err,
                String::from_utf8_lossy(line).into_owned(),
            ));
        },
    );
    lines.sort();
    assert!(result.is_ok());
    assert_eq!(
        lines,
        [
            (false, "one\n".into()),
            (false, "three".into()),
            (true, "two\n".into())
        ]
    );
}

#[test]
fn a_failure_names_the_command_and_the_code() {
    for result in [
        run(&mut shell("exit 7")),
        run_captured(&mut shell("exit 7")),
    ] {
        let message = result.map_err(|error| error.to_string());
        assert_eq!(
            message,
            Err("`sh -c exit 7` ended with exit status: 7".into())
        );
    }
    assert!(run(&mut Command::new("no-such-program-here")).is_err());
}

#[test]
fn only_the_variables_of_cargo_run_are_taken_away() {
    assert!(set_by_cargo_run("CARGO_PKG_NAME"));
    assert!(set_by_cargo_run("CARGO_MANIFEST_DIR"));
    for kept in [
        "CARGO_HOME",
        "CARGO_TARGET_DIR",
        "CARGO_TERM_COLOR",
        "RUSTUP_TOOLCHAIN",
        "PATH",
    ] {
        assert!(!set_by_cargo_run(kept), "{kept}");
    }
}

#[test]
fn the_library_path_keeps_what_the_user_put_there() {
    let path = OsString::from("/opt/rust/toolchains/stable/lib:/opt/mine/lib");
    assert_eq!(without_cargo_dirs(&path), Some("/opt/mine/lib".into()));
    assert_eq!(
        without_cargo_dirs(&"/opt/rust/toolchains/stable/lib".into()),
        None
    );
}
