//! Program linking for a re-optimising JIT: one copy of the data, slices of the code.
