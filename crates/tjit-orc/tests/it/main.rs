//! Integration tests of the ORC handles. What is called "fact" in a comment is not promised by LLVM but relied on.

mod aliases;
mod clones;
mod diagnostics;
mod globals;
mod inkwell_interop;
mod lookups;
mod parse;
mod passes;
mod reach;
mod retained;
mod session;
mod slice;
mod support;
mod targets;
mod units;
