//! Names of what the JIT adds to a program.
//!
//! They have a dot before `tjit`, so that no identifier of C, C++ or Rust can be one of them.

use alloc::{format, string::String};

#[cfg(test)]
mod tests;

/// What the name of an entry counter ends in.
const CALLS_SUFFIX: &str = ".tjit.calls";

/// The name of the variable that counts the calls of the function `symbol`: `foo.tjit.calls`.
///
/// `symbol` is the function's name in the program, not that of one of its bodies: versions share the counter.
#[must_use]
pub fn counter_name(symbol: &str) -> String {
    format!("{symbol}{CALLS_SUFFIX}")
}

/// Undoes [`counter_name`]; `None` if `name` is not that of an entry counter.
#[must_use]
pub fn counted_symbol(name: &str) -> Option<&str> {
    name.strip_suffix(CALLS_SUFFIX)
        .filter(|symbol| !symbol.is_empty())
}
