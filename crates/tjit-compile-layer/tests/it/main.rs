//! Integration tests of the compile layer.

mod layer;
mod support;
