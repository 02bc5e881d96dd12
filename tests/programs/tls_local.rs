//! `thread_local!` of the program's own and of the standard library: cells, lazy initialisers, destructors, hash maps with
//! random keys, panics in threads.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

static DROPS: AtomicUsize = AtomicUsize::new(0);
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Dropped(usize);

impl Drop for Dropped {
    fn drop(&mut self) {
        DROPS.fetch_add(self.0, Ordering::SeqCst);
        // Without a destructor, so it is still there.
        let count = COUNT.with(Cell::get);
        // With one: it may be gone.
        let names = NAMES.try_with(|names| names.borrow().len()).is_ok();
        LINES.lock().unwrap().push(format!("{} {count} {names}", self.0));
    }
}

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(10) };
    static LAZY: Cell<usize> = Cell::new(compute());
    static NAMES: RefCell<Vec<String>> = RefCell::new(Vec::new());
    static DROPPED: RefCell<Option<Dropped>> = const { RefCell::new(None) };
}

fn compute() -> usize {
    COUNT.with(|count| count.get() * 2)
}

fn work(number: usize) -> (usize, usize, usize) {
    for i in 0..1000 * number {
        COUNT.with(|count| count.set(count.get() + 1));
        if i % 100 == 0 {
            NAMES.with_borrow_mut(|names| names.push(format!("name {i}")));
        }
    }
    DROPPED.set(Some(Dropped(number)));
    (COUNT.get(), LAZY.get(), NAMES.with_borrow(Vec::len))
}

fn main() {
    for number in 1..=4 {
        let result = thread::spawn(move || work(number)).join();
        println!("{result:?} {}", DROPS.load(Ordering::SeqCst));
    }
    let threads: Vec<_> = (0..8).map(|number| thread::spawn(move || work(number))).collect();
    for thread in threads {
        println!("{:?}", thread.join());
    }
    println!("{:?} {}", work(2), DROPS.load(Ordering::SeqCst));

    let panicked = thread::Builder::new().name("panics".to_owned()).spawn(|| {
        work(5);
        if COUNT.get() > 0 {
            panic!("on purpose");
        }
    });
    let error = panicked.unwrap().join().unwrap_err();
    println!("{:?} {}", error.downcast_ref::<&str>(), DROPS.load(Ordering::SeqCst));
    let caught = std::panic::catch_unwind(|| NAMES.with_borrow(|names| names[1_000_000].clone()));
    println!("{} {}", caught.is_err(), thread::panicking());

    let mut words: HashMap<String, usize> = HashMap::new();
    for i in 0..1000 {
        *words.entry(format!("word {}", i % 37)).or_default() += i;
    }
    let mut sorted: Vec<_> = words.into_iter().collect();
    sorted.sort();
    println!("{:?}", &sorted[..3]);
    let distinct: HashSet<_> = (0..100).map(|i| i * i % 17).collect();
    println!("{}", distinct.len());
    println!("{:?}", thread::current().name());
    let scoped: usize = thread::scope(|scope| (0..4).map(|n| scope.spawn(move || work(n).0)).map(|t| t.join().unwrap()).sum());
    println!("{scoped}");
    let mut lines = LINES.lock().unwrap();
    lines.sort();
    println!("{lines:?}");
    drop(lines);
    std::process::exit(45);
}
