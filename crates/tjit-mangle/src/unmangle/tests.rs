//! Tests of `unmangle`.
