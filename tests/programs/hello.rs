//! The least a Rust program does: formatting, a vector, an exit code.

use std::process::ExitCode;

fn collatz(mut n: u64) -> u32 {
    let mut steps = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

fn main() -> ExitCode {
    let steps: Vec<u32> = (1..3000).map(collatz).collect();
    println!(
        "{} {:?}",
        steps.iter().sum::<u32>(),
        steps.iter().enumerate().max_by_key(|(_, n)| **n)
    );
    ExitCode::from(28)
}
