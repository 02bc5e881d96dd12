//! Panics that unwind through hot functions and are caught, with the destructors they run on the way.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};

static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Guard(usize);

impl Drop for Guard {
    fn drop(&mut self) {
        DROPPED.fetch_add(self.0, Ordering::Relaxed);
    }
}

#[inline(never)]
fn third(i: usize) -> usize {
    let _guard = Guard(1);
    match i % 50 {
        0 => panic!("panic {i}"),
        1 => panic::panic_any(i),
        _ => i,
    }
}

#[inline(never)]
fn second(i: usize) -> usize {
    let _guard = Guard(i);
    third(i) + 1
}

fn main() {
    panic::set_hook(Box::new(|_| {}));
    let mut sum = 0;
    let mut texts = Vec::new();
    for i in 0..2000 {
        match panic::catch_unwind(AssertUnwindSafe(|| second(i))) {
            Ok(value) => sum += value,
            Err(payload) => match payload.downcast::<String>() {
                Ok(text) => texts.push(*text),
                Err(other) => sum += other.downcast_ref::<usize>().copied().unwrap_or_default(),
            },
        }
    }
    println!("{sum} {} {} {:?}", texts.len(), DROPPED.load(Ordering::Relaxed), texts.last());
    let array = [1, 2, 3];
    let index = texts.len();
    let _ = panic::take_hook();
    println!("out of bounds next");
    println!("{}", array[index]);
}
