//! Linker-level symbol names and the tier suffix of tiered-jit.
