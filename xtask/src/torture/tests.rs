//! What is run, and what can't be.

use super::{faults, loom, miri_short, tsan};
use crate::host::fake::FakeHost;
use crate::sh::show;

#[test]
fn without_nightly_there_is_a_reason_to_skip() {
    let host = FakeHost::default();
    let why = miri_short(&host).map(|command| show(&command));
    assert!(why.is_err_and(|why| why.contains("--component miri")));
    let why = tsan(&host, 1).map(|command| show(&command));
    assert!(why.is_err());
}

#[test]
fn lengths_are_passed_in_the_environment() {
    let value = |command: std::process::Command, name: &str| {
        let found = command.get_envs().find(|(key, _)| *key == name);
        found.and_then(|(_, value)| Some(value?.to_string_lossy().into_owned()))
    };
    assert_eq!(value(loom(4), "LOOM_MAX_PREEMPTIONS").as_deref(), Some("4"));
    assert_eq!(value(faults(9), "TJIT_FAULT_RUNS").as_deref(), Some("9"));
}
