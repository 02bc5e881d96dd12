//! A function that runs before main, as the `ctor` crate registers it, and elements of a list that the linker puts together, as
//! `linkme` does it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static RUNS: AtomicUsize = AtomicUsize::new(0);

#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = {
    extern "C" fn before_main() {
        RUNS.fetch_add(1, Ordering::SeqCst);
        LINES.lock().unwrap().push("before main".to_owned());
    }
    before_main
};

#[used]
#[unsafe(link_section = ".init_array.00101")]
static EARLIER: extern "C" fn() = {
    extern "C" fn earlier() {
        LINES.lock().unwrap().push("earlier".to_owned());
    }
    earlier
};

#[used]
#[unsafe(link_section = ".fini_array")]
static AFTER_MAIN: extern "C" fn() = {
    extern "C" fn after_main() {
        println!("after main {}", RUNS.load(Ordering::SeqCst));
    }
    after_main
};

struct Shape {
    name: &'static str,
    area: fn(usize) -> usize,
}

mod square {
    #[used]
    #[unsafe(link_section = "shapes")]
    static SQUARE: super::Shape = super::Shape { name: "square", area: |x| x * x };
}

mod strip {
    #[used]
    #[unsafe(link_section = "shapes")]
    static STRIP: super::Shape = super::Shape { name: "strip", area: |x| 3 * x };
}

fn shapes() -> &'static [Shape] {
    unsafe extern "C" {
        #[link_name = "__start_shapes"]
        static START: [Shape; 0];
        #[link_name = "__stop_shapes"]
        static STOP: [Shape; 0];
    }
    let (start, stop) = (&raw const START as *const Shape, &raw const STOP as *const Shape);
    // SAFETY: the section holds shapes and nothing else.
    unsafe { std::slice::from_raw_parts(start, stop.offset_from(start) as usize) }
}

fn main() {
    let mut sum = 0;
    for x in 0..2000 {
        sum += shapes().iter().map(|shape| (shape.area)(x)).sum::<usize>();
        RUNS.fetch_add(1, Ordering::SeqCst);
    }
    for line in LINES.lock().unwrap().iter() {
        println!("{line}");
    }
    let mut names: Vec<_> = shapes().iter().map(|shape| shape.name).collect();
    // In which order the compiler has them is up to it.
    names.sort_unstable();
    println!("{sum} {names:?}");
    std::process::exit(84)
}
