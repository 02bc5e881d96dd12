//! The `tjit` command.

fn main() {}
