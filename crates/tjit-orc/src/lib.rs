//! Owned, safe handles over LLVM 22 ORC.
