//! What tiering costs a program that runs: pauses, calls while versions are exchanged, and what is kept for long.

mod crowd;
mod leaves;
mod pause;
mod reclaim;
mod swaps;

use std::fmt::Display;

use criterion::{criterion_group, criterion_main};

#[expect(
    clippy::print_stdout,
    reason = "criterion has no place for these figures; they stand beside its own"
)]
fn say(line: impl Display) {
    println!("{line}");
}

criterion_group!(
    benches,
    reclaim::calls,
    pause::pauses,
    swaps::swaps,
    crowd::crowd,
    reclaim::recompile_and_reclaim
);
criterion_main!(benches);
