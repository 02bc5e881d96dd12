//! Developer commands of tiered-jit.

fn main() {}
