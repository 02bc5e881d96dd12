//! The command as its users have it: what it prints, what it refuses, and how it ends.

mod bad_input;
mod ending;
mod flags;
mod libraries;
mod reports;
mod sources;
mod support;
