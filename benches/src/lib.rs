//! Benchmarks of tiered-jit.
