//! Tests of widening.
