//! A tiered, re-optimising JIT for LLVM IR.
