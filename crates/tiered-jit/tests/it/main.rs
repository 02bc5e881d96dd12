//! The JIT as an embedder uses it.

mod facts;
mod ifuncs;
mod landing;
mod lifecycle;
mod linking;
mod promotion;
mod requests;
mod support;
mod threads;
mod unload;
