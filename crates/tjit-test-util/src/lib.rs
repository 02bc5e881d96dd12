//! Shared helpers of the tests of tiered-jit.
