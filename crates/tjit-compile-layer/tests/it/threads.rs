//! Several threads at once, each with a target machine of its own.

use std::sync::Barrier;
use std::thread;

use tjit_compile_layer::{MachinePool, ModuleOptions};
use tjit_orc::{CodeGenLevel, TargetOptions};

use crate::support::{Jit, baseline, call, optimized, parse};

/// Failure, most likely a crash, may indicate that two threads shared a target machine or a context.
#[test]
fn two_threads_compile_eight_modules_each() {
    const THREADS: i32 = 2;
    const MODULES: i32 = 8;
    let jit = Jit::new();
    let start = Barrier::new(usize::try_from(THREADS).unwrap());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (jit, start) = (&jit, &start);
            scope.spawn(move || {
                start.wait();
                for module in 0..MODULES {
                    let symbol = format!("f{thread}x{module}");
                    let name = if module % 2 == 0 {
                        baseline(&symbol)
                    } else {
                        optimized(&symbol)
                    };
                    let ir = program(&name, thread * MODULES + module);
                    let tracker = jit.dylib.create_tracker();
                    jit.layer
                        .add(&tracker, parse(&ir), ModuleOptions::default())
                        .unwrap();
                    let address = jit.dylib.lookup(&name).unwrap();
                    let result = call!(address, fn(i32) -> i32, 10);
                    assert_eq!(result, 45 * (thread * MODULES + module), "{name}");
                }
            });
        }
    });
    assert_eq!(jit.reports().len(), 16);
}

fn program(name: &str, factor: i32) -> String {
    format!(
        "define i32 @\"{name}\"(i32 %n) {{
        entry:
          br label %loop
        loop:
          %i = phi i32 [ 0, %entry ], [ %next, %loop ]
          %sum = phi i32 [ 0, %entry ], [ %more, %loop ]
          %term = mul i32 %i, {factor}
          %more = add i32 %sum, %term
          %next = add i32 %i, 1
          %done = icmp eq i32 %next, %n
          br i1 %done, label %exit, label %loop
        exit:
          ret i32 %more
        }}"
    )
}

/// One symbol, wanted by several threads at once, is compiled once.
#[test]
fn threads_that_want_one_symbol_share_the_compile() {
    let jit = Jit::new();
    let name = optimized("f");
    jit.add(&program(&name, 2)).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let address = jit.dylib.lookup(&name).unwrap();
                assert_eq!(call!(address, fn(i32) -> i32, 10), 90);
            });
        }
    });
    assert_eq!(jit.reports().len(), 1);
}

#[test]
fn a_machine_has_one_user_at_a_time() {
    let pool = MachinePool::default();
    let options = TargetOptions {
        level: CodeGenLevel::None,
        host_cpu: false,
    };
    let first = pool.check_out(&options).unwrap();
    let second = pool.check_out(&options).unwrap();
    assert_eq!(pool.idle(), 0);
    drop((first, second));
    assert_eq!(pool.idle(), 2);
    let _reused = pool.check_out(&options).unwrap();
    assert_eq!(pool.idle(), 1);
    let other = TargetOptions {
        level: CodeGenLevel::Aggressive,
        ..options
    };
    drop(pool.check_out(&other).unwrap());
    assert_eq!(pool.idle(), 2);
}

/// What LLVM was doing when its thread panicked is unknown.
#[test]
fn a_machine_of_a_panicking_thread_is_not_used_again() {
    let pool = MachinePool::default();
    let options = TargetOptions {
        level: CodeGenLevel::None,
        host_cpu: false,
    };
    let panicked = thread::scope(|scope| {
        scope
            .spawn(|| {
                let _machine = pool.check_out(&options).unwrap();
                panic!("while the machine is checked out");
            })
            .join()
    });
    assert!(panicked.is_err());
    assert_eq!(pool.idle(), 0);
}
