//! A map whose hasher takes random keys from a thread-local of the standard library.

use std::collections::HashMap;

fn main() {
    let squares: HashMap<i32, i32> = (0..1000).map(|i| (i, i * i)).collect();
    println!("{}", squares[&30]);
    std::process::exit(36);
}
