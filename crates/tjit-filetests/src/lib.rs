//! File-driven tests of the IR rewrites of tiered-jit.
