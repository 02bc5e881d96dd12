//! Many threads and many versions at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::support::{TALLY, load, load_cpp, nullary, quiet, unary, with_threshold};

#[test]
fn calls_go_on_while_versions_change() {
    let jit = quiet(TALLY);
    let stop = AtomicBool::new(false);
    let calls = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(unary(&jit, "twice", 21), 42);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..30 {
            jit.reoptimize("twice")
                .expect("it exists")
                .wait()
                .expect("it compiles");
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(calls.load(Ordering::Relaxed) > 0);
    assert_eq!(jit.stats().failures(), 0);
}

#[test]
fn first_calls_race() {
    let mut ir = String::new();
    for index in 0..64 {
        ir.push_str(&format!(
            "define i64 @f{index}(i64 %x) {{\n  %y = add i64 %x, {index}\n  ret i64 %y\n}}\n"
        ));
    }
    let jit = load(with_threshold(1), &ir);
    thread::scope(|scope| {
        for thread in 0..8 {
            let jit = &jit;
            scope.spawn(move || {
                for step in 0..64 {
                    let index = (step * 7 + thread * 13) % 64;
                    assert_eq!(unary(jit, &format!("f{index}"), 100), 100 + index);
                }
            });
        }
    });
}

#[test]
fn guarded_statics_are_initialised_once_by_eight_threads() {
    let jit = load_cpp(
        with_threshold(3),
        "#include <atomic>\nstatic std::atomic<long> runs;\nstatic long init() { return ++runs; }\n\
         extern \"C\" long get() { static long value = init(); return value; }\nextern \"C\" long runs_now() { return runs; }\n",
    );
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    assert_eq!(nullary(&jit, "get"), 1);
                }
            });
        }
    });
    assert_eq!(nullary(&jit, "runs_now"), 1);
}
