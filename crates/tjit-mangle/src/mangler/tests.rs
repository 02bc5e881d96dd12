//! Tests of `mangler`.
