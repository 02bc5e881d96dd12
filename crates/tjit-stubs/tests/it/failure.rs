//! What ends the process does so with the right signal and the right words.

use std::mem::transmute;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};

use tjit_stubs::{CodePtr, Stub, StubId, Target};

use crate::support::{code, manager};

/// Set for the process that is to fail.
const CHILD: &str = "TJIT_STUBS_TEST_CHILD";

/// Runs the test `name` of this binary in a process of its own, or returns `None` in that process.
fn in_child(name: &str) -> Option<Output> {
    if std::env::var_os(CHILD).is_some() {
        return None;
    }
    let binary = std::env::current_exe().unwrap();
    let output = Command::new(binary)
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    Some(output)
}

extern "C" fn nothing() {}

fn call(stub: Stub) {
    // SAFETY: what is behind the stub has no arguments, or does not return.
    let function: extern "C" fn() = unsafe { transmute(stub.address.as_ptr()) };
    function();
}

#[test]
fn a_panicking_resolver_aborts_with_the_name() {
    let Some(output) = in_child("failure::a_panicking_resolver_aborts_with_the_name") else {
        let stubs = manager(|_: StubId| -> CodePtr { panic!("no code today") });
        call(stubs.create("_Z3foov", Target::Lazy).unwrap());
        return;
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{stderr}");
    assert!(stderr.contains("no code today"), "{stderr}");
    assert!(
        stderr.contains("tjit-stubs: the lazy resolver panicked for stub #0 (`_Z3foov`)"),
        "{stderr}"
    );
}

#[test]
fn a_removed_stub_traps() {
    let Some(output) = in_child("failure::a_removed_stub_traps") else {
        let target = code(nothing as extern "C" fn() as *const ());
        let stubs = manager(move |_| target);
        let stub = stubs.create("f", target.into()).unwrap();
        call(stub);
        stubs.remove("f").unwrap();
        call(stub);
        return;
    };
    assert_eq!(output.status.signal(), Some(libc::SIGILL));
}
