//! The JIT as an embedder uses it.

mod lifecycle;
mod linking;
mod promotion;
mod requests;
mod support;
mod threads;
