//! Threads that talk by channels and conditions, a panic that poisons, scoped threads, and the end of the process from a nested
//! call in another thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::thread;

struct Loud(&'static str);

impl Drop for Loud {
    fn drop(&mut self) {
        println!("dropped {}", self.0);
    }
}

fn collatz(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

fn deep(depth: u32) -> u32 {
    if depth == 0 {
        std::process::exit(77);
    }
    let _never = Loud("never");
    deep(depth - 1) + 1
}

fn pipeline() -> u64 {
    let (numbers, received) = channel::<u64>();
    let (results, collected) = sync_channel(4);
    let received = Arc::new(Mutex::new(received));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (received, results) = (received.clone(), results.clone());
            thread::spawn(move || {
                loop {
                    let Ok(number) = received.lock().unwrap().recv() else { break };
                    results.send(collatz(number)).unwrap();
                }
            })
        })
        .collect();
    drop(results);
    let source = thread::spawn(move || (1..2000).for_each(|n| numbers.send(n).unwrap()));
    let sum = collected.iter().sum();
    source.join().unwrap();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    sum
}

fn turns() -> Vec<u64> {
    let state = (Mutex::new(0_u64), Condvar::new());
    let log = RwLock::new(Vec::new());
    thread::scope(|scope| {
        for me in 0..3 {
            let (state, log) = (&state, &log);
            scope.spawn(move || {
                for _ in 0..100 {
                    let turn = state.0.lock().unwrap();
                    let mut turn = state.1.wait_while(turn, |turn| *turn % 3 != me).unwrap();
                    log.write().unwrap().push(*turn * 7 % 13);
                    *turn += 1;
                    state.1.notify_all();
                }
            });
        }
    });
    log.into_inner().unwrap()
}

fn poisoned() -> (bool, u64) {
    let value = Arc::new(Mutex::new(5_u64));
    let other = value.clone();
    let panicked = thread::spawn(move || {
        let mut value = other.lock().unwrap();
        *value = 6;
        assert_eq!(*value, 5, "on purpose");
    });
    let failed = panicked.join().is_err();
    (failed && value.is_poisoned(), value.lock().unwrap_or_else(|poison| poison.into_inner()).to_owned())
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    println!("{}", pipeline());
    println!("{:?}", turns().iter().fold((0, 0), |(n, sum), turn| (n + 1, sum * 3 % 1009 + turn)));
    println!("{:?}", poisoned());
    let spins = AtomicU64::new(0);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                spins.fetch_add(1, Ordering::Relaxed);
                thread::yield_now();
            }
        });
        let sum: u64 = (1..3000).map(collatz).sum();
        println!("{sum}");
        done.store(true, Ordering::Release);
    });
    let _never = Loud("never in main");
    {
        let _once = Loud("in a block");
    }
    let _ = thread::spawn(|| deep(1500)).join();
}
