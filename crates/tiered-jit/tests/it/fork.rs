//! Children of `fork` while other threads use the JIT.
//!
//! Each test runs in a process of its own: what is forked must not be in the middle of other tests, which throw exceptions, and the
//! unwinder's lock does not outlive a fork.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc;
use std::thread;

use std::num::NonZeroUsize;
use std::time::Duration;

use tiered_jit::inkwell::module::Module;
use tiered_jit::inkwell::values::{FunctionValue, InstructionOpcode};
use tiered_jit::{Canary, CanaryThreads, EventKind, TieredJit, TransformError};

use crate::reclaim::{reclaiming, recompile, until};
use crate::support::{Unary, add, load, quiet, unary, wait_for};

const ALONE: &str = "TJIT_TEST_FORK_ALONE";
const CHILDREN: usize = 30;

/// Runs the test of this name in a process of its own and returns whether it still has to run here: this is that process.
fn is_alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let binary = std::env::current_exe().expect("tests have a binary");
    let output = Command::new(binary)
        .args([test, "--exact", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .expect("it starts");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

/// A small function of its own name.
fn function(index: i64) -> String {
    format!("define i64 @f{index}(i64 %x) {{\n  %y = add i64 %x, {index}\n  ret i64 %y\n}}\n")
}

/// What other threads do while one forks: look-ups, requests, first calls.
fn disturb(jit: &TieredJit, next: &AtomicI64, ends: &AtomicBool) {
    while !ends.load(Ordering::Relaxed) {
        jit.function::<Unary>("twice").expect("it exists");
        drop(jit.reoptimize("twice").expect("it exists").submit());
        assert!(jit.frozen().is_empty());
        assert!(!jit.modules().is_empty());
        assert!(jit.stats().failures() == 0);
        drop(jit.subscribe(NonZeroUsize::MIN));
        let index = next.fetch_add(1, Ordering::Relaxed);
        add(jit, &function(index)).expect("it is new");
        assert_eq!(unary(jit, &format!("f{index}"), 1), 1 + index);
    }
}

/// Adds a module and calls it, and has a function optimised. Does not return.
fn use_in_child(jit: &TieredJit) -> ! {
    // SAFETY: the process ends if it waits for ever, for longer than anything that works takes.
    unsafe { libc::alarm(120) };
    let caller = "declare i64 @twice(i64)\n\
         define i64 @four_times(i64 %x) {\n  %y = call i64 @twice(i64 %x)\n  %z = call i64 @twice(i64 %y)\n  ret i64 %z\n}\n";
    let added = add(jit, caller);
    let optimized = jit
        .reoptimize("four_times")
        .and_then(|request| request.wait());
    let is_right = added.is_ok() && optimized.is_ok() && unary(jit, "four_times", 3) == 12;
    let answers = jit.frozen().is_empty() && jit.stats().failures() == 0;
    // SAFETY: the child has nothing else to do.
    unsafe { libc::_exit(i32::from(!is_right || !answers)) }
}

/// Forks, and returns what became of the child as `waitpid` tells it.
fn fork(in_child: impl FnOnce()) -> i32 {
    // SAFETY: the child uses the JIT, which supports it, and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        in_child();
    }
    let mut status = -1;
    // SAFETY: a child of this process and a place for its status.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    status
}

#[test]
fn a_child_finds_no_lock_held() {
    if !is_alone("fork::a_child_finds_no_lock_held") {
        return;
    }
    let jit = quiet("define i64 @twice(i64 %x) {\n  %y = mul i64 %x, 2\n  ret i64 %y\n}\n");
    let (next, ends) = (AtomicI64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| disturb(&jit, &next, &ends));
        }
        let mut statuses = (0..CHILDREN).map(|_| fork(|| use_in_child(&jit)));
        let failed = statuses.find(|&status| status != 0);
        ends.store(true, Ordering::Relaxed);
        assert_eq!(failed, None, "as waitpid tells it");
    });
}

/// Looks at a ticket that is not answered soon, again and again.
fn look_at(ticket: &tiered_jit::Ticket, ends: &AtomicBool) {
    while !ends.load(Ordering::Relaxed) {
        assert!(ticket.try_wait().is_none());
    }
}

#[test]
fn a_child_serves_a_request_that_others_looked_at() {
    if !is_alone("fork::a_child_serves_a_request_that_others_looked_at") {
        return;
    }
    let jit = quiet("define i64 @twice(i64 %x) {\n  %y = mul i64 %x, 2\n  ret i64 %y\n}\n");
    let (trigger, fire) = tiered_jit::Trigger::manual();
    let request = jit.reoptimize("twice").expect("it exists");
    let ticket = jit.reoptimize_when(trigger, request).expect("it waits");
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| look_at(&ticket, &ends));
        }
        let mut statuses = (0..CHILDREN).map(|_| {
            fork(|| {
                // SAFETY: as in the others.
                unsafe { libc::alarm(20) };
                let answer = ticket.wait_timeout(std::time::Duration::from_secs(10));
                let is_over = matches!(answer, Some(Err(tiered_jit::Error::ShutDown(_))));
                // SAFETY: the child has nothing else to do.
                unsafe { libc::_exit(i32::from(!is_over)) }
            })
        });
        let failed = statuses.find(|&status| status != 0);
        ends.store(true, Ordering::Relaxed);
        assert_eq!(failed, None, "as waitpid tells it");
    });
    drop(fire);
}

/// The other thread is inside when the process forks, and this one as well.
#[test]
fn a_child_frees_what_threads_were_in_that_it_does_not_have() {
    if !is_alone("fork::a_child_frees_what_threads_were_in_that_it_does_not_have") {
        return;
    }
    let ir = "define i64 @twice(i64 %x) {\n  %y = mul i64 %x, 2\n  ret i64 %y\n}\n";
    let jit = load(reclaiming(), ir);
    let (inside, is_inside) = mpsc::channel();
    let (leave, may_leave) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let other = &jit;
        scope.spawn(move || {
            let _entered = other.enter();
            inside.send(()).expect("the test waits");
            may_leave.recv().expect("the test lets it go");
        });
        is_inside.recv().expect("the thread enters");
        for _ in 0..3 {
            recompile(&jit, "twice");
        }
        until(&jit, |memory| memory.retired == 1);
        let entered = jit.enter();
        let status = fork(|| {
            // SAFETY: as in `use_in_child`.
            unsafe { libc::alarm(120) };
            recompile(&jit, "twice");
            until(&jit, |memory| memory.retired == 2);
            let is_kept = jit.code_memory().reclaimed == 0;
            drop(entered);
            until(&jit, |memory| memory.reclaimed == 2);
            // SAFETY: the child has nothing else to do.
            unsafe { libc::_exit(i32::from(!is_kept)) }
        });
        assert_eq!(jit.code_memory().reclaimed, 0);
        leave.send(()).expect("the thread waits");
        assert_eq!(status, 0, "as waitpid tells it");
    });
}

/// Has additions add one more, so that the result tells which version ran.
fn add_one_more<'ctx>(
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
) -> Result<(), TransformError> {
    let one_more = module.get_context().i64_type().const_int(2, false);
    for block in function.get_basic_block_iter() {
        for instruction in block.get_instructions() {
            if instruction.get_opcode() == InstructionOpcode::Add {
                instruction.set_operand(1, one_more);
            }
        }
    }
    Ok(())
}

/// What a child of a process in the middle of a trial does. Does not return.
fn go_on_without_trial(jit: &TieredJit) -> ! {
    // SAFETY: the process ends if it waits for ever, for longer than anything that works takes.
    unsafe { libc::alarm(120) };
    let ran_before = unary(jit, "next", 1) == 2;
    let is_free = jit
        .reoptimize("next")
        .and_then(|request| request.wait())
        .is_ok();
    let is_right = ran_before && is_free && unary(jit, "next", 1) == 2;
    // SAFETY: the child has nothing else to do.
    unsafe { libc::_exit(i32::from(!is_right)) }
}

#[test]
fn a_child_runs_what_ran_before_a_trial() {
    if !is_alone("fork::a_child_runs_what_ran_before_a_trial") {
        return;
    }
    let jit = quiet("define i64 @next(i64 %x) {\n  %y = add i64 %x, 1\n  ret i64 %y\n}\n");
    assert_eq!(unary(&jit, "next", 1), 2);
    let events = jit.subscribe(NonZeroUsize::new(1_000).expect("not zero"));
    let threads = CanaryThreads::new();
    let canary = Canary::threads(&threads)
        .samples(1 << 40)
        .deadline(Duration::MAX);
    let request = jit.reoptimize("next").expect("it exists");
    let ticket = request.transform(add_one_more).canary(canary);
    wait_for(&events, "next", |kind| {
        matches!(kind, EventKind::CanaryStarted { .. })
    });
    let _here = threads.here().expect("there is room");
    for _ in 0..CHILDREN {
        assert_eq!(unary(&jit, "next", 1), 3, "its parent goes on trying");
        assert_eq!(fork(|| go_on_without_trial(&jit)), 0, "as waitpid tells it");
    }
    ticket.cancel();
    assert!(ticket.wait().is_ok());
    assert_eq!(unary(&jit, "next", 1), 2);
}

#[test]
fn a_child_of_a_process_that_watches_a_trial_goes_on() {
    if !is_alone("fork::a_child_of_a_process_that_watches_a_trial_goes_on") {
        return;
    }
    let jit = quiet("define i64 @twice(i64 %x) {\n  %y = mul i64 %x, 2\n  ret i64 %y\n}\n");
    assert_eq!(unary(&jit, "twice", 2), 4);
    let nobody = tiered_jit::CanaryThreads::new();
    let forever = tiered_jit::Canary::threads(&nobody).deadline(std::time::Duration::MAX);
    let ticket = jit.reoptimize("twice").expect("it exists").canary(forever);
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    assert!(ticket.poll().is_none());
                    drop(nobody.here().expect("there is room"));
                }
            });
        }
        let mut statuses = (0..CHILDREN).map(|_| {
            fork(|| {
                // SAFETY: as in the others.
                unsafe { libc::alarm(20) };
                ticket.cancel();
                drop(nobody.here().expect("there is room"));
                let is_over = matches!(ticket.poll(), Some(Err(tiered_jit::Error::ShutDown(_))));
                let is_right = is_over && unary(&jit, "twice", 3) == 6;
                // SAFETY: the child has nothing else to do.
                unsafe { libc::_exit(i32::from(!is_right)) }
            })
        });
        let failed = statuses.find(|&status| status != 0);
        ends.store(true, Ordering::Relaxed);
        assert_eq!(failed, None, "as waitpid tells it");
    });
    ticket.cancel();
}
