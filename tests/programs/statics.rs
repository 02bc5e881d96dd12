//! Statics of Rust: of functions, generic ones, lazily made ones, from many threads; their addresses and counts stay.

use std::collections::HashMap;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, LazyLock, Mutex, Once, OnceLock};
use std::thread;

static MADE: AtomicUsize = AtomicUsize::new(0);
static TABLE: LazyLock<HashMap<usize, String>> = LazyLock::new(|| {
    MADE.fetch_add(1, Ordering::SeqCst);
    thread::yield_now();
    (0..100).map(|n| (n, format!("entry {n}"))).collect()
});
static FIRST: OnceLock<usize> = OnceLock::new();
static LOG: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static RETRIED: Once = Once::new();
static mut PLAIN: [usize; 4] = [1, 2, 3, 4];
static NAMES: [&str; 3] = ["zero", "one", "two"];
static FUNCTIONS: [fn(usize) -> usize; 2] = [next, twice];

fn next(n: usize) -> usize {
    static CALLS: AtomicUsize = AtomicUsize::new(100);
    CALLS.fetch_add(1, Ordering::Relaxed) + n
}

fn twice(n: usize) -> usize {
    n * 2
}

/// One static for all instances, as the language has it.
fn generic<T>() -> usize {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(size_of::<T>(), Ordering::Relaxed)
}

trait Counted: 'static {
    fn counter() -> &'static AtomicUsize;
}
struct A;
struct B;
impl Counted for A {
    fn counter() -> &'static AtomicUsize {
        static COUNTER: AtomicUsize = AtomicUsize::new(10);
        &COUNTER
    }
}
impl Counted for B {
    fn counter() -> &'static AtomicUsize {
        static COUNTER: AtomicUsize = AtomicUsize::new(20);
        &COUNTER
    }
}

fn literal(n: usize) -> &'static str {
    if n % 2 == 0 { "even literal" } else { NAMES[n % 3] }
}

#[inline(never)]
fn step(n: usize) -> usize {
    // SAFETY: only the main thread calls this.
    unsafe {
        PLAIN[n % 4] += n;
        PLAIN[(n + 1) % 4] + A::counter().fetch_add(1, Ordering::Relaxed) + B::counter().fetch_add(2, Ordering::Relaxed)
    }
}

fn main() {
    let barrier = Arc::new(Barrier::new(8));
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let barrier = barrier.clone();
            thread::spawn(move || {
                barrier.wait();
                let first = *FIRST.get_or_init(|| MADE.fetch_add(10, Ordering::SeqCst) * 0 + 7);
                for n in 0..200 {
                    assert_eq!(TABLE[&(n % 100)], format!("entry {}", n % 100));
                }
                LOG.lock().unwrap().push(number);
                (first, &raw const *TABLE as usize)
            })
        })
        .collect();
    let seen: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(seen.iter().all(|each| *each == (7, &raw const *TABLE as usize)));
    assert_eq!(MADE.load(Ordering::SeqCst), 11);

    panic::set_hook(Box::new(|_| {}));
    let failed = panic::catch_unwind(|| RETRIED.call_once(|| panic!("first try")));
    let poisoned = panic::catch_unwind(|| RETRIED.call_once(|| ()));
    RETRIED.call_once_force(|state| assert!(state.is_poisoned()));
    println!("{} {} {}", failed.is_err(), poisoned.is_err(), RETRIED.is_completed());

    let addresses = (literal(0).as_ptr(), literal(1).as_ptr(), A::counter() as *const _, FUNCTIONS[0] as usize);
    let mut sum = 0;
    for n in 0..5000 {
        sum += step(n) % 1000 + FUNCTIONS[n % 2](n) + generic::<u64>() % 7 + generic::<u8>() % 5;
        assert_eq!(addresses, (literal(0).as_ptr(), literal(1).as_ptr(), A::counter() as *const _, next as fn(usize) -> usize as usize));
    }
    let mut log = LOG.lock().unwrap();
    log.sort_unstable();
    println!("{sum} {} {} {:?}", A::counter().load(Ordering::Relaxed), B::counter().load(Ordering::Relaxed), log);
    std::process::exit(75);
}
