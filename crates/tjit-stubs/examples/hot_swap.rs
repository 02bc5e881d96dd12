//! Replaces a function while four threads call it.

#![expect(clippy::print_stdout, reason = "an example shows what happened")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tjit_stubs::{CodePtr, Config, StubId, StubManager, Target};

type Area = extern "C" fn(f64) -> f64;

const THREADS: usize = 4;
const CALLS_PER_THREAD: usize = 1_000_000;

extern "C" fn area_baseline(radius: f64) -> f64 {
    radius * radius * 3.0
}

extern "C" fn area_optimized(radius: f64) -> f64 {
    radius * radius * std::f64::consts::PI
}

fn code(function: Area) -> CodePtr {
    CodePtr::from_ptr(function as *const ()).expect("a function is not at null")
}

fn main() -> Result<(), tjit_stubs::Error> {
    // A real resolver compiles here; it runs on the thread that made the first call.
    let compile = |id: StubId| {
        println!("first call of {id}");
        code(area_baseline)
    };
    let stubs = StubManager::new(Config::default(), Box::new(compile))?;
    let stub = stubs.create("area", Target::Lazy)?;
    // SAFETY: the resolver and the update below only ever put functions of this type behind the stub.
    let area: Area = unsafe { std::mem::transmute(stub.address.as_ptr()) };
    println!("area is {} before it has any code", stub.address);
    println!("area(1) = {}", area(1.0));

    let switched = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let calls = (0..CALLS_PER_THREAD).filter(|_| area(1.0) > 3.0).count();
                switched.fetch_add(calls, Ordering::Relaxed);
            });
        }
        // Call along for a while, so that the others are busy when the stub changes.
        let sum: f64 = (0..CALLS_PER_THREAD / 2).map(|_| area(1.0)).sum();
        println!("the calls of the main thread add up to {sum}");
        stubs.update_pointer("area", code(area_optimized))
    })?;
    println!(
        "{} of {} calls saw the new version",
        switched.load(Ordering::Relaxed),
        THREADS * CALLS_PER_THREAD
    );
    println!("area(1) = {} at {}", area(1.0), stub.address);
    Ok(())
}
