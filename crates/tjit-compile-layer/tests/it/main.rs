//! Integration tests of the compile layer: modules go in, code is looked up and run in this process.

mod bad_input;
mod exceptions;
mod layer;
mod numbers;
mod object_files;
mod split;
mod support;
mod threads;
